// Between storage and accumulator on the device: widening is exact, narrowing rounds once. The instructions
// are in kernels/ptx/convert.cuh.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "kernels/ptx/convert.cuh"
#include "perceptron/dtype.hpp"

namespace perceptron::kernels {

/// The type in which sums of this storage type are kept: double for double, float for all others.
template <Element S>
using AccumulatorOf = std::conditional_t<std::is_same_v<S, double>, double, float>;

/// Exact: every storage value is a value of its accumulator type.
template <Element S>
__device__ AccumulatorOf<S> widened(S value) {
  if constexpr (std::is_same_v<S, Float16>) {
    return ptx::to_f32(value);
  } else if constexpr (std::is_same_v<S, BFloat16>) {
    return std::bit_cast<float>(std::uint32_t{value.bits} << 16);
  } else {
    return value;
  }
}

/// Rounds to odd: truncates, then sets the last bit where something was lost. A later rounding to a format
/// with two bits less, or fewer, gives what one rounding of the value would have given (Boldo & Melquiond
/// 2008).
__device__ inline float rounded_to_odd(double value) {
  const float truncated = __double2float_rz(value);
  const bool exact = static_cast<double>(truncated) == value;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(truncated) | (exact ? 0U : 1U));
}

__device__ inline float before_16_bits(float value) { return value; }
__device__ inline float before_16_bits(double value) { return rounded_to_odd(value); }

/// The value in storage type S, rounded once to nearest even; overflow to infinity, NaN stays NaN.
template <Element S, class A>
__device__ S narrowed(A value) {
  if constexpr (std::is_same_v<S, Float16>) {
    return ptx::to_f16(before_16_bits(value));
  } else if constexpr (std::is_same_v<S, BFloat16>) {
    return ptx::to_bf16(before_16_bits(value));
  } else {
    return static_cast<S>(value);
  }
}

}  // namespace perceptron::kernels
