// What each kernel entry needs of a multiprocessor, as ptxas reported it in this build.
#pragma once

#include <span>
#include <string_view>

namespace perceptron::kernels {

struct Resources {
  std::string_view entry;         ///< "tile_fma_128x128_f32"
  std::string_view architecture;  ///< "90a"
  int registers = 0;              ///< Per thread.
  int static_shared_bytes = 0;    ///< Per block; dynamic shared memory is in the Launch.
  int stack_bytes = 0, spill_bytes = 0;
};

/// Every entry for every architecture of this build; empty where it was built without CUDA.
std::span<const Resources> resources();

}  // namespace perceptron::kernels
