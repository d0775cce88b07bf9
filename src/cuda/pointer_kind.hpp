// Where a pointer points, by the driver's knowledge.
#pragma once

#include <driver_types.h>

#include <string>

namespace perceptron::cuda {

struct PointerKind {
  cudaMemoryType type = cudaMemoryTypeUnregistered;
  int device = 0;  ///< Of device and managed memory.

  /// Device memory of that device: allocated there, and neither managed nor on the host.
  bool is_memory_of(int number) const { return type == cudaMemoryTypeDevice && device == number; }
};

/// Of a pointer that may be anything. Leaves no error behind.
PointerKind pointer_kind(const void* pointer);

/// "pinned host memory", "memory of cuda:1".
std::string to_string(const PointerKind& kind);

}  // namespace perceptron::cuda
