#include "bench/gpu/cuda_objects.hpp"

#include <fmt/format.h>

namespace perceptron::bench::gpu {

DeviceMemory allocate_device(std::size_t bytes, std::string_view name) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, bytes), fmt::format("allocating {} bytes of device memory for {}", bytes, name));
  return DeviceMemory(memory);
}

PinnedMemory allocate_pinned(std::size_t bytes, std::string_view name) {
  void* memory = nullptr;
  check(cudaHostAlloc(&memory, bytes, cudaHostAllocMapped | cudaHostAllocPortable),
        fmt::format("allocating {} bytes of pinned memory for {}", bytes, name));
  return PinnedMemory(memory);
}

OwnedStream make_stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
  return OwnedStream(stream);
}

OwnedEvent make_event() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreate(&event), "making an event");
  return OwnedEvent(event);
}

}  // namespace perceptron::bench::gpu
