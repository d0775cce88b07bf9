// The 16-bit formats: every pattern, every rounding boundary, and agreement with the processor's conversion.
#include "perceptron/float16.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace perceptron {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kTiniest = std::numeric_limits<double>::denorm_min();

template <class T>
struct Format;
template <>
struct Format<Float16> {
  static constexpr unsigned kInfinity = 0x7C00;
  static constexpr double kBehindLargest = 0x1p16;  ///< What would follow the largest finite value.
  static constexpr double kSmallest = 0x1p-24;
};
template <>
struct Format<BFloat16> {
  static constexpr unsigned kInfinity = 0x7F80;
  static constexpr double kBehindLargest = 0x1p128;
  static constexpr double kSmallest = 0x1p-133;
};

/// The value of a pattern without sign, from the definition of the formats: fraction × 2^exponent.
template <class T>
double value_of(unsigned magnitude) {
  const unsigned implicit = Format<T>::kInfinity & (~Format<T>::kInfinity + 1);
  if (magnitude == Format<T>::kInfinity) return Format<T>::kBehindLargest;
  const unsigned exponent = magnitude / implicit;
  const unsigned significand = magnitude % implicit + (exponent == 0 ? 0 : implicit);
  return std::ldexp(significand * Format<T>::kSmallest, exponent == 0 ? 0 : static_cast<int>(exponent) - 1);
}

template <class T>
unsigned rounded(double value) {
  return T(value).bits;
}

template <class T>
class Float16Formats : public testing::Test {};
using Types = testing::Types<Float16, BFloat16>;
TYPED_TEST_SUITE(Float16Formats, Types);

TYPED_TEST(Float16Formats, EveryPatternWidensAndRoundsBack) {
  for (unsigned bits = 0; bits <= 0xFFFF; ++bits) {
    const float wide = TypeParam::from_bits(static_cast<std::uint16_t>(bits));
    const unsigned magnitude = bits & 0x7FFF;
    if (magnitude > Format<TypeParam>::kInfinity) {
      ASSERT_TRUE(std::isnan(wide)) << bits;
      ASSERT_TRUE(std::isnan(static_cast<float>(TypeParam(wide)))) << bits;
      continue;
    }
    const double expected = magnitude == Format<TypeParam>::kInfinity ? kInf : value_of<TypeParam>(magnitude);
    ASSERT_EQ(std::abs(wide), expected) << bits;
    ASSERT_EQ(std::signbit(wide), bits >> 15 != 0) << bits;
    ASSERT_EQ(rounded<TypeParam>(wide), bits);
  }
}

/// Between any two neighbours: just below the middle rounds down, just above rounds up, the middle to even.
TYPED_TEST(Float16Formats, EveryMiddleRoundsToEven) {
  std::size_t differs_through_float = 0;
  for (unsigned bits = 0; bits < Format<TypeParam>::kInfinity; ++bits) {
    const double middle = (value_of<TypeParam>(bits) + value_of<TypeParam>(bits + 1)) / 2;
    const double below = std::nextafter(middle, 0), above = std::nextafter(middle, kInf);
    ASSERT_EQ(rounded<TypeParam>(middle), bits + bits % 2) << middle;
    ASSERT_EQ(rounded<TypeParam>(below), bits) << below;
    ASSERT_EQ(rounded<TypeParam>(above), bits + 1) << above;
    ASSERT_EQ(rounded<TypeParam>(-middle), 0x8000 + bits + bits % 2);
    ASSERT_EQ(rounded<TypeParam>(-below), 0x8000 + bits);
    ASSERT_EQ(rounded<TypeParam>(-above), 0x8000 + bits + 1);
    for (const double value : {below, above}) {
      differs_through_float += rounded<TypeParam>(static_cast<float>(value)) != rounded<TypeParam>(value);
    }
  }
  // A float cannot tell below, middle and above apart, so for one of the two it rounds the wrong way.
  EXPECT_EQ(differs_through_float, Format<TypeParam>::kInfinity)
      << "rounding twice would have passed this test";
}

