// Enclosures of true activation values against the definitions in thousands of bits.
#include "src/reference/activation_range.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tests/reference/real.hpp"
#include "tests/reference/samples.hpp"

namespace perceptron::reference {
namespace {

using test::Real;

Real clamped(const Real& value, int lo, int hi) {
  return value < Real(lo) ? Real(lo) : Real(hi) < value ? Real(hi) : value;
}

/// The contract's table word for word; 4300 bits make every cancellation harmless.
Real truth(const Activation& activation, DType accumulator, const Real& z) {
  const auto typed = [&](double a) {
    return Real(accumulator == DType::f64 ? a : double{static_cast<float>(a)});
  };
  const Real a = typed(activation.parameter), half = Real(0.5);
  const bool is_positive = Real(0) < z;
  switch (activation.kind) {
    case ActivationKind::identity: return z;
    case ActivationKind::step: return Real(is_positive ? 1 : 0);
    case ActivationKind::sigmoid: return Real(1) / (Real(1) + exp(-z));
    case ActivationKind::tanh: return tanh(z);
    case ActivationKind::relu: return is_positive ? z : Real(0);
    case ActivationKind::leaky_relu: return is_positive ? z : a * z;
    case ActivationKind::elu: return is_positive ? z : a * expm1(z);
    case ActivationKind::selu:
      return Real(1.0507009873554805L) * (is_positive ? z : Real(1.6732632423543772L) * expm1(z));
    case ActivationKind::gelu: return z * half * erfc(-z / sqrt(Real(2)));
    case ActivationKind::gelu_tanh:
      return z * half * (Real(1) + tanh(sqrt(Real(2) / Real::pi()) * (z + Real(0.044715L) * z * z * z)));
    case ActivationKind::silu: return z / (Real(1) + exp(-z));
    case ActivationKind::softplus: return (is_positive ? z : Real(0)) + log1p(exp(-abs(z)));
    case ActivationKind::softsign: return z / (Real(1) + abs(z));
    case ActivationKind::hard_sigmoid: return clamped(a * z + half, 0, 1);
    case ActivationKind::hard_tanh: return clamped(z, -1, 1);
    case ActivationKind::hard_swish: return z * clamped(typed(1.0 / 6) * z + half, 0, 1);
    case ActivationKind::mish: return z * tanh(log1p(exp(z)));
    case ActivationKind::softmax: break;
  }
  ADD_FAILURE() << "no truth for " << to_string(activation);
  return {};
}

std::vector<Activation> activations_of_elements() {
  std::vector<Activation> all = test::every_activation();
  std::erase_if(all, [](const Activation& activation) { return activation.kind == ActivationKind::softmax; });
  all.insert(all.end(), {{ActivationKind::leaky_relu, 3}, {ActivationKind::hard_sigmoid, 0.2}});
  return all;
}

/// Not tested closer than the f64 subnormals, for which bounds.cpp has its own margin.
void expect_encloses(const Enclosure& range, const Real& value) {
  EXPECT_LE(Real(range.lo), value + Real(0x1p-1080L));
  EXPECT_LE(value, Real(range.hi) + Real(0x1p-1080L));
}

TEST(ActivationRange, EnclosesTheTruthTightlyAtPoints) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  for (const Activation& activation : activations_of_elements()) {
    for (const DType accumulator : {DType::f64, DType::f32}) {
      std::vector<double> points{0, 1, -1, 3, -3, 0x1p-60, -0x1p-60, -1000, 1000, 3e38, -3e38};
      for (const double scale : {0.01, 1.0, 10.0, 40.0}) {
        for (int n = 0; n < 20; ++n) points.push_back(scale * normal(random));
      }
      for (const double z : points) {
        SCOPED_TRACE(testing::Message() << to_string(activation) << " at " << z);
        const Enclosure range = activation_range(activation, accumulator, z, z);
        // Far beyond ±10⁴, where MPFR would take long over e^z, every function has its limit or is linear.
        if (std::fabs(z) > 1e4) continue;
        const Real value = truth(activation, accumulator, Real(z));
        expect_encloses(range, value);
        // A sixteenth of an f64 ulp; the tails of the two gelus, where e^−z² makes the value, less closely.
        const Real width = z < -3 ? Real(0x1p-49) : Real(0x1p-56);
        EXPECT_LE(Real(range.hi) - Real(range.lo), width * abs(value) + Real(0x1p-1080L));
      }
    }
  }
}

TEST(ActivationRange, EnclosesIntervalsAndTouchesTheirExtremes) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  for (const Activation& activation : activations_of_elements()) {
    for (int n = 0; n < 12; ++n) {
      double lo = 2 * normal(random), hi = 2 * normal(random);
      if (hi < lo) std::swap(lo, hi);
      SCOPED_TRACE(testing::Message() << to_string(activation) << " over " << lo << " … " << hi);
      const Enclosure range = activation_range(activation, DType::f64, lo, hi);
      Real least = truth(activation, DType::f64, Real(lo)), most = least;
      constexpr int kSteps = 64;
      for (int step = 0; step <= kSteps; ++step) {
        const double z = step == kSteps ? hi : lo + (hi - lo) * step / kSteps;
        const Real value = truth(activation, DType::f64, Real(z));
        expect_encloses(range, value);
        if (value < least) least = value;
        if (most < value) most = value;
      }
      // Between samples at distance d, f at an extremum rises by at most d²·|f''|/2, and kinks by d·slope.
      const double distance = (hi - lo) / kSteps;
      if (activation.kind != ActivationKind::step) {
        EXPECT_LE(least, Real(range.lo) + Real(2 * distance));
        EXPECT_LE(Real(range.hi), most + Real(2 * distance));
      }
    }
  }
}

