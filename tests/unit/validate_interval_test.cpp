// validate by intervals: others' arithmetic passes, element classes are counted apart, and stacks are judged
// by their ends or layer by layer.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "perceptron/engine.hpp"
#include "perceptron/error.hpp"
#include "perceptron/matrix.hpp"
#include "perceptron/validate.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron {
namespace {

using test::expect_error, test::random_matrix, test::random_model;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// A layer's outputs from sums in f32 in one chain, products rounded first: not the contract's order.
Matrix plain_loop(const Matrix& x, const Layer& layer, float (*f)(float)) {
  Matrix y(DType::f32, x.rows(), layer.outputs(), layer.groups());
  for (std::int64_t group = 0; group < layer.groups(); ++group) {
    const auto* bias = static_cast<const float*>(layer.bias.element(group, 0));
    for (std::int64_t row = 0; row < x.rows(); ++row) {
      const auto* input = static_cast<const float*>(x.view().element(group, row));
      for (std::int64_t output = 0; output < layer.outputs(); ++output) {
        const auto* weight = static_cast<const float*>(layer.weight.element(group, output));
        float sum = bias[output];
        for (std::int64_t k = 0; k < layer.inputs(); ++k) sum += input[k] * weight[k];
        static_cast<float*>(y.view().element(group, row))[output] = f(sum);
      }
    }
  }
  return y;
}

float logistic(float z) { return 1 / (1 + std::exp(-z)); }
float rectified(float z) { return std::max(z, 0.0F); }

TEST(ValidateInterval, AnotherOrderOfSummationPasses) {
  const Model model = random_model({{300, 40}, "sigmoid", DType::f32, 2}, 1);
  const Matrix x = random_matrix(Matrix(DType::f32, 20, 300, 2), 2);
  const Matrix y = plain_loop(x, model.layer(0), logistic);
  EXPECT_FALSE(validate(x, model.layer(0), y).passed());
  for (const int threads : {0, 1, 2, 1'000'000}) {
    const Verdict verdict = validate(x, model.layer(0), y, ValidateOptions(Arithmetic::tensor, threads));
    EXPECT_TRUE(verdict.passed()) << describe(verdict);
    EXPECT_EQ(verdict.checked, 2 * 20 * 40);
    EXPECT_EQ(verdict.of(ElementClass::ordinary).checked, 2 * 20 * 40);
    ASSERT_TRUE(verdict.worst);
    EXPECT_GT(verdict.worst->share, 0);
    EXPECT_LE(verdict.worst->share, 1);
    EXPECT_EQ(mistrust(verdict), "");
  }
}

TEST(ValidateInterval, MismatchesOfBitsSayWhetherTheyAreAllowed) {
  const Model model = random_model({{300, 4}, "identity"}, 1);
  const Matrix x = random_matrix(Matrix(DType::f32, 3, 300), 2);
  const Verdict verdict = validate(x, model.layer(0),
                                   plain_loop(
                                       x, model.layer(0), +[](float z) { return z; }));
  ASSERT_FALSE(verdict.passed());
  for (const Mismatch& failure : verdict.failures) {
    EXPECT_LE(failure.lo, failure.found);
    EXPECT_GE(failure.hi, failure.found);
    EXPECT_NE(to_string(failure).find("only bits differ"), std::string::npos) << to_string(failure);
    EXPECT_NEAR(failure.z, failure.expected, failure.z_bound);
  }
}

TEST(ValidateInterval, CountsClassesApart) {
  const float x[] = {1, kNan, kInf, -kInf, 0, 1e-30F};
  const float w[] = {1e-10F};
  const Layer layer{{w, 1, 1}, {}, {}};
  float y[] = {1e-10F, kNan, kInf, -kInf, 0, 1e-40F};
  const auto judged = [&](Arithmetic arithmetic) {
    return validate({x, 6, 1}, layer, {y, 6, 1}, arithmetic);
  };
  for (const Arithmetic arithmetic : {Arithmetic::reproducible, Arithmetic::tensor}) {
    const Verdict right = judged(arithmetic);
    EXPECT_TRUE(right.passed()) << describe(right);
    for (const ClassCount& count : right.classes) EXPECT_EQ(count.checked, 1);
  }
  y[1] = 7;
  y[4] = 1e-45F;
  for (const Arithmetic arithmetic : {Arithmetic::reproducible, Arithmetic::tensor}) {
    const Verdict wrong = judged(arithmetic);
    EXPECT_EQ(wrong.mismatches, 2);
    EXPECT_EQ(wrong.of(ElementClass::nan).mismatches, 1);
    EXPECT_EQ(wrong.of(ElementClass::zero).mismatches, 1);
    EXPECT_EQ(wrong.of(ElementClass::ordinary).mismatches, 0);
    ASSERT_EQ(wrong.failures.size(), 2);
    EXPECT_TRUE(wrong.failures[0].nan_allowed);
    EXPECT_GT(wrong.failures[0].lo, wrong.failures[0].hi);
    EXPECT_EQ(wrong.failures[1].ulps, 1);
    ASSERT_TRUE(wrong.worst);
    EXPECT_EQ(wrong.worst->share, std::numeric_limits<double>::infinity());
  }
}

TEST(ValidateInterval, StepsNearTheThresholdAreAmbiguous) {
  // z = 1 − 1 + 1e-9: the order decides whether anything is left of it.
  const float x[] = {1, -1, 1e-9F}, w[] = {1, 1, 1};
  const Layer layer{{w, 1, 3}, {}, ActivationKind::step};
  for (const float answer : {0.0F, 1.0F}) {
    const Verdict verdict = validate({x, 1, 3}, layer, {&answer, 1, 1}, Arithmetic::tensor);
    EXPECT_TRUE(verdict.passed());
    EXPECT_EQ(verdict.ambiguous, 1);
    EXPECT_NE(mistrust(verdict).find("threshold"), std::string::npos);
  }
  const float half = 0.5F;
  EXPECT_FALSE(validate({x, 1, 3}, layer, {&half, 1, 1}, Arithmetic::tensor).passed());
}

TEST(ValidateInterval, OverflowThatTheOrderDecidesIsNotJudged) {
  const float x[] = {3e38F, 3e38F, -3e38F}, w[] = {1, 1, 1}, y = kInf;
  const Verdict verdict = validate({x, 1, 3}, Layer{{w, 1, 3}, {}, {}}, {&y, 1, 1}, Arithmetic::tensor);
  EXPECT_TRUE(verdict.passed());
  EXPECT_EQ(verdict.unjudged, 1);
  EXPECT_NE(mistrust(verdict), "");
}

TEST(ValidateInterval, ZerosEverywhereAreNotTrusted) {
  const Model model = random_model({{4, 8}, "relu"}, 3);
  const Matrix x(DType::f32, 5, 4);
  Matrix zeros(DType::f32, 1, 8);
  Layer layer = model.layer(0);
  layer.bias = std::as_const(zeros).view();
  const Matrix y(DType::f32, 5, 8);
  const Verdict verdict = validate(x, layer, y);
  EXPECT_TRUE(verdict.passed());
  EXPECT_NE(mistrust(verdict).find("40 of 40"), std::string::npos);
  EXPECT_EQ(mistrust(validate(Matrix(DType::f32, 0, 4), model.layer(0), Matrix(DType::f32, 0, 8))),
            "no element was checked");
}

/// Two hidden layers, as another implementation computes them.
struct Stack {
  explicit Stack(std::string_view activations = "relu,relu,relu")
      : model(random_model({{64, 48, 32, 10}, activations, DType::f32, 2}, 5)),
        x(random_matrix(Matrix(DType::f32, 30, 64, 2), 6)) {
    outputs.push_back(plain_loop(x, model.layer(0), rectified));
    outputs.push_back(plain_loop(outputs[0], model.layer(1), rectified));
    outputs.push_back(plain_loop(outputs[1], model.layer(2), rectified));
  }
  std::vector<ConstMatrixView> views() const { return {outputs[0], outputs[1], outputs[2]}; }
  float* element(std::size_t layer, std::int64_t group, std::int64_t row) {
    return static_cast<float*>(outputs[layer].view().element(group, row));
  }

