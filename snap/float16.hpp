// The two 16-bit storage formats as plain values: IEEE binary16 and bfloat16.
// Conversions are integer work with one rounding (nearest, ties to even, overflow to infinity), so they give
// the same bits on every host and device and under every floating-point control word.
#pragma once

#include <bit>
#include <cstdint>

namespace perceptron {

namespace detail {

/// The bits of `value` rounded once to a format of kExponent exponent and kMantissa stored fraction bits.
template <int kExponent, int kMantissa>
constexpr std::uint16_t round_to_16_bits(double value) {
  constexpr int kBias = (1 << (kExponent - 1)) - 1;
  constexpr std::uint64_t kInfinity = ((std::uint64_t{1} << kExponent) - 1) << kMantissa;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 63 << 15);
  const auto with_sign = [sign](std::uint64_t magnitude) {
    return static_cast<std::uint16_t>(sign | magnitude);
  };
  const int exponent = static_cast<int>(bits >> 52 & 0x7FF);
  const std::uint64_t fraction = bits & 0xFFFFFFFFFFFFF;
  if (exponent == 0x7FF) {
    return with_sign(fraction == 0 ? kInfinity : kInfinity | (std::uint64_t{1} << (kMantissa - 1)));
  }
  const int biased = exponent - 1023 + kBias;
  const int shift = 52 - kMantissa + (biased < 1 ? 1 - biased : 0);
  if (exponent == 0 || shift > 53) return with_sign(0);
  const std::uint64_t significand = fraction | std::uint64_t{1} << 52;
  const std::uint64_t half_minus_one = (std::uint64_t{1} << (shift - 1)) - 1;
  const std::uint64_t rounded = (significand + half_minus_one + (significand >> shift & 1)) >> shift;
  // The implicit bit of `rounded` carries into the exponent, which is why one is subtracted from it.
  const std::uint64_t magnitude =
      biased < 1 ? rounded : (static_cast<std::uint64_t>(biased - 1) << kMantissa) + rounded;
  return with_sign(magnitude > kInfinity ? kInfinity : magnitude);
}

}  // namespace detail

/// IEEE 754 binary16: 5 exponent bits, 10 fraction bits, largest 65504.
struct Float16 {
  std::uint16_t bits = 0;

  constexpr Float16() = default;
  constexpr explicit Float16(double value) : bits(detail::round_to_16_bits<5, 10>(value)) {}

  static constexpr Float16 from_bits(std::uint16_t bits) {
    Float16 result;
    result.bits = bits;
    return result;
  }

  /// Exact.
  constexpr operator float() const {
    const std::uint32_t sign = std::uint32_t{bits} >> 15 << 31;
    const std::uint32_t magnitude = bits & 0x7FFFU;
    if (magnitude >= 0x7C00U) return std::bit_cast<float>(sign | 0x7F800000U | (magnitude & 0x3FFU) << 13);
    if (magnitude >= 0x0400U) return std::bit_cast<float>(sign | ((magnitude << 13) + (112U << 23)));
    const float subnormal = static_cast<float>(magnitude) * 0x1p-24F;
    return (sign != 0) ? -subnormal : subnormal;
  }
};

/// bfloat16: the upper half of a binary32.
struct BFloat16 {
  std::uint16_t bits = 0;

  constexpr BFloat16() = default;
  constexpr explicit BFloat16(double value) : bits(detail::round_to_16_bits<8, 7>(value)) {}

  static constexpr BFloat16 from_bits(std::uint16_t bits) {
    BFloat16 result;
    result.bits = bits;
    return result;
  }

  /// Exact.
  constexpr operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

}  // namespace perceptron
