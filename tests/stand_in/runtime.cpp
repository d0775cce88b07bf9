#include "tests/stand_in/runtime.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace perceptron::stand_in {

thread_local int current_device = 0;
thread_local cudaError_t last_error = cudaSuccess;
thread_local cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeGlobal;

/// Never destroyed, since src/cuda's accelerators are not either.
Runtime& runtime() {
  static auto& state = *new Runtime;
  return state;
}

bool Runtime::is_capturing() const {
  return std::any_of(streams.begin(), streams.end(), [](const auto* stream) { return stream->is_capturing; });
}

cudaError_t Runtime::enter() {
  if (fatal != cudaSuccess) {
    ++calls_after_fatal;
    return fatal;
  }
  ++calls;
  if (failing_call == 0 || --failing_call != 0) return cudaSuccess;
  if (scripted >= cudaErrorIllegalAddress) fatal = scripted;
  return scripted;
}

bool is_stream(const Runtime& state, cudaStream_t stream) {
  return stream == nullptr || state.streams.contains(state_of(stream));
}

cudaError_t submit(Runtime& state, cudaStream_t stream, const Work& work) {
  if (!is_stream(state, stream)) return cudaErrorInvalidResourceHandle;
  if (stream != nullptr && state_of(stream)->is_capturing) {
    state_of(stream)->captured.push_back(work);
  } else {
    work();
  }
  return cudaSuccess;
}

cudaError_t awaited(Runtime& state) {
  if (state.fault != cudaSuccess) state.fatal = state.fault;
  return state.fatal;
}

void fail_call(std::int64_t n, cudaError_t error) {
  const std::lock_guard lock(runtime().mutex);
  runtime().failing_call = n;
  runtime().scripted = error;
}

void fail_allocation(std::int64_t n) {
  const std::lock_guard lock(runtime().mutex);
  runtime().failing_allocation = n;
}

bool is_failure_ahead() {
  const std::lock_guard lock(runtime().mutex);
  return runtime().failing_call != 0 || runtime().failing_allocation != 0;
}

std::int64_t calls() {
  const std::lock_guard lock(runtime().mutex);
  return runtime().calls;
}

std::int64_t calls_after_fatal() {
  const std::lock_guard lock(runtime().mutex);
  return runtime().calls_after_fatal;
}

std::size_t live() {
  const Runtime& state = runtime();
  const std::lock_guard lock(runtime().mutex);
  return state.blocks.size() + state.pinned.size() + state.registered.size() + state.streams.size() +
         state.events.size() + state.graphs.size();
}

std::size_t used_bytes(int device) {
  const std::lock_guard lock(runtime().mutex);
  std::size_t bytes = 0;
  for (const auto& [address, block] : runtime().blocks) bytes += block.device == device ? block.bytes : 0;
  return bytes;
}

std::vector<std::string> take_violations() {
  const std::lock_guard lock(runtime().mutex);
  return std::exchange(runtime().violations, {});
}

void revive() {
  Runtime& state = runtime();
  const std::lock_guard lock(state.mutex);
  for (const auto& [address, block] : state.blocks) state.memory.release(address);
  for (const auto& [address, bytes] : state.pinned) std::free(reinterpret_cast<void*>(address));
  for (const StreamState* stream : state.streams) delete stream;
  for (const EventState* event : state.events) delete event;
  for (const GraphState* graph : state.graphs) delete graph;
  state.blocks.clear(), state.pinned.clear(), state.registered.clear();
  state.streams.clear(), state.events.clear(), state.graphs.clear();
  state.calls = state.calls_after_fatal = state.failing_call = state.failing_allocation = 0;
  state.scripted = state.fatal = state.fault = last_error = cudaSuccess;
  current_device = 0;
}

}  // namespace perceptron::stand_in
