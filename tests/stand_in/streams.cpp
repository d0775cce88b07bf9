// Streams, events, captures and graphs. Work is done where it is submitted, so a stream is never behind.
#include <set>
#include <utility>

#include "tests/stand_in/runtime.hpp"

namespace perceptron::stand_in {
namespace {

EventState* event_state(cudaEvent_t event) { return reinterpret_cast<EventState*>(event); }

template <class State>
cudaError_t forget(std::set<State*>& all, State* one) {
  if (all.erase(one) == 0) return cudaErrorInvalidResourceHandle;
  delete one;
  return cudaSuccess;
}

/// What is known of both handles.
cudaError_t checked(const Runtime& state, cudaStream_t stream, cudaEvent_t event) {
  const bool are_known = is_stream(state, stream) && state.events.contains(event_state(event));
  return are_known ? cudaSuccess : cudaErrorInvalidResourceHandle;
}

bool is_capturing(cudaStream_t stream) { return stream != nullptr && state_of(stream)->is_capturing; }

int device_of(cudaStream_t stream) { return stream == nullptr ? current_device : state_of(stream)->device; }

}  // namespace
}  // namespace perceptron::stand_in

using namespace perceptron::stand_in;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  return call([&](Runtime& state) {
    auto* made = new StreamState;
    made->device = current_device;
    state.streams.insert(made);
    *stream = reinterpret_cast<cudaStream_t>(made);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return call([&](Runtime& state) { return forget(state.streams, state_of(stream)); });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call_outside_captures([&](Runtime& state) {
    return is_stream(state, stream) ? awaited(state) : cudaErrorInvalidResourceHandle;
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  return call([&](Runtime& state) {
    auto* made = new EventState{current_device, {}};
    state.events.insert(made);
    *event = reinterpret_cast<cudaEvent_t>(made);
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return call([&](Runtime& state) { return forget(state.events, event_state(event)); });
}

/// The event and the stream must be of one device.
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call([&](Runtime& state) {
    const cudaError_t result = checked(state, stream, event);
    if (result != cudaSuccess) return result;
    if (event_state(event)->device != device_of(stream)) return cudaErrorInvalidResourceHandle;
    event_state(event)->is_captured = is_capturing(stream);
    event_state(event)->when = std::chrono::steady_clock::now();
    return cudaSuccess;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  return call([&](Runtime& state) {
    const cudaError_t result = checked(state, stream, event);
    if (result != cudaSuccess || event_state(event)->is_captured == is_capturing(stream)) return result;
    return cudaErrorStreamCaptureIsolation;
  });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  return call([&](Runtime& state) {
    if (!is_stream(state, stream)) return cudaErrorInvalidResourceHandle;
    *status = is_capturing(stream) ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
    return cudaSuccess;
  });
}

/// A setting of the thread: it reaches no device, and so never fails.
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(capture_mode, *mode);
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call_outside_captures([&](Runtime& state) {
    if (!state.events.contains(event_state(event))) return cudaErrorInvalidResourceHandle;
    return event_state(event)->is_captured ? cudaErrorCapturedEvent : awaited(state);
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t stop) {
  return call([&](Runtime& state) {
    if (!state.events.contains(event_state(start)) || !state.events.contains(event_state(stop))) {
      return cudaErrorInvalidResourceHandle;
    }
    const auto between = event_state(stop)->when - event_state(start)->when;
    *milliseconds = std::chrono::duration<float, std::milli>(between).count();
    return cudaSuccess;
  });
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  return call([&](Runtime& state) {
    if (stream == nullptr || !is_stream(state, stream)) return cudaErrorInvalidResourceHandle;
    state_of(stream)->is_capturing = true;
    return cudaSuccess;
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  return call([&](Runtime& state) {
    if (stream == nullptr || !is_stream(state, stream)) return cudaErrorInvalidResourceHandle;
    auto* made = new GraphState{std::move(state_of(stream)->captured)};
    state_of(stream)->captured.clear();
    state_of(stream)->is_capturing = false;
    state.graphs.insert(made);
    *graph = reinterpret_cast<cudaGraph_t>(made);
    return cudaSuccess;
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* replay, cudaGraph_t graph, unsigned long long) {
  return call([&](Runtime& state) {
    auto* made = new GraphState(*reinterpret_cast<GraphState*>(graph));
    state.graphs.insert(made);
    *replay = reinterpret_cast<cudaGraphExec_t>(made);
    return cudaSuccess;
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t replay, cudaStream_t stream) {
  return call([&](Runtime& state) {
    if (!is_stream(state, stream)) return cudaErrorInvalidResourceHandle;
    for (const Work& work : reinterpret_cast<GraphState*>(replay)->work) work();
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t replay) {
  return call([&](Runtime& state) { return forget(state.graphs, reinterpret_cast<GraphState*>(replay)); });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return call([&](Runtime& state) { return forget(state.graphs, reinterpret_cast<GraphState*>(graph)); });
}
