// Conversions between the 16-bit storage formats and f32: cvt. All round to nearest, ties to even; overflow
// goes to infinity and NaN stays NaN.
#pragma once

#include "perceptron/float16.hpp"

namespace perceptron::ptx {

/// Exact.
__device__ inline float to_f32(Float16 value) {
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(value.bits));
  return result;
}

__device__ inline Float16 to_f16(float value) {
  std::uint16_t bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return Float16::from_bits(bits);
}

__device__ inline BFloat16 to_bf16(float value) {
  std::uint16_t bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return BFloat16::from_bits(bits);
}

}  // namespace perceptron::ptx
