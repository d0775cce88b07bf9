// The kernels of one device, from the fat binaries in the library, loaded as they are asked for.
#pragma once

#include <driver_types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string_view>
#include <unordered_map>

#include "kernels/launch.hpp"

namespace perceptron::cuda {

/// Nothing is ever unloaded: a launch may be under way, or captured in somebody's graph. The device is the
/// current one where a function is called; any number of threads may call.
class LoadedKernels {
 public:
  /// `shared_bytes_per_block` is what the device grants one at most.
  LoadedKernels(int device_number, std::int64_t shared_bytes_per_block)
      : device_number_(device_number), shared_bytes_per_block_(shared_bytes_per_block) {}

  /// The entry, loaded and permitted its shared memory: launching it loads and allocates nothing. The first
  /// call for an entry does, so it must not fall into a stream's capture. Throws Unsupported where no image
  /// holds the entry or the device has too little shared memory.
  cudaKernel_t ready(const kernels::Launch& launch);

 private:
  struct Kernel {
    cudaKernel_t handle = nullptr;
    std::int64_t static_shared_bytes = 0;
    std::int64_t permitted_shared_bytes = 0;  ///< Dynamic.
  };

  cudaKernel_t find(const kernels::Launch& launch) const;
  cudaLibrary_t library(std::string_view family);
  Kernel load(const kernels::Launch& launch);
  void permit(Kernel& kernel, const kernels::Launch& launch) const;

  const int device_number_;
  const std::int64_t shared_bytes_per_block_;
  mutable std::shared_mutex mutex_;
  std::map<std::string_view, cudaLibrary_t> libraries_;   ///< By family.
  std::unordered_map<std::string_view, Kernel> kernels_;  ///< By entry, whose name has static storage.
};

}  // namespace perceptron::cuda