  Model model;
  Matrix x;
  std::vector<Matrix> outputs;
};

TEST(ValidateInterval, StacksAreJudgedByTheirEnds) {
  Stack stack;
  const Verdict verdict = validate(stack.x, stack.model, stack.outputs[2], Arithmetic::tensor);
  EXPECT_TRUE(verdict.passed()) << describe(verdict);
  EXPECT_EQ(verdict.checked, 2 * 30 * 10);
  EXPECT_FALSE(validate(stack.x, stack.model, stack.outputs[2], Arithmetic::reproducible).passed());
  float* const wrong = stack.element(2, 1, 7);
  wrong[3] += 1e-3F;
  const Verdict broken = validate(stack.x, stack.model, stack.outputs[2], Arithmetic::tensor);
  EXPECT_EQ(broken.mismatches, 1);
  EXPECT_EQ(shared_by_failures(broken), "group 1 (the last), row 7, column 3");
}

TEST(ValidateInterval, IntervalsAsWideAsTheValuesAreNotTrusted) {
  const std::vector<std::int64_t> widths(11, 128);
  const Model deep = random_model({widths, "relu,relu,relu,relu,relu,relu,relu,relu,relu,identity"}, 9);
  const Matrix x = random_matrix(Matrix(DType::f32, 4, 128), 10), zeros(DType::f32, 4, 128);
  const Verdict verdict = validate(x, deep, zeros, Arithmetic::tensor);
  EXPECT_TRUE(verdict.passed()) << "zeros lie in the intervals of so deep a model";
  EXPECT_EQ(verdict.vague, 4 * 128);
  EXPECT_NE(mistrust(verdict).find("512 of 512"), std::string::npos) << mistrust(verdict);

  const Model flat = random_model({{128, 128}, "identity"}, 9);
  Matrix y(DType::f32, 4, 128);
  Engine(flat).run(x, y);
  const Verdict trusted = validate(x, flat, y, Arithmetic::tensor);
  EXPECT_LE(trusted.vague, 2);
  EXPECT_EQ(mistrust(trusted), "");
}

/// Intervals grow from layer to layer, and lie beside the truth where an activation saturates; what is told
/// as expected is the truth.
TEST(ValidateInterval, DeepStacksKnowTheTruth) {
  const Model model =
      random_model({{64, 64, 64, 64, 64, 64, 64, 64}, "tanh,tanh,tanh,tanh,tanh,tanh,tanh"}, 3);
  const Matrix x = random_matrix(Matrix(DType::f32, 1, 64), 4);
  std::vector<long double> truth(64);
  for (std::size_t k = 0; k < 64; ++k) truth[k] = static_cast<const float*>(x.data())[k];
  for (const Layer& layer : model.layers()) {
    std::vector<long double> next;
    for (std::int64_t output = 0; output < 64; ++output) {
      long double z = static_cast<const float*>(layer.bias.data)[output];
      const auto* weight = static_cast<const float*>(layer.weight.element(0, output));
      for (std::size_t k = 0; k < 64; ++k) z += truth[k] * weight[k];
      next.push_back(std::tanh(z));
    }
    truth = next;
  }
  Matrix wrong(DType::f32, 1, 64);
  std::fill_n(static_cast<float*>(wrong.view().data), 64, 5.0F);
  const Verdict verdict = validate(x, model, wrong, Arithmetic::tensor);
  EXPECT_EQ(verdict.mismatches, 64);
  EXPECT_EQ(verdict.of(ElementClass::ordinary).checked, 64);
  ASSERT_EQ(verdict.failures.size(), 10U);
  for (const Mismatch& failure : verdict.failures) {
    const auto expected = static_cast<double>(truth[static_cast<std::size_t>(failure.column)]);
    EXPECT_NEAR(failure.expected, expected, 1e-6 * std::fabs(expected)) << describe(verdict);
    EXPECT_NEAR(std::tanh(failure.z), expected, 1e-6 * std::fabs(expected));
    EXPECT_LE(std::fabs(failure.lo - expected), failure.z_bound);
  }
}

TEST(ValidateInterval, StacksKeepClassesOfWhatIsNotFinite) {
  Stack stack;
  static_cast<float*>(stack.x.view().element(0, 4))[9] = kNan;
  static_cast<float*>(stack.x.view().element(1, 5))[9] = kInf;
  Matrix y(DType::f32, 30, 10, 2);
  Engine(stack.model).run(stack.x, y);
  const Verdict verdict = validate(stack.x, stack.model, y, Arithmetic::tensor);
  EXPECT_TRUE(verdict.passed()) << describe(verdict);
  EXPECT_GE(verdict.of(ElementClass::nan).checked, 10);
}

TEST(ValidateInterval, LayersAreJudgedByThemselves) {
  Stack stack;
  stack.element(1, 0, 11)[5] += 0.125F;
  stack.outputs[2] = plain_loop(stack.outputs[1], stack.model.layer(2), rectified);
  const std::vector<Verdict> verdicts =
      validate_layers(stack.x, stack.model, stack.views(), ValidateOptions(Arithmetic::tensor));
  ASSERT_EQ(verdicts.size(), 3);
  EXPECT_TRUE(verdicts[0].passed());
  EXPECT_EQ(verdicts[1].mismatches, 1);
  EXPECT_EQ(verdicts[1].first->row, 11);
  EXPECT_TRUE(verdicts[2].passed()) << describe(verdicts[2]);
  expect_error<InvalidArgument>([&] { validate_layers(stack.x, stack.model, {}); },
                                {"outputs: 0", "model: 3"});
}

TEST(ValidateInterval, EveryDtypeAndStackOfTheEnginePasses) {
  for (const DTypeTraits& traits : kDTypes) {
    const DType dtype = traits.dtype;
    for (const char* activations : {"tanh,softmax,sigmoid", "step,gelu,identity", "elu,step,softmax"}) {
      const Model model = random_model({{70, 33, 20, 6}, activations, dtype, 2}, 8);
      const Matrix x = random_matrix(Matrix(dtype, 9, 70, 2), 9);
      Matrix y(DType::f32, 9, 6, 2);
      Engine(model).run(x, y);
      const Verdict verdict = validate(x, model, y, Arithmetic::tensor);
      EXPECT_TRUE(verdict.passed()) << traits.name << ' ' << activations << '\n' << describe(verdict);
    }
  }
}

TEST(ValidateInterval, RefusesWhatHasNoBound) {
  const Stack stack;
  expect_error<InvalidArgument>(
      [&] { validate(stack.x, stack.model, stack.outputs[2], ValidateOptions(Arithmetic::tensor, -1)); },
      {"threads is -1"});
  const std::int64_t inputs = (std::int64_t{1} << 22) + 1;
  const Matrix x = random_matrix(Matrix(DType::f32, 1, inputs), 1);
  const Matrix y(DType::f32, 1, 1);
  const Layer layer{x.view(), {}, {}};
  expect_error<Unsupported>([&] { validate(x, layer, y, Arithmetic::tensor); }, {"no bound", "f64"});
  const Verdict verdict = validate(x, layer, y);
  ASSERT_EQ(verdict.mismatches, 1);
  EXPECT_NE(to_string(*verdict.first).find("allowed unknown"), std::string::npos)
      << to_string(*verdict.first);
}

}  // namespace
}  // namespace perceptron
