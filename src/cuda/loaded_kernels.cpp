#include "src/cuda/loaded_kernels.hpp"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <string>

#include "kernels/images.hpp"
#include "perceptron/error.hpp"
#include "src/cuda/check.hpp"

namespace perceptron::cuda {

cudaKernel_t LoadedKernels::ready(const kernels::Launch& launch) {
  if (cudaKernel_t found = find(launch)) return found;
  const std::unique_lock lock(mutex_);
  const auto place = kernels_.find(launch.entry);
  Kernel kernel = place == kernels_.end() ? load(launch) : place->second;
  permit(kernel, launch);
  kernels_[launch.entry] = kernel;
  return kernel.handle;
}

/// Null where the entry is not loaded, or with less shared memory than the launch asks for.
cudaKernel_t LoadedKernels::find(const kernels::Launch& launch) const {
  const std::shared_lock lock(mutex_);
  const auto place = kernels_.find(launch.entry);
  const bool is_ready =
      place != kernels_.end() && launch.shared_bytes <= place->second.permitted_shared_bytes;
  return is_ready ? place->second.handle : nullptr;
}

cudaLibrary_t LoadedKernels::library(std::string_view family) {
  if (const auto place = libraries_.find(family); place != libraries_.end()) return place->second;
  const kernels::Image* image = kernels::find_image(family);
  if (image == nullptr) {
    throw Unsupported(fmt::format("kernels {}: this library was built without them", family));
  }
  cudaLibrary_t library = nullptr;
  check(cudaLibraryLoadData(&library, image->fatbin.data(), nullptr, nullptr, 0, nullptr, nullptr, 0),
        fmt::format("loading the kernels {}", family));
  libraries_[image->family] = library;
  return library;
}

LoadedKernels::Kernel LoadedKernels::load(const kernels::Launch& launch) {
  const std::string name(launch.entry);
  Kernel kernel;
  check(cudaLibraryGetKernel(&kernel.handle, library(launch.family), name.c_str()),
        fmt::format("finding the kernel {} of {}", name, launch.family));
  // Under lazy loading, the default since CUDA 12.2, the code comes to the device when its attributes are
  // asked for, at the latest.
  cudaFuncAttributes attributes{};
  check(cudaFuncGetAttributes(&attributes, kernel.handle), fmt::format("loading the kernel {}", name));
  kernel.static_shared_bytes = static_cast<std::int64_t>(attributes.sharedSizeBytes);
  kernel.permitted_shared_bytes = attributes.maxDynamicSharedSizeBytes;
  return kernel;
}

void LoadedKernels::permit(Kernel& kernel, const kernels::Launch& launch) const {
  const std::int64_t wanted = launch.shared_bytes;
  if (wanted <= kernel.permitted_shared_bytes) return;
  if (kernel.static_shared_bytes + wanted > shared_bytes_per_block_) {
    throw Unsupported(fmt::format(
        "kernel {} needs {} bytes of shared memory per block, cuda:{} grants {}; choose a smaller policy",
        launch.entry, kernel.static_shared_bytes + wanted, device_number_, shared_bytes_per_block_));
  }
  check(cudaKernelSetAttributeForDevice(kernel.handle, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                        static_cast<int>(wanted), device_number_),
        fmt::format("permitting {} bytes of shared memory to the kernel {}", wanted, launch.entry));
  kernel.permitted_shared_bytes = wanted;
}

}  // namespace perceptron::cuda
