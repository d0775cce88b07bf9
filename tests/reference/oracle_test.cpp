// The oracle against exact sums: its error never exceeds the declared one, its magnitude is an upper bound
// and tight, and everything that is not finite has its class.
#include "src/reference/oracle.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/reference/real.hpp"
#include "tests/reference/samples.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace perceptron::reference {
namespace {

using test::Kind;
using test::Real;
using test::Samples;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Exact {
  Real z, magnitude;
};

Exact exact(const Samples& samples, std::int64_t row, std::int64_t output, bool has_bias) {
  Exact result;
  for (std::int64_t k = 0; k < samples.shape.inputs; ++k) {
    const Real product = Real(samples.x[static_cast<std::size_t>(row * samples.shape.inputs + k)]) *
                         Real(samples.w[static_cast<std::size_t>(output * samples.shape.inputs + k)]);
    result.z = result.z + product;
    result.magnitude = result.magnitude + abs(product);
  }
  if (has_bias) result.z = result.z + Real(samples.b[static_cast<std::size_t>(output)]);
  return result;
}

void expect_within_its_bounds(const Preactivation& z, const Exact& truth, DType dtype) {
  ASSERT_EQ(z.z_class, ZClass::finite);
  EXPECT_LE(abs(Real(z.hi) + Real(z.lo) - truth.z), Real(z.error)) << double{z.hi} << " error " << z.error;
  EXPECT_LE(truth.magnitude, Real(z.magnitude));
  const double underflow = dtype == DType::f64 ? static_cast<double>(2 * z.tiny_products + 3) * 0x1p-1074 : 0;
  EXPECT_LE(Real(z.magnitude), Real(1.0001) * truth.magnitude + Real(underflow));
  EXPECT_EQ(z.hi + z.lo, z.hi);
  // Far below what bounds need: γ of one rounding of an accumulator, times A.
  EXPECT_LE(Real(z.error), Real(1e-22) * (truth.magnitude + Real(z.bias_magnitude)) +
                               Real(static_cast<double>(z.inputs + 1) * 0x1p-1074));
}

TEST(Oracle, IsWithinItsDeclaredErrorOfTheExactSum) {
  std::uint64_t seed = 1;
  for (const DType dtype : test::kAllDTypes) {
    for (const Kind kind : test::kKinds) {
      for (const std::int64_t inputs : {1, 2, 3, 7, 32, 255, 256, 257, 1000, 5003}) {
        const Samples samples({2, inputs, 3}, dtype, kind, seed++);
        for (const bool has_bias : {false, true}) {
          SCOPED_TRACE(testing::Message() << to_string(dtype) << ' ' << to_string(kind) << ' ' << inputs);
          const Layer layer = samples.layer(ActivationKind::identity, has_bias);
          for (std::int64_t row = 0; row < 2; ++row) {
            const auto all = preactivations(samples.x_view(), layer, 0, row);
            ASSERT_EQ(all.size(), 3U);
            for (std::int64_t output = 0; output < 3; ++output) {
              const Preactivation& z = all[static_cast<std::size_t>(output)];
              expect_within_its_bounds(z, exact(samples, row, output, has_bias), dtype);
              const Preactivation one = preactivation(samples.x_view(), layer, {0, row, output});
              EXPECT_EQ(one.hi, z.hi);
              EXPECT_EQ(one.error, z.error);
              EXPECT_EQ(one.inputs, inputs);
            }
          }
        }
      }
    }
  }
}

TEST(Oracle, CountsOnlyProductsThatMayUnderflow) {
  const auto tiny = [](double x, double w) {
    const Layer layer{ConstMatrixView(&w, 1, 1), {}, {}};
    return preactivation(ConstMatrixView(&x, 1, 1), layer, {}).tiny_products;
  };
  EXPECT_EQ(tiny(0x1p-484, 0x1p-485), 0);
  EXPECT_EQ(tiny(0x1p-485, 0x1p-485), 1);
  EXPECT_EQ(tiny(0x1p-1000, 0x1p-1000), 1);
  EXPECT_EQ(tiny(0, 0x1p-1000), 0);
  EXPECT_EQ(tiny(0, 0), 0);
}

TEST(Oracle, ReadsGroupsStridesAndSharedInputs) {
  const std::vector<float> x{1, 2, 99, 3, 4, 99}, w{1, 0, 99, 0, 1, 99, 10, 0, 99, 0, 10, 99}, b{5, 6, 7, 8};
  const auto x_view = ConstMatrixView(x.data(), 2, 2).with_stride(3).with_groups(2, 0);
  Layer layer{ConstMatrixView(w.data(), 2, 2).with_stride(3).with_groups(2, 6), {}, {}};
  layer.bias = ConstMatrixView(b.data(), 1, 2).with_groups(2, 2);
  EXPECT_EQ(preactivation(x_view, layer, {0, 1, 0}).hi, 3 + 5);
  EXPECT_EQ(preactivation(x_view, layer, {1, 1, 1}).hi, 40 + 8);
  EXPECT_EQ(preactivations(x_view, layer, 1, 0)[0].hi, 10 + 7);
}

template <class T>
ZClass class_of(const std::vector<double>& x, const std::vector<double>& w, double bias = 0) {
  std::vector<T> stored_x, stored_w, stored_b{static_cast<T>(bias)};
  for (const double value : x) stored_x.push_back(static_cast<T>(value));
  for (const double value : w) stored_w.push_back(static_cast<T>(value));
  const auto inputs = static_cast<std::int64_t>(x.size());
  const Layer layer{ConstMatrixView(stored_w.data(), 1, inputs), ConstMatrixView(stored_b.data(), 1, 1), {}};
  return preactivation(ConstMatrixView(stored_x.data(), 1, inputs), layer, {}).z_class;
}

template <class T>
void expect_classes() {
  EXPECT_EQ((class_of<T>({1, 2}, {3, 4}, 5)), ZClass::finite);
  EXPECT_EQ((class_of<T>({1, kNan}, {3, 4})), ZClass::nan);
  EXPECT_EQ((class_of<T>({1, 0}, {3, kInf})), ZClass::nan);
  EXPECT_EQ((class_of<T>({-kInf, 0}, {0, 1})), ZClass::nan);
  EXPECT_EQ((class_of<T>({1, 2}, {3, 4}, kNan)), ZClass::nan);
  EXPECT_EQ((class_of<T>({kInf, 2}, {3, -kInf})), ZClass::nan);
  EXPECT_EQ((class_of<T>({kInf, 2}, {3, 4}, -kInf)), ZClass::nan);
  EXPECT_EQ((class_of<T>({kInf, 2}, {3, -4})), ZClass::plus_infinity);
  EXPECT_EQ((class_of<T>({-kInf, 2}, {-kInf, 4}, kInf)), ZClass::plus_infinity);
  EXPECT_EQ((class_of<T>({1, 2}, {3, 4}, -kInf)), ZClass::minus_infinity);
  EXPECT_EQ((class_of<T>({kInf, 2}, {-3, 4})), ZClass::minus_infinity);
}

TEST(Oracle, ClassifiesWhatIsNotFinite) {
  expect_classes<double>();
  expect_classes<float>();
  expect_classes<Float16>();
  expect_classes<BFloat16>();
}

TEST(Oracle, ClassifiesWhatMayOverflow) {
  EXPECT_EQ((class_of<float>({1e20, 1e20}, {1e19, -1e19})), ZClass::may_overflow);
  EXPECT_EQ((class_of<float>({1e18, 1e18}, {1e19, -1e19})), ZClass::finite);
  EXPECT_EQ((class_of<float>({1e20, kInf}, {1e19, 1})), ZClass::may_overflow);
  EXPECT_EQ((class_of<float>({1e20, kNan}, {1e19, 1})), ZClass::nan);
  EXPECT_EQ((class_of<float>({1, 1}, {1, 1}, 2e38)), ZClass::may_overflow);
  EXPECT_EQ((class_of<double>({1e200, 1e200}, {1e200, -1e200})), ZClass::may_overflow);
  EXPECT_EQ((class_of<double>({1e200, kInf}, {-1e200, 1})), ZClass::may_overflow);
  EXPECT_EQ((class_of<double>({1e154, 1e154}, {5e153, -5e153})), ZClass::may_overflow);
  EXPECT_EQ((class_of<double>({1e154, 1e154}, {1e153, -1e153})), ZClass::finite);
}

#if defined(__SSE2__)
TEST(Oracle, IgnoresAndKeepsTheCallersFlushToZeroMode) {
  const double x = 0x1p-1060, w = 0.5;
  const Layer layer{ConstMatrixView(&w, 1, 1), {}, {}};
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040U);
  const Preactivation z = preactivation(ConstMatrixView(&x, 1, 1), layer, {});
  const unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  EXPECT_EQ(z.hi, 0x1p-1061);
  EXPECT_EQ(after & 0x8040U, 0x8040U);
}
#endif

}  // namespace
}  // namespace perceptron::reference
