// The family row_softmax as launching sees it: y = softmax(z), row by row, after a kernel that computed z =
// x·Wᵀ + b. row_softmax.cuh holds the kernel. CUDA-free.
#pragma once

#include <cstdint>

#include "kernels/launch.hpp"
#include "perceptron/dtype.hpp"

namespace perceptron::kernels::row_softmax {

/// Strides count elements.
struct SoftmaxArguments {
  const void* z = nullptr;  ///< rows × outputs, of the accumulator type.
  void* y = nullptr;        ///< rows × outputs, of output_dtype; may be z where dtype and strides agree.
  std::int64_t rows = 0, outputs = 0, groups = 1;
  std::int64_t z_stride = 0, z_group_stride = 0;
  std::int64_t y_stride = 0, y_group_stride = 0;
  DType output_dtype = DType::f32;
};

/// A block computes eight rows at a time, one per warp.
inline constexpr int kWarps = 8;

/// accumulator: f64 or f32, the dtype of z.
Launch launch(const SoftmaxArguments& arguments, DType accumulator);

}  // namespace perceptron::kernels::row_softmax
