// The specification in code against values worked out by hand, one for each sentence of the numeric contract.
#include "src/reference/canonical.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "perceptron/matrix.hpp"

namespace perceptron::reference {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// dot of ones with weights that are zero but for some.
template <class A>
A dot_of_ones(std::int64_t inputs, std::initializer_list<std::pair<std::int64_t, A>> weights) {
  std::vector<A> x(static_cast<std::size_t>(inputs), 1), w(x.size(), 0);
  for (const auto& [index, value] : weights) w[static_cast<std::size_t>(index)] = value;
  return dot(x.data(), w.data(), inputs);
}

/// One row, one output, one chain: f of the dot product and the bias.
template <class Out, class In, class Bias>
Out perceptron_of(std::vector<In> x, std::vector<In> w, Bias bias, Activation activation = {}) {
  const auto inputs = static_cast<std::int64_t>(x.size());
  Layer layer{ConstMatrixView(w.data(), 1, inputs), ConstMatrixView(&bias, 1, 1), activation};
  Out y{};
  canonical(ConstMatrixView(x.data(), 1, inputs), layer, MatrixView(&y, 1, 1));
  return y;
}

std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }

// With B = 2^24, the first float whose successor is two away: B + 1 is a tie and goes to B, B + 2 is exact.
TEST(Canonical, BlocksAreOf256Inputs) {
  constexpr float kBig = 0x1p24F;
  // In one chain each 1 is lost; in blocks the two ones meet in the second block.
  EXPECT_EQ(dot_of_ones<float>(258, {{0, kBig}, {256, 1.0F}, {257, 1.0F}}), kBig + 2);
  EXPECT_EQ(dot_of_ones<float>(258, {{0, kBig}, {254, 1.0F}, {255, 1.0F}}), kBig) << "one block";
  EXPECT_EQ(dot_of_ones<float>(258, {{0, kBig}, {255, 1.0F}, {256, 1.0F}}), kBig) << "255 | 256";
  EXPECT_EQ(dot_of_ones<float>(256, {{0, kBig}, {1, 1.0F}, {255, 1.0F}}), kBig);
  EXPECT_EQ(dot_of_ones<float>(514, {{0, kBig}, {511, 1.0F}, {512, 1.0F}}), kBig) << "511 | 512";
  EXPECT_EQ(dot_of_ones<float>(514, {{0, kBig}, {512, 1.0F}, {513, 1.0F}}), kBig + 2);
  constexpr double kBigger = 0x1p53;
  EXPECT_EQ(dot_of_ones<double>(258, {{0, kBigger}, {256, 1.0}, {257, 1.0}}), kBigger + 2);
  EXPECT_EQ(dot_of_ones<double>(258, {{0, kBigger}, {255, 1.0}, {256, 1.0}}), kBigger);
}

TEST(Canonical, EveryInputCountsOnce) {
  for (std::int64_t inputs = 1; inputs <= 1030; ++inputs) {
    const std::vector<float> ones(static_cast<std::size_t>(inputs), 1);
    ASSERT_EQ(dot(ones.data(), ones.data(), inputs), static_cast<float>(inputs));
  }
}

TEST(Canonical, BlocksAreAddedInAscendingOrder) {
  constexpr float kBig = 0x1p24F;
  // (1 + B) − B = 0; from behind, (−B + B) + 1 = 1.
  EXPECT_EQ(dot_of_ones<float>(768, {{0, 1.0F}, {256, kBig}, {512, -kBig}}), 0.0F);
  EXPECT_EQ(dot_of_ones<float>(768, {{0, -kBig}, {256, kBig}, {512, 1.0F}}), 1.0F);
  // Within a block as well.
  EXPECT_EQ(dot_of_ones<float>(3, {{0, 1.0F}, {1, kBig}, {2, -kBig}}), 0.0F);
  EXPECT_EQ(dot_of_ones<float>(3, {{0, -kBig}, {1, kBig}, {2, 1.0F}}), 1.0F);
}

