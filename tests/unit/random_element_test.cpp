// The generator of large inputs: the same values for ever, spread as they should be, exact in every dtype.
#include "src/cuda/random_element.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "perceptron/dtype.hpp"

namespace perceptron::cuda {
namespace {

int bits_of(DType dtype) { return traits(dtype).significand_bits; }

constexpr double kSpread = 0.01;  ///< Of means over 10⁵ values whose standard deviation is 0.58: five sigmas.
constexpr std::int64_t kCount = 100'000;

TEST(RandomElement, IsAFunctionOfSeedAndPlace) {
  static_assert(random_element(1, {2, 3, 4}, 24) == random_element(1, {2, 3, 4}, 24));
  std::set<double> values;
  for (const ElementPlace& place : {ElementPlace{0, 0, 0},
                                    {0, 0, 1},
                                    {0, 1, 0},
                                    {1, 0, 0},
                                    {1, 2, 3},
                                    {3, 2, 1},
                                    {2, 1, 3},
                                    {0, 0, std::int64_t{1} << 40}}) {
    for (const std::uint64_t seed : {0, 1, 2}) values.insert(random_element(seed, place, 53));
  }
  EXPECT_EQ(values.size(), 24U);
}

TEST(RandomElement, NeverChanges) {
  EXPECT_EQ(mixed(0x9E3779B97F4A7C15), 0xE220A8397B1DCDAF);  // SplitMix64's first number of seed 0.
  EXPECT_EQ(random_element(0, {0, 0, 0}, 53), -0x1.7b3e2dd554e00p-1);
  EXPECT_EQ(random_element(7, {1, 2, 3}, 24), 0x1.a7ee84p-1);
  EXPECT_EQ(random_element(7, {1, 2, 3}, 11), 0x1.a78p-1);
  EXPECT_EQ(random_element(~std::uint64_t{0}, {0, std::int64_t{1} << 40, 5}, 8), -0x1.48p-2);
}

TEST(RandomElement, IsExactInItsDtypeAndInRange) {
  for (const DTypeTraits& dtype : kDTypes) {
    const DType type = dtype.dtype;
    for (std::int64_t column = 0; column < kCount; ++column) {
      const double value = random_element(3, {0, 5, column}, bits_of(type));
      ASSERT_GE(value, -1) << dtype.name;
      ASSERT_LT(value, 1) << dtype.name;
      const double stored =
          visit_dtype(type, [value]<class T>(T) { return static_cast<double>(static_cast<T>(value)); });
      ASSERT_EQ(stored, value) << dtype.name;
    }
  }
}

TEST(RandomElement, IsUniformAlongEveryDirection) {
  const ElementPlace steps[] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 1}, {0, 1024, 0}};
  for (const ElementPlace& step : steps) {
    double sum = 0, squares = 0, products = 0, last = 0;
    for (std::int64_t index = 0; index < kCount; ++index) {
      const double value =
          random_element(11, {index * step.group, index * step.row, index * step.column}, 24);
      sum += value;
      squares += value * value;
      products += value * last;
      last = value;
    }
    EXPECT_NEAR(sum / kCount, 0, kSpread);
    EXPECT_NEAR(squares / kCount, 1.0 / 3, kSpread);
    EXPECT_NEAR(products / kCount, 0, kSpread);
  }
}

TEST(RandomElement, NarrowTypesMeetAllTheirSteps) {
  std::set<double> values;
  for (std::int64_t column = 0; column < kCount; ++column) {
    values.insert(random_element(5, {0, 0, column}, bits_of(DType::bf16)));
  }
  EXPECT_EQ(values.size(), 256U);
}

}  // namespace
}  // namespace perceptron::cuda
