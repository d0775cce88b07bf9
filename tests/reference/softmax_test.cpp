// Softmax of a row: the order of its additions, its bound, and rows with NaN and infinities.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/epilogue/activation.hpp"
#include "tests/reference/activation_truth.hpp"

namespace perceptron::reference {
namespace {

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();

/// The contract read literally: one partial sum after the other, then halves onto halves.
template <class T>
std::vector<T> literal_softmax(const std::vector<T>& z) {
  const T highest = *std::ranges::max_element(z);
  std::vector<T> y(z.size());
  std::ranges::transform(
      z, y.begin(), [&](T x) { return epilogue::exp_nonpositive<epilogue::ScalarLane<T>>(x - highest); });
  const auto partial = [&](std::size_t l) {
    T sum = 0;
    for (std::size_t j = l; j < z.size(); j += 32) sum += y[j];
    return sum;
  };
  const auto folded = [&](auto&& self, std::size_t l, std::size_t width) -> T {
    return width == 32 ? partial(l) : self(self, l, 2 * width) + self(self, l + width, 2 * width);
  };
  const T total = folded(folded, 0, 1);
  for (T& each : y) each /= total;
  return y;
}

template <class T>
class Softmax : public testing::Test {
 protected:
  static std::vector<T> of(const std::vector<T>& z) {
    std::vector<T> y(z.size());
    epilogue::softmax_row(z.data(), y.data(), static_cast<std::int64_t>(z.size()));
    return y;
  }

  static std::vector<T> row(std::size_t outputs) {
    std::vector<T> z(outputs);
    for (std::size_t j = 0; j < outputs; ++j) z[j] = static_cast<T>(f64_sample(3 * j + 2) / 19);
    return z;
  }
};
using SoftmaxTypes = testing::Types<float, double>;
TYPED_TEST_SUITE(Softmax, SoftmaxTypes);

TYPED_TEST(Softmax, AddsInTheOrderOfTheContract) {
  for (const std::size_t outputs : {1u, 2u, 10u, 31u, 32u, 33u, 63u, 64u, 65u, 1000u, 4097u}) {
    const auto z = this->row(outputs);
    EXPECT_EQ(this->of(z), literal_softmax(z)) << outputs;
  }
}

TYPED_TEST(Softmax, LiesWithinItsBound) {
  const auto unit = std::numeric_limits<TypeParam>::epsilon() / 2;
  for (const std::size_t outputs : {1u, 3u, 10u, 100u, 1000u}) {
    const auto z = this->row(outputs);
    const auto y = this->of(z);
    const TypeParam highest = *std::ranges::max_element(z);
    long double total = 0;
    for (const auto x : z) total += std::exp(static_cast<long double>(x) - highest);
    for (std::size_t j = 0; j < outputs; ++j) {
      const long double truth = std::exp(static_cast<long double>(z[j]) - highest) / total;
      const long double bound =
          (std::abs(z[j] - highest) + static_cast<long double>(outputs) / 32 + 8) * unit;
      EXPECT_LE(std::abs(y[j] - truth), bound * truth + std::numeric_limits<TypeParam>::denorm_min());
    }
  }
}

TYPED_TEST(Softmax, NonFiniteRows) {
  using T = TypeParam;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  EXPECT_EQ(this->of({T(-3)}), std::vector<T>{1});
  EXPECT_EQ(this->of({0, -kInf<T>, 0}), (std::vector<T>{T(0.5), 0, T(0.5)}));
  const std::vector<std::vector<T>> poisoned{
      {1, nan, 2}, {nan, 1}, {1, nan}, {1, kInf<T>}, {kInf<T>, kInf<T>, 0}, {-kInf<T>, -kInf<T>}};
  for (const auto& z : poisoned) {
    for (const T y : this->of(z)) EXPECT_TRUE(std::isnan(y));
  }
}

TYPED_TEST(Softmax, InPlace) {
  auto z = this->row(77);
  const auto expected = this->of(z);
  epilogue::softmax_row(z.data(), z.data(), 77);
  EXPECT_EQ(z, expected);
}

}  // namespace
}  // namespace perceptron::reference