// (1 + 2^-12)² = 1 + 2^-11 + 2^-24: the last term is half a unit of a float near 1 and a separate
// multiplication loses it; fused with −1 it stays.
TEST(Canonical, MultipliesAndAddsWithOneRounding) {
  constexpr float kValue = 1 + 0x1p-12F;
  static_assert(kValue * kValue == 1 + 0x1p-11F);
  EXPECT_EQ(perceptron_of<float>(std::vector{1.0F, kValue}, std::vector{-1.0F, kValue}, 0.0F),
            0x1p-11F + 0x1p-24F);
  constexpr double kWide = 1 + 0x1p-27;
  static_assert(kWide * kWide == 1 + 0x1p-26);
  EXPECT_EQ(perceptron_of<double>(std::vector{1.0, kWide}, std::vector{-1.0, kWide}, 0.0), 0x1p-26 + 0x1p-54);
}

TEST(Canonical, SumsAreNotKeptWider) {
  // In f32, 1 + 2^-25 is 1; a sum kept in f64 would leave 2^-25.
  EXPECT_EQ(perceptron_of<float>(std::vector{1.0F, 1.0F, 1.0F}, std::vector{1.0F, 0x1p-25F, -1.0F}, 0.0F),
            0.0F);
  // Overflow on the way stays, though the true sum is finite.
  constexpr float kHuge = std::numeric_limits<float>::max();
  EXPECT_EQ(perceptron_of<float>(std::vector{1.0F, 1.0F, 1.0F}, std::vector{kHuge, kHuge, -kHuge}, 0.0F),
            kInf);
  // f16 and bf16 are summed in f32: 70000 is beyond f16, 2^24 + 1 beyond f32.
  const Float16 one(1.0), large(60000.0), less(-40000.0);
  EXPECT_EQ(perceptron_of<float>(std::vector{one, one}, std::vector{large, large}, one), 120001.0F);
  EXPECT_EQ(perceptron_of<Float16>(std::vector{one, one}, std::vector{large, less}, one).bits,
            Float16(20001.0).bits);
  const BFloat16 big(0x1p24), unit(1.0);
  EXPECT_EQ(perceptron_of<float>(std::vector{unit, unit}, std::vector{big, unit}, 0.0F), 0x1p24F);
}

TEST(Canonical, ZIsNeverMinusZero) {
  const auto zero_bits = [](float x, float w, float bias) {
    return bits(perceptron_of<float>(std::vector{x}, std::vector{w}, bias));
  };
  EXPECT_EQ(zero_bits(-0.0F, 1.0F, -0.0F), 0U) << "a product of −0";
  EXPECT_EQ(zero_bits(1.0F, -0.0F, 0.0F), 0U);
  // −2^-160 underflows to −0, which only a bias of +0 turns.
  EXPECT_EQ(bits(dot_of_ones<float>(1, {{0, -0.0F}})), 0U);
  EXPECT_EQ(zero_bits(-0x1p-80F, 0x1p-80F, 0.0F), 0U);
  EXPECT_EQ(zero_bits(-0x1p-80F, 0x1p-80F, -0.0F), 0U) << "a stored −0 counts as +0";
  EXPECT_EQ(zero_bits(-1.0F, 1.0F, 1.0F), 0U) << "an exact difference";
  const float x = -0x1p-80F, w = 0x1p-80F;
  EXPECT_EQ(bits(dot(&x, &w, 1)), 0x80000000U) << "the case exists: without a bias the sum is −0";
  // Without a bias too.
  float y = 1;
  canonical(ConstMatrixView(&x, 1, 1), {ConstMatrixView(&w, 1, 1), {}, {}}, MatrixView(&y, 1, 1));
  EXPECT_EQ(bits(y), 0U);
}

