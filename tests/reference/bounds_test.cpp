// Accepted intervals: the reference always lies inside, with room that is neither wasted nor missing.
#include "src/reference/bounds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "kernels/epilogue/activation.hpp"
#include "src/reference/canonical.hpp"
#include "tests/reference/judged_layer.hpp"
#include "tests/reference/samples.hpp"

namespace perceptron::reference {
namespace {

using test::intervals, test::outputs, test::truths;
using test::Kind;
using test::Samples;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Contract kF32{ActivationKind::identity, DType::f32, DType::f32, Arithmetic::reproducible};

/// |y − z|/B of an identity layer whose output is the accumulator itself.
double share_of_bound(double y, const Preactivation& z, DType storage) {
  const long double bound = preactivation_bound(z, storage, Arithmetic::reproducible);
  const long double distance = std::fabs((static_cast<long double>(y) - z.hi) - z.lo);
  return distance == 0 ? 0 : static_cast<double>(distance / bound);
}

TEST(Bounds, ReferenceLiesInsideForEveryActivationAndType) {
  std::uint64_t seed = 1;
  std::int64_t judged = 0;
  for (const DType dtype : test::kAllDTypes) {
    for (const Kind kind : test::kKinds) {
      for (const std::int64_t inputs : {1, 5, 255, 600}) {
        const Samples samples({3, inputs, 34}, dtype, kind, seed++);
        const auto z = truths(samples, samples.layer({}));
        for (const Activation& activation : test::every_activation()) {
          const Layer layer = samples.layer(activation);
          for (const DType output : test::kAllDTypes) {
            const auto y = outputs(samples, layer, output);
            const auto allowed = intervals(z, samples.shape.outputs, {activation, dtype, output});
            for (std::size_t index = 0; index < y.size(); ++index) {
              ASSERT_TRUE(allowed[index].is_judged());
              ASSERT_TRUE(allowed[index].contains(y[index]))
                  << to_string(dtype) << ' ' << to_string(kind) << ' ' << inputs << ' '
                  << to_string(activation) << " to " << to_string(output) << ": " << y[index] << " not in "
                  << allowed[index].lo << " … " << allowed[index].hi;
              ++judged;
            }
          }
        }
      }
    }
  }
  RecordProperty("judged", std::to_string(judged));
}

TEST(Bounds, ReferenceUsesAFairShareOfThem) {
  for (const DType dtype : test::kAllDTypes) {
    for (const Kind kind : test::kKinds) {
      for (const std::int64_t inputs : {1, 8, 256, 5000}) {
        const Samples samples({8, inputs, 16}, dtype, kind, 7);
        const Layer layer = samples.layer(ActivationKind::identity);
        const auto y = outputs(samples, layer, accumulator_of(dtype));
        const auto z = truths(samples, layer);
        double worst = 0;
        for (std::size_t index = 0; index < y.size(); ++index) {
          worst = std::max(worst, share_of_bound(y[index], z[index], dtype));
        }
        const auto name =
            std::string(to_string(dtype)) + '_' + std::string(to_string(kind)) + '_' + std::to_string(inputs);
        RecordProperty(name, std::to_string(worst));
        EXPECT_LE(worst, 1) << name;
        // Few bits may sum without any error, and where f64 underflows the oracle rounds as the reference
        // does.
        const bool may_be_exact = dtype == DType::f16 || dtype == DType::bf16 || kind == Kind::subnormal;
        EXPECT_GT(worst, may_be_exact ? -1 : 1e-4) << name;
      }
    }
  }
}

/// 1, then in every step a term that the sum rounds up to its next value but one half: each step errs by
/// almost u.
TEST(Bounds, WorstCaseFillsThem) {
  const std::int64_t inputs = 256 + 200 * kSumBlock;
  std::vector<float> x(static_cast<std::size_t>(inputs), 0.0F), w(x.size(), 1.0F);
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (k < 256 || k % 256 == 0) x[k] = 0x1.0002p-24F;
  }
  x[0] = 1;
  float y = 0;
  const ConstMatrixView x_view(x.data(), 1, inputs);
  const Layer layer{ConstMatrixView(w.data(), 1, inputs), {}, {}};
  canonical(x_view, layer, MatrixView(&y, 1, 1));
  const Preactivation z = preactivation(x_view, layer, {});
  const double share = share_of_bound(y, z, DType::f32);
  RecordProperty("share", std::to_string(share));
  EXPECT_GT(share, 0.99);
  EXPECT_LE(share, 1);
  EXPECT_TRUE(accepted(z, kF32).contains(y));
}

TEST(Bounds, RoundingOfOneProductMayUseAllOfThem) {
  const float x = 0x1.001p0F, w = 0x1.ffe004p-1F;
  const Layer layer{ConstMatrixView(&w, 1, 1), {}, {}};
  const Preactivation z = preactivation(ConstMatrixView(&x, 1, 1), layer, {});
  EXPECT_GT(share_of_bound(x * w, z, DType::f32), 0.99);
  const Interval interval = accepted(z, kF32);
  EXPECT_EQ(interval.hi, x * w);
  EXPECT_EQ(interval.lo, x * w);
}

TEST(Bounds, AnExactZLeavesOnlyTheActivationsError) {
  const float x = 0, w = 1;
  const Layer layer{ConstMatrixView(&w, 1, 1), {}, {}};
  const Preactivation z = preactivation(ConstMatrixView(&x, 1, 1), layer, {});
  const Interval interval = accepted(z, {ActivationKind::sigmoid, DType::f32, DType::f32});
  const double margin = epilogue::activation_error_ulps(ActivationKind::sigmoid, false) * 0x1p-24;
  EXPECT_EQ(interval.lo, 0.5 - margin);
  EXPECT_EQ(interval.hi, 0.5 + margin);
}

TEST(Bounds, StepIsAmbiguousOnlyAroundItsThreshold) {
  const auto interval = [](std::vector<float> x, std::vector<float> w) {
    const auto inputs = static_cast<std::int64_t>(x.size());
    const Layer layer{ConstMatrixView(w.data(), 1, inputs), {}, ActivationKind::step};
    return accepted(preactivation(ConstMatrixView(x.data(), 1, inputs), layer, {}),
                    {ActivationKind::step, DType::f32, DType::f16});
  };
  const Interval zero = interval({0, 0}, {1, 2});
  EXPECT_FALSE(zero.is_ambiguous());
  EXPECT_TRUE(zero.contains(0) && zero.contains(-0.0));
  EXPECT_FALSE(zero.contains(1) || zero.contains(kNan));
  const Interval one = interval({1, 1e-9F}, {1, 1});
  EXPECT_FALSE(one.is_ambiguous());
  EXPECT_TRUE(one.contains(1));
  EXPECT_FALSE(one.contains(0));
  const Interval tie = interval({1, -1}, {1, 1});  // Exact in any order.
  EXPECT_FALSE(tie.is_ambiguous());
  EXPECT_TRUE(tie.contains(0));
  EXPECT_FALSE(tie.contains(1));
  const Interval either = interval({1, -1, 1e-9F}, {1, 1, 1});
  EXPECT_TRUE(either.is_ambiguous());
  EXPECT_TRUE(either.contains(0) && either.contains(1));
  EXPECT_FALSE(either.contains(0.5) || either.contains(kNan));
}

TEST(Bounds, ExpOfSoftmaxKeepsItsShareOfThem) {
  const auto worst = [](auto smallest, double lowest, int points) {
    using T = decltype(smallest);
    std::mt19937_64 random(15);
    std::uniform_real_distribution<double> uniform(lowest, 0);
    long double worst = 0;
    for (int point = 0; point < points; ++point) {
      const T x = static_cast<T>(point % 2 == 0 ? uniform(random) : uniform(random) * 0.01);
      const long double truth = std::exp(static_cast<long double>(x));
      const T found = epilogue::exp_nonpositive<epilogue::ScalarLane<T>>(x);
      const int exponent = std::max(std::ilogb(truth), std::numeric_limits<T>::min_exponent - 1);
      const long double ulp = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits + 1);
      worst = std::max(worst, std::fabs(found - truth) / ulp);
    }
    return static_cast<double>(worst);
  };
  EXPECT_LT(worst(0.0F, -110, 300'000), 1);
  EXPECT_LT(worst(0.0, -750, 300'000), 1);
  EXPECT_GT(worst(0.0F, -110, 300'000), 0.49);
}

}  // namespace
}  // namespace perceptron::reference
