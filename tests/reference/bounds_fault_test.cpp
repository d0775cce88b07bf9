// Faults fall outside the accepted intervals: wrong operands, wrong activations, wrong sums of softmax.
#include "src/reference/bounds.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "tests/reference/judged_layer.hpp"
#include "tests/reference/samples.hpp"

namespace perceptron::reference {
namespace {

using test::intervals, test::outputs, test::truths;
using test::Kind;
using test::Samples;

/// The share of outputs that are refused after `fault` changed operands or layer behind the judge's back.
double refused(const Samples& samples, const Activation& activation,
               const std::function<void(Samples&)>& fault, const Activation& computed, bool has_bias = true) {
  Samples broken = samples;
  fault(broken);
  broken.store();
  const DType output = accumulator_of(samples.dtype);
  const auto y = outputs(broken, broken.layer(computed, has_bias), output);
  const auto allowed = intervals(truths(samples, samples.layer(activation)), samples.shape.outputs,
                                 {activation, samples.dtype, output});
  double count = 0;
  for (std::size_t index = 0; index < y.size(); ++index) count += !allowed[index].contains(y[index]);
  return count / static_cast<double>(y.size());
}

void flip_high_bit(std::vector<double>& w, std::int64_t inputs) {
  for (std::size_t k = 0; k < w.size(); k += static_cast<std::size_t>(inputs)) {
    int exponent = 0;
    const double fraction = std::frexp(w[k], &exponent);
    const bool is_set = std::fabs(fraction) >= 0.75;
    w[k] += std::copysign(std::ldexp(is_set ? -0.25 : 0.25, exponent), fraction);
  }
}

TEST(Bounds, FaultsInOperandsFallOutside) {
  for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16}) {
    for (const Kind kind : {Kind::normal, Kind::positive}) {
      const Samples samples({8, 100, 16}, dtype, kind, 11);
      const auto inputs = static_cast<std::size_t>(samples.shape.inputs);
      const auto share = [&](const std::function<void(Samples&)>& fault, bool has_bias = true) {
        return refused(samples, {}, fault, {}, has_bias);
      };
      SCOPED_TRACE(testing::Message() << to_string(dtype) << ' ' << to_string(kind));
      EXPECT_EQ(share([](Samples&) {}), 0);
      EXPECT_GT(share([](Samples&) {}, false), 0.95);
      EXPECT_GT(share([&](Samples& broken) {
                  for (std::size_t k = inputs - 1; k < broken.w.size(); k += inputs) broken.w[k] = 0;
                }),
                0.95);
      EXPECT_GT(share([](Samples& broken) { flip_high_bit(broken.w, broken.shape.inputs); }), 0.95);
      if (dtype == DType::bf16) continue;
      EXPECT_GT(share([](Samples& broken) { broken.x = test::rounded(broken.x, DType::bf16); }), 0.8);
    }
  }
}

TEST(Bounds, WrongActivationsFallOutside) {
  using enum ActivationKind;
  const std::pair<Activation, Activation> pairs[] = {{tanh, softsign},
                                                     {sigmoid, hard_sigmoid},
                                                     {gelu, gelu_tanh},
                                                     {silu, hard_swish},
                                                     {elu, selu},
                                                     {mish, silu},
                                                     {softplus, relu},
                                                     {hard_tanh, tanh},
                                                     {identity, tanh},
                                                     {softmax, sigmoid},
                                                     {leaky_relu, {leaky_relu, 0.0101}},
                                                     {relu, leaky_relu},
                                                     {step, sigmoid},
                                                     {hard_sigmoid, {hard_sigmoid, 0.2}},
                                                     {{elu, 1}, {elu, 1.001}}};
  Samples samples({16, 16, 16}, DType::f32, Kind::normal, 12);
  for (double& value : samples.w) value *= 0.3;
  samples.store();
  for (const auto& [right, wrong] : pairs) {
    const auto none = [](Samples&) {};
    EXPECT_EQ(refused(samples, right, none, right), 0) << to_string(right);
    EXPECT_GT(refused(samples, right, none, wrong), 0.3) << to_string(right) << " as " << to_string(wrong);
    EXPECT_GT(refused(samples, wrong, none, right), 0.3) << to_string(wrong) << " as " << to_string(right);
  }
}

TEST(Bounds, SoftmaxOfLongRowsIsInsideAndItsFaultsAreNot) {
  for (const DType dtype : {DType::f64, DType::f32}) {
    for (const double scale : {0.01, 1.0, 10.0, 60.0}) {
      Samples samples({2, 4, 3000}, dtype, Kind::normal, 13);
      for (double& value : samples.w) value *= scale;
      samples.store();
      const Layer layer = samples.layer(ActivationKind::softmax);
      const auto y = outputs(samples, layer, dtype);
      const auto allowed =
          intervals(truths(samples, layer), samples.shape.outputs, {ActivationKind::softmax, dtype, dtype});
      const double visible = dtype == DType::f64 ? 1e-10 : 1e-3;
      for (std::size_t index = 0; index < y.size(); ++index) {
        ASSERT_TRUE(allowed[index].contains(y[index])) << index << ' ' << y[index];
        ASSERT_FALSE(y[index] > 1e-20 && allowed[index].contains(y[index] * (1 + visible))) << index;
      }
    }
  }
}

}  // namespace
}  // namespace perceptron::reference
