// The state behind the cuda* functions, and how each of them begins and ends. One lock for everything: a call
// is done before the next one starts.
#pragma once

#include <cuda_runtime_api.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "src/ptx/memory.hpp"
#include "tests/stand_in/stand_in.hpp"

namespace perceptron::stand_in {

/// Memory of each device.
constexpr std::size_t kMemoryBytes = std::size_t{80} << 30;

/// Device memory by what gave it.
enum class Source { plain, pool, managed };

struct Block {
  std::size_t bytes = 0;
  int device = 0;
  Source source = Source::plain;
};

using Work = std::function<void()>;

/// What a cudaStream_t points to; the default stream has none.
struct StreamState {
  int device = 0;
  bool is_capturing = false;
  std::vector<Work> captured;
};

struct EventState {
  int device = 0;
  std::chrono::steady_clock::time_point when;  ///< It was recorded, and so happened.
  bool is_captured = false;  ///< Last recorded in a capture: no call outside may wait for it.
};

/// What cudaGraph_t and cudaGraphExec_t point to.
struct GraphState {
  std::vector<Work> work;
};

struct Runtime {
  std::mutex mutex;
  ptx::Memory memory;
  std::map<std::uintptr_t, Block> blocks;
  std::map<std::uintptr_t, std::size_t> pinned, registered;
  std::set<StreamState*> streams;
  std::set<EventState*> events;
  std::set<GraphState*> graphs;
  std::int64_t calls = 0, calls_after_fatal = 0;
  std::int64_t failing_call = 0, failing_allocation = 0;  ///< Counted down; 0: none.
  cudaError_t scripted = cudaSuccess;
  cudaError_t fatal = cudaSuccess;
  cudaError_t fault = cudaSuccess;  ///< Of work on a stream, told by the next call that waits.
  std::vector<std::string> violations;

  bool is_capturing() const;
  /// The error of a call that is about to begin.
  cudaError_t enter();
};

Runtime& runtime();

/// Of the calling thread.
extern thread_local int current_device;
extern thread_local cudaError_t last_error;
extern thread_local cudaStreamCaptureMode capture_mode;

/// One call: under the lock, counted, failing where a test asked for it; `work` returns its own error.
template <class Body>
cudaError_t call(const Body& body) {
  Runtime& state = runtime();
  const std::lock_guard lock(state.mutex);
  cudaError_t result = state.enter();
  if (result == cudaSuccess) result = body(state);
  if (result != cudaSuccess) last_error = result;
  return result;
}

/// A call that a capture does not survive, whosesoever: it allocates, loads or waits. A thread in the relaxed
/// mode has said that it belongs to none.
template <class Body>
cudaError_t call_outside_captures(const Body& body) {
  return call([&](Runtime& state) {
    const bool is_refused = capture_mode != cudaStreamCaptureModeRelaxed && state.is_capturing();
    return is_refused ? cudaErrorStreamCaptureUnsupported : body(state);
  });
}

/// Work of a stream: done at once, or captured.
cudaError_t submit(Runtime& state, cudaStream_t stream, const Work& work);
/// True for the default stream and for those that live.
bool is_stream(const Runtime& state, cudaStream_t stream);
/// What a call that waits returns.
cudaError_t awaited(Runtime& state);

inline StreamState* state_of(cudaStream_t stream) { return reinterpret_cast<StreamState*>(stream); }

}  // namespace perceptron::stand_in
