// The family pack: brings weights and biases that lie on the device into the packed layout of
// kernels/linear.hpp. CUDA-free; pack.cu holds the kernels.
#pragma once

#include <cstdint>

#include "kernels/launch.hpp"
#include "kernels/linear.hpp"
#include "perceptron/dtype.hpp"

namespace perceptron::kernels::pack {

/// Strides count elements. Where all groups share one matrix, groups is 1.
struct WeightArguments {
  const void* weight = nullptr;  ///< outputs × inputs; aligned to its elements.
  void* packed = nullptr;        ///< inputs × packed_outputs(outputs) per group, of the same dtype.
  std::int64_t inputs = 0, outputs = 0, groups = 1;
  std::int64_t stride = 0, group_stride = 0;
};

struct BiasArguments {
  const void* bias = nullptr;  ///< outputs elements of dtype; null where there is no bias.
  void* packed = nullptr;      ///< packed_outputs(outputs) elements of the accumulator type per group.
  std::int64_t outputs = 0, groups = 1, group_stride = 0;
  DType dtype = DType::f32;  ///< Widens exactly to the accumulator type.
};

/// Transposes; the bits of the elements are kept.
Launch pack_weight(const WeightArguments& arguments, DType storage);

/// Widens; a missing bias, −0 and the padding become +0. `accumulator` is f64 or f32.
Launch pack_bias(const BiasArguments& arguments, DType accumulator);

/// Weights are transposed by tiles of kTile × kTile, with kTile × kThreadsDown threads.
inline constexpr int kTile = 32, kThreadsDown = 8;
inline constexpr int kBiasThreads = 256;

}  // namespace perceptron::kernels::pack
