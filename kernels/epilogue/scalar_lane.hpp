// The vocabulary that formulas.inl is written in, for one float or double at a time.
// src/cpu/highway_lane.inl is the same over SIMD vectors.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace perceptron::epilogue {

template <class T>
struct ScalarLane {
  static_assert(std::numeric_limits<T>::is_iec559 && (sizeof(T) == 4 || sizeof(T) == 8));

  using Scalar = T;
  using Real = T;
  using Mask = bool;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

  static constexpr int kFractionBits = std::numeric_limits<T>::digits - 1;
  static constexpr Bits kSignBit = Bits{1} << (sizeof(T) * 8 - 1);

  static constexpr Real set(Scalar x) { return x; }
  static constexpr Real fma(Real a, Real b, Real c) { return std::fma(a, b, c); }
  static constexpr Real select(Mask mask, Real yes, Real no) { return mask ? yes : no; }
  static constexpr Mask less(Real a, Real b) { return a < b; }
  static constexpr Mask less_equal(Real a, Real b) { return a <= b; }
  static constexpr Mask is_nan(Real x) { return x != x; }  // NOLINT(misc-redundant-expression)
  static constexpr Real negate(Real x) { return -x; }

  static constexpr Real abs(Real x) { return std::bit_cast<T>(bits(x) & ~kSignBit); }

  static constexpr Real copy_sign(Real magnitude, Real sign) {
    return std::bit_cast<T>((bits(magnitude) & ~kSignBit) | (bits(sign) & kSignBit));
  }

  /// 2ⁿ for integral n within the normal exponents. The sum puts n + bias into the lowest bits of the
  /// fraction.
  static constexpr Real power_of_two(Real n) {
    constexpr T kLift =
        T(3) * T(Bits{1} << (kFractionBits - 1)) + T(std::numeric_limits<T>::max_exponent - 1);
    return std::bit_cast<T>(bits(n + kLift) << kFractionBits);
  }

 private:
  static constexpr Bits bits(Real x) { return std::bit_cast<Bits>(x); }
};

}  // namespace perceptron::epilogue