TEST(Canonical, TheStoredBiasIsWidenedExactly) {
  const Float16 half_zero(0.0), tiny_half = Float16::from_bits(1);
  EXPECT_EQ(perceptron_of<float>(std::vector{half_zero}, std::vector{half_zero}, tiny_half), 0x1p-24F);
  const BFloat16 bf_zero(0.0), tiny_bf = BFloat16::from_bits(1);
  EXPECT_EQ(perceptron_of<float>(std::vector{bf_zero}, std::vector{bf_zero}, tiny_bf), 0x1p-133F);
  EXPECT_EQ(perceptron_of<float>(std::vector{half_zero}, std::vector{half_zero}, 1 + 0x1p-23F), 1 + 0x1p-23F)
      << "an f32 bias beside f16 weights keeps its bits";
  EXPECT_EQ(perceptron_of<double>(std::vector{0.0}, std::vector{0.0}, 0x1p-149F), 0x1p-149);
}

TEST(Canonical, TheBiasIsAddedLast) {
  constexpr float kBig = 0x1p24F;
  // ((B + 1) + −B) + 1 = 1; a chain that starts with the bias would give ((1 + B) + 1) − B = 0.
  EXPECT_EQ(perceptron_of<float>(std::vector{1.0F, 1.0F, 1.0F}, std::vector{kBig, 1.0F, -kBig}, 1.0F), 1.0F);
}

TEST(Canonical, OutputsAreRoundedOnce) {
  const double z = 1 + 0x1p-11 + 0x1p-40;  // A hair above the middle of two f16; as a float, the middle.
  EXPECT_EQ(perceptron_of<Float16>(std::vector{1.0}, std::vector{z}, 0.0).bits, 0x3C01);
  EXPECT_EQ(perceptron_of<Float16>(std::vector{1.0F}, std::vector{static_cast<float>(z)}, 0.0F).bits, 0x3C00);
  EXPECT_EQ(perceptron_of<float>(std::vector{1.0}, std::vector{1 + 0x1p-24}, 0.0), 1.0F) << "a tie, to even";
  EXPECT_EQ(perceptron_of<float>(std::vector{1.0}, std::vector{1 + 0x1p-24 + 0x1p-50}, 0.0), 1 + 0x1p-23F);
  EXPECT_EQ(perceptron_of<Float16>(std::vector{1.0F}, std::vector{65520.0F}, 0.0F).bits, 0x7C00);
  EXPECT_EQ(perceptron_of<float>(std::vector{1.0}, std::vector{1e300}, 0.0), kInf);
  EXPECT_EQ(perceptron_of<double>(std::vector{1.0F}, std::vector{0.1F}, 0.0F), static_cast<double>(0.1F));
}

TEST(Canonical, WhatIsNotFinitePassesThrough) {
  const auto relu_of = [](float x, float w, float bias) {
    return perceptron_of<float>(std::vector{x, 0.0F}, std::vector{w, 1.0F}, bias, ActivationKind::relu);
  };
  EXPECT_TRUE(std::isnan(relu_of(kNan, 1, 0)));
  EXPECT_TRUE(std::isnan(relu_of(1, kNan, 0)));
  EXPECT_TRUE(std::isnan(relu_of(1, 1, kNan)));
  EXPECT_TRUE(std::isnan(relu_of(kInf, 0, 0)));
  EXPECT_TRUE(std::isnan(relu_of(kInf, 1, -kInf)));
  EXPECT_EQ(relu_of(kInf, 1, 0), kInf);
  EXPECT_EQ(relu_of(-kInf, 1, 0), 0.0F);
}

TEST(Canonical, GroupsAndStridesAreTheirOwn) {
  // Two groups of one input share x; weights 2 and 3, biases 1 and −1; y interleaved in rows of 2.
  const float x[] = {1, 99, 2, 99}, w[] = {2, 3}, b[] = {1, -1};
  float y[4] = {};
  const Layer layer{
      ConstMatrixView(w, 1, 1).with_groups(2, 1), ConstMatrixView(b, 1, 1).with_groups(2, 1), {}};
  canonical(ConstMatrixView(x, 2, 1).with_stride(2).with_groups(2, 0), layer,
            MatrixView(y, 2, 1).with_stride(2).with_groups(2, 1));
  EXPECT_EQ(std::vector(y, y + 4), (std::vector<float>{3, 2, 5, 5}));
}

}  // namespace
}  // namespace perceptron::reference
