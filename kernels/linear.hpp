// What every kernel that computes y = f(x·Wᵀ + b) reads: the packed weights and the argument struct that
// tile_fma, row_dot and weight_stream share. Compiled by nvcc and by any C++20 compiler.
#pragma once

#include <cstdint>

#include "perceptron/activation.hpp"
#include "perceptron/dtype.hpp"

namespace perceptron::kernels {

/// Packed weights are transposed: element (group, k, n) lies at ((group·inputs + k)·packed_outputs + n), in
/// the storage dtype, with zeros for n ≥ outputs. So outputs are contiguous for every family, and each
/// 16-byte vector of them is aligned and either wholly inside or wholly outside. The packed bias holds
/// packed_outputs elements of the accumulator type per group: +0 where there is no bias, where it is −0, and
/// for n ≥ outputs.
inline constexpr std::int64_t kPackedOutputs = 16;

constexpr std::int64_t packed_outputs(std::int64_t outputs) {
  return (outputs + kPackedOutputs - 1) / kPackedOutputs * kPackedOutputs;
}

/// The contract's blocks. An int, since std::min of two std::int64_t would take the address of a constant
/// that only the host has.
inline constexpr int kSumBlock = int{perceptron::kSumBlock};

constexpr int accumulator_bytes(int storage_bytes) { return storage_bytes == 8 ? 8 : 4; }

/// Strides count elements. Offsets are 64-bit throughout.
struct LinearArguments {
  const void* x = nullptr;       ///< rows × inputs, of the entry's storage type.
  const void* weight = nullptr;  ///< Packed, of the entry's storage type.
  const void* bias = nullptr;    ///< Packed, of the accumulator type.
  void* y = nullptr;             ///< rows × outputs, of output_dtype.
  std::int64_t rows = 0, inputs = 0, outputs = 0, groups = 0;
  std::int64_t x_stride = 0, x_group_stride = 0;  ///< Group stride 0: all groups read one x.
  std::int64_t weight_group_stride = 0;           ///< 0 or inputs · packed_outputs.
  std::int64_t bias_group_stride = 0;             ///< 0 or packed_outputs.
  std::int64_t y_stride = 0, y_group_stride = 0;
  double parameter = 0;       ///< Of the activation, already rounded to the accumulator type.
  ActivationKind activation;  ///< Never softmax: identity, and row_softmax afterwards.
  DType output_dtype;
  std::int32_t x_vector_bytes = 0;  ///< Widest of 16, 8, 4, 2 that divides the address of every row of x.
};

}  // namespace perceptron::kernels
