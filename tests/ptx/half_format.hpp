// f16 and bf16 by their definition, for the truth of opcode tests.
#pragma once

#include <mpfr.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "tests/ptx/real_arithmetic.hpp"

namespace perceptron::ptx {

/// A 16-bit format by its definition: fraction bits and the exponent of its smallest normal.
struct HalfFormat {
  int fraction_bits, lowest_exponent;
  std::uint16_t infinity;
};
inline constexpr HalfFormat kF16{10, -14, 0x7c00}, kBf16{7, -126, 0x7f80};

inline float widen(const HalfFormat& format, std::uint16_t bits) {
  const int magnitude = bits & 0x7fff;
  const float sign = bits >> 15 != 0 ? -1.f : 1.f;
  if (magnitude >= format.infinity) {
    return magnitude == format.infinity ? sign * std::numeric_limits<float>::infinity()
                                        : std::numeric_limits<float>::quiet_NaN();
  }
  const int exponent = magnitude >> format.fraction_bits,
            fraction = magnitude & ((1 << format.fraction_bits) - 1);
  const int significand = exponent == 0 ? fraction : fraction + (1 << format.fraction_bits);
  return sign * std::ldexp(static_cast<float>(significand),
                           std::max(exponent, 1) - 1 + format.lowest_exponent - format.fraction_bits);
}

/// The nearest pattern by search; at the middle between two the even one. NaN is 0x7fff.
inline std::uint16_t narrow(const HalfFormat& format, double value) {
  if (std::isnan(value)) return 0x7fff;
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const double magnitude = std::fabs(value);
  // Behind the largest pattern stands the value that would follow it, in place of infinity.
  const auto at = [&](int bits) -> double {
    if (bits < format.infinity) return widen(format, static_cast<std::uint16_t>(bits));
    const double largest = widen(format, static_cast<std::uint16_t>(format.infinity - 1));
    return largest +
           (largest - static_cast<double>(widen(format, static_cast<std::uint16_t>(format.infinity - 2))));
  };
  if (magnitude >= at(format.infinity)) return sign | format.infinity;
  int low = 0, high = format.infinity;  // at(low) <= magnitude < at(high)
  while (high - low > 1) (magnitude >= at((low + high) / 2) ? low : high) = (low + high) / 2;
  const double middle = (at(low) + at(high)) / 2;
  const bool goes_up = magnitude > middle || (magnitude == middle && low % 2 == 1);
  return static_cast<std::uint16_t>(sign | (goes_up ? high : low));
}

/// function(result, operands…, mode), as MPFR's functions are called, rounded once to the nearest pattern.
template <class Function, class... Operands>
std::uint16_t rounded_half(const HalfFormat& format, Function function, Operands... operands) {
  mpfr_t result;
  mpfr_init2(result, format.fraction_bits + 1);
  int inexact = function(result, Exact(operands).get()..., MPFR_RNDN);
  const mpfr_exp_t lowest = mpfr_get_emin(), highest = mpfr_get_emax();
  mpfr_set_emin(format.lowest_exponent - format.fraction_bits + 1);
  mpfr_set_emax(2 - format.lowest_exponent);
  inexact = mpfr_check_range(result, inexact, MPFR_RNDN);
  mpfr_subnormalize(result, inexact, MPFR_RNDN);
  mpfr_set_emin(lowest);
  mpfr_set_emax(highest);
  const double value = mpfr_get_d(result, MPFR_RNDN);
  mpfr_clear(result);
  return narrow(format, value);
}

}  // namespace perceptron::ptx