TEST(ActivationRange, KnowsTheMinima) {
  const auto minimum = [](const Activation& activation) {
    return activation_range(activation, DType::f64, -2, -0.5).lo;
  };
  EXPECT_NEAR(static_cast<double>(minimum(ActivationKind::gelu)), -0.16997120747990366, 1e-16);
  EXPECT_NEAR(static_cast<double>(minimum(ActivationKind::gelu_tanh)), -0.17004075057125405, 1e-16);
  EXPECT_NEAR(static_cast<double>(minimum(ActivationKind::silu)), -0.27846454276107379, 1e-16);
  EXPECT_NEAR(static_cast<double>(minimum(ActivationKind::mish)), -0.30884341301725042, 1e-16);
  EXPECT_NEAR(static_cast<double>(minimum(ActivationKind::hard_swish)), -0.375, 1e-16);
  const Enclosure kink = activation_range({ActivationKind::leaky_relu, -0.5}, DType::f32, -1, 1);
  EXPECT_EQ(kink.lo, 0);
}

TEST(ActivationRange, KnowsTheLimits) {
  const auto at = [](ActivationKind kind, bool plus) { return activation_limit(kind, DType::f64, plus); };
  constexpr long double kInf = std::numeric_limits<long double>::infinity();
  using enum ActivationKind;
  for (const auto kind :
       {identity, relu, leaky_relu, elu, selu, gelu, gelu_tanh, silu, softplus, hard_swish, mish}) {
    EXPECT_EQ(at(kind, true), kInf) << to_string(kind);
  }
  for (const auto kind : {step, sigmoid, tanh, softsign, hard_sigmoid, hard_tanh}) {
    EXPECT_EQ(at(kind, true), 1) << to_string(kind);
  }
  for (const auto kind :
       {step, sigmoid, relu, gelu, gelu_tanh, silu, softplus, hard_sigmoid, hard_swish, mish}) {
    EXPECT_EQ(at(kind, false), 0) << to_string(kind);
  }
  for (const auto kind : {tanh, elu, softsign, hard_tanh}) EXPECT_EQ(at(kind, false), -1) << to_string(kind);
  for (const auto kind : {identity, leaky_relu}) EXPECT_EQ(at(kind, false), -kInf) << to_string(kind);
  EXPECT_NEAR(static_cast<double>(at(selu, false)), -1.7580993408473766, 1e-15);
}

}  // namespace
}  // namespace perceptron::reference