TYPED_TEST(Float16Formats, BeyondTheEnds) {
  const unsigned infinity = Format<TypeParam>::kInfinity;
  EXPECT_EQ(rounded<TypeParam>(std::numeric_limits<double>::max()), infinity);
  EXPECT_EQ(rounded<TypeParam>(-std::numeric_limits<double>::max()), 0x8000 + infinity);
  EXPECT_EQ(rounded<TypeParam>(kInf), infinity);
  EXPECT_EQ(rounded<TypeParam>(-kInf), 0x8000 + infinity);
  EXPECT_EQ(rounded<TypeParam>(kTiniest), 0U);
  EXPECT_EQ(rounded<TypeParam>(-kTiniest), 0x8000U);
  EXPECT_EQ(rounded<TypeParam>(std::numeric_limits<double>::min()), 0U);
  EXPECT_EQ(rounded<TypeParam>(-0.0), 0x8000U);
  for (const std::uint64_t nan : {0x7FF0000000000001, 0x7FF8000000000000, 0x7FFFFFFFFFFFFFFF}) {
    const unsigned bits = rounded<TypeParam>(std::bit_cast<double>(nan));
    EXPECT_GT(bits & 0x7FFF, infinity) << "a NaN must not become infinite";
    EXPECT_EQ(bits >> 15, 0U);
    EXPECT_EQ(rounded<TypeParam>(std::bit_cast<double>(nan | 0x8000000000000000)), bits | 0x8000);
  }
}

TEST(Float16, RoundingByHand) {
  EXPECT_EQ(Float16(65504.0).bits, 0x7BFF);
  EXPECT_EQ(Float16(std::nextafter(65520.0, 0)).bits, 0x7BFF);
  EXPECT_EQ(Float16(65520.0).bits, 0x7C00);
  EXPECT_EQ(Float16(0x1p-25).bits, 0x0000) << "half the smallest subnormal, to even";
  EXPECT_EQ(Float16(std::nextafter(0x1p-25, 1)).bits, 0x0001);
  EXPECT_EQ(Float16(0x1.8p-24).bits, 0x0002);
  EXPECT_EQ(Float16(0x1.FFCp-15).bits, 0x0400) << "a subnormal that rounds up to the smallest normal";
  EXPECT_EQ(Float16(1 + 0x1p-11).bits, 0x3C00);
  EXPECT_EQ(Float16(1 + 0x1p-11 + 0x1p-40).bits, 0x3C01) << "as a float this is the middle, and goes to even";
  EXPECT_EQ(Float16(1 + 0x1.8p-10 - 0x1p-40).bits, 0x3C01) << "the same from below";
  EXPECT_EQ(BFloat16(1 + 0x1p-8).bits, 0x3F80);
  EXPECT_EQ(BFloat16(1 + 0x1p-8 + 0x1p-40).bits, 0x3F81);
}

TEST(Float16, WorksAtCompileTime) {
  static_assert(Float16(1.5).bits == 0x3E00 && static_cast<float>(Float16::from_bits(0x3E00)) == 1.5F);
  static_assert(BFloat16(-2.0).bits == 0xC000 && static_cast<float>(BFloat16::from_bits(0xC000)) == -2.0F);
  static_assert(static_cast<float>(Float16::from_bits(0x8001)) == -0x1p-24F);
}

#if defined(__x86_64__)
__attribute__((target("f16c"))) float widen_in_hardware(std::uint16_t bits) { return _cvtsh_ss(bits); }
__attribute__((target("f16c"))) std::uint16_t round_in_hardware(float value) {
  return _cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT);
}

TEST(Float16, AgreesWithTheProcessor) {
  // No processor with AVX2 lacks F16C, whose own name older compilers do not know here.
  if (!__builtin_cpu_supports("avx2")) GTEST_SKIP() << "this processor has no F16C";
  for (unsigned bits = 0; bits <= 0xFFFF; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float wide = Float16::from_bits(half);
    if (std::isnan(wide)) continue;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(wide), std::bit_cast<std::uint32_t>(widen_in_hardware(half)));
  }
  std::mt19937 random(1);
  for (int count = 0; count < 2'000'000; ++count) {
    // Three in four have exponents near those of the format; of the rest any pattern may come.
    std::uint32_t bits = static_cast<std::uint32_t>(random());
    if (count % 4 != 0) bits = (bits & 0x87FFFFFF) | (count % 2 == 0 ? 0x38000000U : 0x40000000U);
    if (count % 3 == 0) bits &= 0xFFFFF000;
    const auto value = std::bit_cast<float>(bits);
    if (std::isnan(value)) continue;
    ASSERT_EQ(Float16(value).bits, round_in_hardware(value)) << value;
  }
}
#endif

}  // namespace
}  // namespace perceptron
