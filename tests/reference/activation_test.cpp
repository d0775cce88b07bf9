// The activations against the contract: limits and signs of zero, true values, equal bits in every lane.
// Every f32 is checked by activation_exhaustive; here a stride of 1021, with all branch points looked at
// closely.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "kernels/epilogue/activation.hpp"
#include "tests/reference/activation_lanes.hpp"
#include "tests/reference/activation_truth.hpp"

namespace perceptron::reference {
namespace {

using epilogue::activate;
using epilogue::activation_error_ulps;

template <class T>
constexpr T kInf = std::numeric_limits<T>::infinity();

template <class T>
bool same(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0 || (std::isnan(a) && std::isnan(b));
}

/// One row of the contract's table. Sums and products are written out, so that rounding to f32 is rounding
/// once.
struct Limits {
  Activation activation;
  double minus_infinity;
  double minus_zero;
  double plus_zero;
  double plus_infinity;
};

std::vector<Limits> contract() {
  using enum ActivationKind;
  constexpr double kLn2 = 0.693147180559945309417232;
  constexpr double kSelu = -1.75809934084737685994;
  constexpr double kI = kInf<double>;
  return {
      {identity, -kI, -0.0, 0.0, kI},     {step, 0.0, 0.0, 0.0, 1.0},
      {sigmoid, 0.0, 0.5, 0.5, 1.0},      {tanh, -1.0, -0.0, 0.0, 1.0},
      {relu, 0.0, 0.0, 0.0, kI},          {leaky_relu, -kI, -0.0, 0.0, kI},
      {elu, -1.0, -0.0, 0.0, kI},         {{elu, 1.75}, -1.75, -0.0, 0.0, kI},
      {selu, kSelu, -0.0, 0.0, kI},       {gelu, -0.0, -0.0, 0.0, kI},
      {gelu_tanh, -0.0, -0.0, 0.0, kI},   {silu, -0.0, -0.0, 0.0, kI},
      {softplus, 0.0, kLn2, kLn2, kI},    {softsign, -1.0, -0.0, 0.0, 1.0},
      {hard_sigmoid, 0.0, 0.5, 0.5, 1.0}, {hard_tanh, -1.0, -0.0, 0.0, 1.0},
      {hard_swish, -0.0, -0.0, 0.0, kI},  {mish, -0.0, -0.0, 0.0, kI},
  };
}

template <class T>
void expect_limits(const Limits& row) {
  const auto expect = [&](T z, double wanted) {
    const T y = activate<T>(row.activation, z);
    EXPECT_PRED2(same<T>, y, static_cast<T>(wanted)) << to_string(row.activation) << " of " << z;
  };
  expect(-kInf<T>, row.minus_infinity);
  expect(T(-0.0), row.minus_zero);
  expect(T(0.0), row.plus_zero);
  expect(kInf<T>, row.plus_infinity);
}

TEST(ActivationLimits, EveryRowOfTheContract) {
  const auto rows = contract();
  for (const auto& row : rows) {
    expect_limits<float>(row);
    expect_limits<double>(row);
  }
  for (std::size_t kind = 0; kind + 1 < kActivations.size(); ++kind) {
    const auto is_of_kind = [&](const Limits& row) {
      return row.activation.kind == static_cast<ActivationKind>(kind);
    };
    EXPECT_TRUE(std::ranges::any_of(rows, is_of_kind)) << kActivations[kind].name;
  }
}

TEST(ActivationLimits, NanStaysNan) {
  const auto quiet = std::numeric_limits<double>::quiet_NaN();
  const auto payload = std::bit_cast<double>(std::uint64_t{0xfff0'dead'0000'beef});
  for (const auto& activation : activations_under_test()) {
    for (const double nan : {quiet, -quiet, payload}) {
      EXPECT_TRUE(std::isnan(activate<double>(activation, nan))) << to_string(activation);
      EXPECT_TRUE(std::isnan(activate<float>(activation, static_cast<float>(nan)))) << to_string(activation);
    }
  }
}

TEST(ActivationLimits, WorkedExampleAtZero) {
  EXPECT_EQ(activate<float>(ActivationKind::step, 0), 0);
  EXPECT_EQ(activate<float>(ActivationKind::relu, 0), 0);
  EXPECT_EQ(activate<float>(ActivationKind::sigmoid, 0), 0.5f);
  EXPECT_EQ(activate<float>(ActivationKind::tanh, 0), 0);
}

TEST(ActivationBounds, LieWithinTheContract) {
  using enum ActivationKind;
  for (std::size_t index = 0; index < kActivations.size(); ++index) {
    const auto kind = static_cast<ActivationKind>(index);
    const double f64_limit = kind == gelu || kind == gelu_tanh || kind == mish ? 4 : 2;
    EXPECT_LE(activation_error_ulps(kind, false), 2);
    EXPECT_LE(activation_error_ulps(kind, true), f64_limit);
  }
}

/// The points of a sweep, padded with its last one to what lanes take.
template <class T>
void pad(std::vector<T>& z) {
  z.resize((z.size() + kLaneGranule - 1) / kLaneGranule * kLaneGranule, z.back());
}

std::vector<float> strided_floats() {
  std::vector<float> z;
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << 32; bits += 1021) {
    z.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  pad(z);
  return z;
}

/// 64 neighbours on each side of every branch point.
template <class T>
std::vector<T> branch_neighbours() {
  std::vector<T> z;
  for (const double point : branch_points(sizeof(T) == 8)) {
    for (const T direction : {-kInf<T>, kInf<T>}) {
      auto neighbour = static_cast<T>(point);
      for (int i = 0; i <= 64; ++i, neighbour = std::nextafter(neighbour, direction)) z.push_back(neighbour);
    }
  }
  pad(z);
  return z;
}

std::vector<double> sampled_doubles() {
  std::vector<double> z;
  for (std::uint64_t index = 0; index < 20'000; ++index) z.push_back(f64_sample(index));
  pad(z);
  return z;
}

class ActivationSweep : public testing::TestWithParam<Activation> {
 protected:
  double f32_error(float z, float y) {
    if (std::isinf(z)) return 0;  // the contract's table
    return f32_error_ulps(y, std::isnan(z) ? z : f32_truth(GetParam(), z));
  }

  double error(float z, float y) { return f32_error(z, y); }
  double error(double z, double y) { return std::isinf(z) ? 0 : truth_.f64_error_ulps(GetParam(), z, y); }

  template <class T>
  void expect_true(std::span<const T> points) {
    double worst = 0;
    T where = 0;
    for (const T z : points) {
      const double ulps = error(z, activate<T>(GetParam(), z));
      if (!(ulps <= worst)) worst = ulps, where = z;
    }
    EXPECT_LE(worst, activation_error_ulps(GetParam().kind, sizeof(T) == 8))
        << "at " << std::hexfloat << where;
  }

  template <class T>
  void expect_equal_lanes(std::span<const T> points) {
    std::vector<T> expected(points.size()), y(points.size());
    for (std::size_t i = 0; i < points.size(); ++i) expected[i] = activate<T>(GetParam(), points[i]);
    for (const auto& lane : activation_lanes()) {
      if constexpr (sizeof(T) == 4) {
        lane.f32(GetParam(), points, y);
      } else {
        lane.f64(GetParam(), points, y);
      }
      const auto differ = std::mismatch(y.begin(), y.end(), expected.begin(), same<T>);
      EXPECT_TRUE(differ.first == y.end()) << lane.name << " at " << std::hexfloat
                                           << points[static_cast<std::size_t>(differ.first - y.begin())];
    }
  }

  TrueValue truth_;
};

TEST_P(ActivationSweep, FloatsOverTheWholeRange) {
  static const auto kPoints = strided_floats();
  expect_true<float>(kPoints);
  expect_equal_lanes<float>(kPoints);
}

TEST_P(ActivationSweep, FloatsNearBranchPoints) {
  static const auto kPoints = branch_neighbours<float>();
  expect_true<float>(kPoints);
  expect_equal_lanes<float>(kPoints);
}

TEST_P(ActivationSweep, SampledDoubles) {
  static const auto kPoints = sampled_doubles();
  expect_true<double>(kPoints);
  expect_equal_lanes<double>(kPoints);
}

TEST_P(ActivationSweep, DoublesNearBranchPoints) {
  static const auto kPoints = branch_neighbours<double>();
  expect_true<double>(kPoints);
  expect_equal_lanes<double>(kPoints);
}

/// The judge judged: libm in double is within 2¹⁴ of its ulps of MPFR, which is 2⁻¹⁵ of an f32 ulp.
TEST_P(ActivationSweep, TruthOfFloatsIsTrue) {
  if (GetParam().kind == ActivationKind::hard_swish) GTEST_SKIP() << "its a is another number in f64";
  const Activation narrowed{GetParam().kind, static_cast<float>(GetParam().parameter)};
  auto points = branch_neighbours<float>();
  for (std::uint64_t index = 0; index < 5'000; ++index)
    points.push_back(static_cast<float>(f64_sample(index)));
  for (const float z : points) {
    if (!std::isfinite(z)) continue;
    ASSERT_LE(truth_.f64_error_ulps(narrowed, z, f32_truth(GetParam(), z)), 0x1p14) << std::hexfloat << z;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ActivationSweep, testing::ValuesIn(activations_under_test()),
                         [](const auto& test) {
                           return std::string(to_string(test.param.kind)) + "_" + std::to_string(test.index);
                         });

TEST(ActivationLanes, ScalarComesFirst) {
  const auto lanes = activation_lanes();
  if (lanes.empty()) GTEST_SKIP() << "no SIMD target with fused multiply-add on this machine";
  ASSERT_GE(lanes.size(), 2u);
  EXPECT_EQ(lanes[0].name, "scalar");
}

}  // namespace
}  // namespace perceptron::reference
