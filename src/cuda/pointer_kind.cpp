#include "src/cuda/pointer_kind.hpp"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include "src/cuda/check.hpp"

namespace perceptron::cuda {

PointerKind pointer_kind(const void* pointer) {
  cudaPointerAttributes attributes{};
  const cudaError_t result = cudaPointerGetAttributes(&attributes, pointer);
  if (result == cudaErrorInvalidValue) {  // Nothing that any context knows of.
    cudaGetLastError();
    return {};
  }
  check(result, "asking where a pointer points");
  return {attributes.type, attributes.device};
}

std::string to_string(const PointerKind& kind) {
  switch (kind.type) {
    case cudaMemoryTypeHost: return "pinned host memory";
    case cudaMemoryTypeDevice: return fmt::format("memory of cuda:{}", kind.device);
    case cudaMemoryTypeManaged: return "managed memory";
    default: return "host memory, or memory that was released,";
  }
}

}  // namespace perceptron::cuda
