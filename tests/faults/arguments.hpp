// The one argument struct of the kernels in faults.cu, whose launches fault_test.cpp describes.
#pragma once

#include <cstdint>

namespace perceptron::faults {

/// x: rows × columns with a stride; y: one value per row and part of the columns, or per thread.
struct Arguments {
  float* x = nullptr;
  float* y = nullptr;
  std::int32_t rows = 0, columns = 0, stride = 0;
  std::int32_t divisor = 0;  ///< 0: rows are not divided.
};

inline constexpr int kThreads = 64;          ///< Of a block; bulk_ring has a producing warp besides.
inline constexpr int kChunk = 4 * kThreads;  ///< Floats in a slot of a ring: 16 bytes per thread.

}  // namespace perceptron::faults
