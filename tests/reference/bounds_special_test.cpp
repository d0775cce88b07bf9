// Accepted intervals of what is not finite, and what has no interval at all.
#include "src/reference/bounds.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "perceptron/error.hpp"
#include "tests/reference/judged_layer.hpp"
#include "tests/reference/samples.hpp"

namespace perceptron::reference {
namespace {

using test::intervals, test::outputs, test::truths;
using test::Kind;
using test::Samples;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Contract kF32{ActivationKind::identity, DType::f32, DType::f32, Arithmetic::reproducible};

Preactivation of_class(ZClass z_class) {
  Preactivation z;
  z.inputs = 1;
  z.z_class = z_class;
  return z;
}

TEST(Bounds, WhatIsNotFiniteHasItsOwnRules) {
  const auto judged = [](ZClass z_class, ActivationKind kind) {
    return accepted(of_class(z_class), {kind, DType::f32, DType::f16});
  };
  using enum ActivationKind;
  for (const auto kind : {identity, step, sigmoid, relu}) {
    const Interval nan = judged(ZClass::nan, kind);
    EXPECT_TRUE(nan.contains(kNan) && nan.is_judged());
    EXPECT_FALSE(nan.contains(0) || nan.contains(kInf) || nan.contains(-kInf));
    const Interval open = judged(ZClass::may_overflow, kind);
    EXPECT_TRUE(open.contains(kNan) && open.contains(kInf) && open.contains(0));
    EXPECT_FALSE(open.is_judged());
  }
  const auto expect_only = [&](const Interval& interval, double value) {
    EXPECT_TRUE(interval.contains(value)) << value;
    EXPECT_FALSE(interval.contains(std::nextafter(value, kInf)) && value != kInf) << value;
    EXPECT_FALSE(interval.contains(std::nextafter(value, -kInf)) && value != -kInf) << value;
    EXPECT_FALSE(interval.contains(kNan));
  };
  expect_only(judged(ZClass::plus_infinity, identity), kInf);
  expect_only(judged(ZClass::minus_infinity, identity), -kInf);
  expect_only(judged(ZClass::plus_infinity, sigmoid), 1);
  expect_only(judged(ZClass::minus_infinity, sigmoid), 0);
  expect_only(judged(ZClass::minus_infinity, gelu), 0);
  expect_only(judged(ZClass::plus_infinity, gelu), kInf);
  expect_only(judged(ZClass::minus_infinity, softsign), -1);
  expect_only(judged(ZClass::minus_infinity, step), 0);
  expect_only(judged(ZClass::minus_infinity, selu), static_cast<double>(Float16(-1.7580993408473766)));
}

TEST(Bounds, SoftmaxOfRowsThatAreNotFinite) {
  const auto row = [](ZClass first, ZClass second) {
    const Preactivation z[] = {of_class(first), of_class(second)};
    return accepted_softmax(z, kF32);
  };
  using enum ZClass;
  for (const ZClass bad : {nan, plus_infinity}) {
    for (const ZClass other : {finite, minus_infinity, may_overflow, nan}) {
      for (const Interval& interval : row(bad, other)) {
        EXPECT_TRUE(interval.contains(kNan) && !interval.contains(0.5));
      }
    }
  }
  EXPECT_FALSE(row(may_overflow, finite)[1].is_judged());
  EXPECT_TRUE(row(minus_infinity, minus_infinity)[0].contains(kNan));
  EXPECT_FALSE(row(minus_infinity, minus_infinity)[0].contains(0));
  const auto half_known = row(minus_infinity, finite);
  EXPECT_TRUE(half_known[0].contains(0) && half_known[1].contains(1));
  EXPECT_FALSE(half_known[0].contains(1e-30) || half_known[1].contains(0.999) ||
               half_known[1].contains(kNan));
}

TEST(Bounds, ReferenceLiesInsideWithSpecialOperands) {
  std::mt19937 random(14);
  for (const DType dtype : test::kAllDTypes) {
    for (const Activation& activation : test::every_activation()) {
      Samples samples({6, 40, 20}, dtype, Kind::normal, random());
      for (auto* values : {&samples.x, &samples.w, &samples.b}) {
        for (double& value : *values) {
          const double specials[] = {kInf, -kInf, kNan, 0, -0.0, 3e38, -3e38, 1e300};
          if (random() % 150 == 0) value = specials[random() % 8];
        }
      }
      samples.store();
      const Layer layer = samples.layer(activation);
      const auto y = outputs(samples, layer, DType::f32);
      const auto allowed =
          intervals(truths(samples, layer), samples.shape.outputs, {activation, dtype, DType::f32});
      for (std::size_t index = 0; index < y.size(); ++index) {
        ASSERT_TRUE(allowed[index].contains(y[index]))
            << to_string(dtype) << ' ' << to_string(activation) << ' ' << y[index] << " not in "
            << allowed[index].lo << " … " << allowed[index].hi;
      }
    }
  }
}

TEST(Bounds, RefusesWhatItHasNoBoundFor) {
  Preactivation z = of_class(ZClass::finite);
  Contract tensor = kF32;
  tensor.arithmetic = Arithmetic::tensor;
  EXPECT_NO_THROW(accepted(z, tensor));
  EXPECT_THROW(accepted(z, {ActivationKind::softmax, DType::f32, DType::f32}), InvalidArgument);
  z.inputs = z.nonzero_products = std::int64_t{1} << 31;
  EXPECT_THROW(accepted(z, kF32), Unsupported);
  z.inputs = z.nonzero_products = std::int64_t{1} << 23;
  EXPECT_NO_THROW(accepted(z, kF32));
  EXPECT_THROW(accepted(z, tensor), Unsupported);
  EXPECT_NO_THROW(accepted(z, {ActivationKind::identity, DType::f64, DType::f64}));
}

}  // namespace
}  // namespace perceptron::reference
