// What the CUDA runtime hands out, owned.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <string_view>

#include "src/cuda/check.hpp"

namespace perceptron::bench::gpu {

using cuda::check;

template <auto kRelease>
struct Release {
  template <class T>
  void operator()(T* object) const {
    kRelease(object);
  }
};

using DeviceMemory = std::unique_ptr<void, Release<cudaFree>>;
using PinnedMemory = std::unique_ptr<void, Release<cudaFreeHost>>;
using OwnedStream = std::unique_ptr<CUstream_st, Release<cudaStreamDestroy>>;
using OwnedEvent = std::unique_ptr<CUevent_st, Release<cudaEventDestroy>>;
using OwnedGraph = std::unique_ptr<CUgraph_st, Release<cudaGraphDestroy>>;
using OwnedGraphExec = std::unique_ptr<CUgraphExec_st, Release<cudaGraphExecDestroy>>;

DeviceMemory allocate_device(std::size_t bytes, std::string_view name);
/// Mapped into the device's addresses, which under unified addressing are the host's.
PinnedMemory allocate_pinned(std::size_t bytes, std::string_view name);
/// Independent of the default stream.
OwnedStream make_stream();
OwnedEvent make_event();

}  // namespace perceptron::bench::gpu
