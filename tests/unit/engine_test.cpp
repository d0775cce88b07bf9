// Engine, Session and linear by one caller: the worked example, stacks, budgets, plans, lifetimes.
#include "perceptron/engine.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "perceptron/error.hpp"
#include "perceptron/linear.hpp"
#include "perceptron/matrix.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron {
namespace {

using test::bytes_of, test::expect_error, test::random_matrix, test::random_model, test::reference_output;

Options on_one_thread() {
  Options options;
  options.threads = 1;
  return options;
}

Matrix run(Engine& engine, const Matrix& x, const Model& model) {
  Matrix y(model.dtype(), x.rows(), model.outputs(), model.groups());
  engine.run(x, y);
  return y;
}

// w = [3, −2], b = 1, x = [1, 2]: z = 3·1 − 2·2 + 1 = 0.
TEST(Engine, TheWorkedExample) {
  const float w[] = {3, -2}, b[] = {1}, x[] = {1, 2};
  const struct {
    ActivationKind activation;
    float y;
  } cases[] = {{ActivationKind::step, 0},
               {ActivationKind::relu, 0},
               {ActivationKind::sigmoid, 0.5F},
               {ActivationKind::tanh, 0}};
  for (const auto& [activation, expected] : cases) {
    const Layer layer{ConstMatrixView(w, 1, 2), ConstMatrixView(b, 1, 1), activation};
    float by_linear = -1, by_engine = -1, by_session = -1;
    linear(ConstMatrixView(x, 1, 2), layer, MatrixView(&by_linear, 1, 1));
    Engine engine(Model({layer}));
    engine.run(ConstMatrixView(x, 1, 2), MatrixView(&by_engine, 1, 1));
    engine.session().run(ConstMatrixView(x, 1, 2), MatrixView(&by_session, 1, 1));
    for (const float y : {by_linear, by_engine, by_session}) {
      EXPECT_EQ(y, expected) << to_string(activation);
      EXPECT_FALSE(std::signbit(y)) << to_string(activation);
    }
  }
}

TEST(Engine, OnePerceptronOverManyRows) {
  const Model model = random_model({{1, 1}, "relu"}, 1);
  Engine engine(model);
  const Matrix x = random_matrix(Matrix(DType::f32, 1000, 1), 2);
  EXPECT_EQ(bytes_of(run(engine, x, model)), bytes_of(reference_output(x, model, DType::f32)));
}

TEST(Engine, AStackIsItsLayersOneByOne) {
  for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16}) {
    const Model model = random_model({{30, 70, 9, 300, 11}, "relu,tanh,gelu,softmax", dtype, 2}, 3);
    const Matrix x = random_matrix(Matrix(dtype, 57, 30, 2), 4);
    ConstMatrixView input = x;
    std::vector<Matrix> outputs;
    for (std::size_t index = 0; index < model.layer_count(); ++index) {
      outputs.emplace_back(dtype, x.rows(), model.layer(index).outputs(), 2);
      linear(input, model.layer(index), outputs.back());
      input = std::as_const(outputs.back()).view();
    }
    Engine engine(model);
    EXPECT_EQ(bytes_of(run(engine, x, model)), bytes_of(outputs.back())) << to_string(dtype);
    EXPECT_EQ(bytes_of(outputs.back()), bytes_of(reference_output(x, model, dtype))) << to_string(dtype);
  }
}

TEST(Engine, NoRowsAreLegalAndTouchNothing) {
  const Model model = random_model({{5, 4, 3}, "relu,softmax"}, 5);
  Engine engine(model);
  Session session = engine.session();
  engine.run(ConstMatrixView(nullptr, DType::f32, 0, 5), MatrixView(nullptr, DType::f32, 0, 3));
  float y[] = {7, 7, 7};
  const float x[5] = {};
  session.run(ConstMatrixView(x, 0, 5), MatrixView(y, 0, 3));
  linear(ConstMatrixView(x, 0, 5), random_model({{5, 3}, "relu"}, 6).layer(0), MatrixView(y, 0, 3));
  EXPECT_EQ(std::vector(y, y + 3), (std::vector<float>{7, 7, 7}));
}

TEST(Engine, OtherOutputDtypesAreRoundedOnce) {
  const Model model = random_model({{20, 30, 6}, "tanh,identity", DType::f64}, 7);
  Engine engine(model);
  const Matrix x = random_matrix(Matrix(DType::f64, 40, 20), 8);
  for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16}) {
    Matrix y(dtype, 40, 6);
    engine.run(x, y);
    EXPECT_EQ(bytes_of(y), bytes_of(reference_output(x, model, dtype))) << to_string(dtype);
  }
}

TEST(Engine, ASmallMemoryBudgetGivesTheSameBits) {
  const Model model = random_model({{40, 100, 50, 10}, "relu,relu,softmax"}, 9);
  const Matrix x = random_matrix(Matrix(DType::f32, 101, 40), 10);
  const std::vector<std::byte> expected = bytes_of(reference_output(x, model, DType::f32));
  Options options = on_one_thread();
  const Plan for_none = Engine(model, options).plan(0), for_one = Engine(model, options).plan(1);
  const std::size_t per_row = for_one.scratch_bytes - for_none.scratch_bytes;
  for (const std::size_t rows : {1, 2, 7, 100, 101, 1000}) {
    options.memory_budget_bytes = for_none.scratch_bytes + rows * per_row + per_row / 2;
    Engine engine(model, options);
    const Plan plan = engine.plan(101);
    EXPECT_EQ(plan.chunk_rows, static_cast<std::int64_t>(std::min<std::size_t>(rows, 101)));
    EXPECT_LE(plan.scratch_bytes, options.memory_budget_bytes);
    EXPECT_EQ(bytes_of(run(engine, x, model)), expected) << rows << " rows at a time";
  }
  options.memory_budget_bytes = for_one.scratch_bytes - 1;
  expect_error<InvalidArgument>([&] { Engine(model, options); },
                                {"memory_budget_bytes", std::to_string(options.memory_budget_bytes),
                                 std::to_string(for_one.scratch_bytes)});
}

TEST(Engine, ABudgetBelowTheFixedScratchOfOneLayerIsRefused) {
  const Model model = random_model({{40, 10}, "relu"}, 11);
  Options options = on_one_thread();
  const std::size_t scratch = Engine(model, options).plan(1).scratch_bytes;
  options.memory_budget_bytes = scratch;
  EXPECT_EQ(Engine(model, options).plan(1000).scratch_bytes, scratch);
  options.memory_budget_bytes = scratch - 1;
  expect_error<InvalidArgument>(
      [&] { Engine(model, options); },
      {"memory_budget_bytes", std::to_string(scratch - 1), std::to_string(scratch)});
}

TEST(Engine, UpdateReplacesWeights) {
  const Model before = random_model({{20, 30, 6}, "relu,tanh"}, 12);
  const Model after = random_model({{20, 30, 6}, "relu,tanh"}, 13);
  const Matrix x = random_matrix(Matrix(DType::f32, 33, 20), 14);
  Engine engine(before);
  Session session = engine.session();
  EXPECT_EQ(bytes_of(run(engine, x, before)), bytes_of(reference_output(x, before, DType::f32)));
  engine.update(0, after.layer(0).weight, after.layer(0).bias);
  const Model mixed({after.layer(0), before.layer(1)});
  EXPECT_EQ(bytes_of(run(engine, x, before)), bytes_of(reference_output(x, mixed, DType::f32)));
  engine.update(1, after.layer(1).weight, after.layer(1).bias);
  const std::vector<std::byte> expected = bytes_of(reference_output(x, after, DType::f32));
  EXPECT_EQ(bytes_of(run(engine, x, before)), expected);
  Engine fresh(after);
  EXPECT_EQ(bytes_of(run(fresh, x, after)), expected);
  Matrix y(DType::f32, 33, 6);
  session.run(x, y);
  EXPECT_EQ(bytes_of(y), expected) << "sessions made before see the new weights";
}

TEST(Engine, UpdateWithoutBiasMeansZeros) {
  const Model model = random_model({{20, 6}, "relu"}, 15);
  const Matrix x = random_matrix(Matrix(DType::f32, 33, 20), 16);
  Engine engine(model);
  engine.update(0, model.layer(0).weight, {});
  const Model expected({Layer{model.layer(0).weight, {}, ActivationKind::relu}});
  EXPECT_EQ(bytes_of(run(engine, x, model)), bytes_of(reference_output(x, expected, DType::f32)));
}

TEST(Engine, UpdateRefusesOtherShapesAndKeepsTheOldWeights) {
  const Model model = random_model({{20, 30, 6}, "relu,tanh"}, 17);
  Engine engine(model);
  const Layer old = model.layer(0);
  const auto refused = [&](std::size_t layer, const ConstMatrixView& weight, const ConstMatrixView& bias,
                           std::initializer_list<std::string_view> words) {
    expect_error<InvalidArgument>([&] { engine.update(layer, weight, bias); }, words);
  };
  const Matrix wide(DType::f32, 30, 21), high(DType::f32, 31, 20), half(DType::f16, 30, 20);
  const Matrix two(DType::f32, 30, 20, 2), bias(DType::f32, 1, 31), wide_bias(DType::f64, 1, 30);
  refused(0, wide, old.bias, {"layer 0", "[30, 21]", "[30, 20]"});
  refused(0, high, bias, {"layer 0", "[31, 20]", "[30, 20]"});
  refused(0, half, old.bias, {"layer 0", "f16", "f32"});
  refused(0, two, {}, {"layer 0", "2 groups"});
  refused(0, old.weight, bias, {"layer 0", "bias", "[1, 31]", "[1, 30]"});
  refused(0, old.weight, wide_bias, {"layer 0", "bias", "f64", "f32"});
  refused(0, {}, old.bias, {"layer 0", "weight"});
  refused(2, old.weight, old.bias, {"layer 2 of 2"});
  const Matrix x = random_matrix(Matrix(DType::f32, 9, 20), 18);
  EXPECT_EQ(bytes_of(run(engine, x, model)), bytes_of(reference_output(x, model, DType::f32)));
}

TEST(Engine, ASessionOutlivesItsEngine) {
  const Model model = random_model({{20, 30, 6}, "relu,tanh"}, 19);
  const Matrix x = random_matrix(Matrix(DType::f32, 33, 20), 20);
  Matrix y(DType::f32, 33, 6);
  auto engine = std::make_unique<Engine>(model);
  Session session = engine->session();
  engine.reset();
  session.run(x, y);
  EXPECT_EQ(bytes_of(y), bytes_of(reference_output(x, model, DType::f32)));
}

TEST(Engine, EnginesAndSessionsMove) {
  const Model first = random_model({{20, 6}, "relu"}, 21), second = random_model({{7, 3}, "tanh"}, 22);
  const Matrix x = random_matrix(Matrix(DType::f32, 33, 20), 23);
  const std::vector<std::byte> expected = bytes_of(reference_output(x, first, DType::f32));
  Engine source(first);
  Session early = source.session();
  Engine engine(std::move(source));
  EXPECT_EQ(bytes_of(run(engine, x, first)), expected);
  Engine other(second);
  other = std::move(engine);
  EXPECT_EQ(bytes_of(run(other, x, first)), expected);
  Session session = Engine(second).session();
  session = std::move(early);
  Matrix y(DType::f32, 33, 6);
  session.run(x, y);
  EXPECT_EQ(bytes_of(y), expected);
}

TEST(Engine, ThePlanSaysWhatIsDone) {
  const Model model = random_model({{784, 128, 10}, "relu,softmax", DType::f16}, 24);
  Engine engine(model, on_one_thread());
  const Plan plan = engine.plan(1000);
  EXPECT_EQ(plan.threads, 1);
  EXPECT_GE(plan.chunk_rows, 1);
  EXPECT_LE(plan.chunk_rows, 1000);
  ASSERT_EQ(plan.layers.size(), 2U);
  EXPECT_EQ(to_string(plan.layers[0].problem), fmt::format("{}x784x128:f16:relu", plan.chunk_rows));
  EXPECT_EQ(to_string(plan.layers[1].problem), fmt::format("{}x128x10:f16:softmax", plan.chunk_rows));
  const std::string text = to_string(plan);
  for (const LayerPlan& layer : plan.layers) {
    EXPECT_NE(layer.kernel.find(plan.device), std::string::npos) << layer.kernel;
    EXPECT_FALSE(layer.reason.empty());
    for (const std::string& part : {to_string(layer.problem), layer.kernel, layer.reason, plan.device}) {
      EXPECT_NE(text.find(part), std::string::npos) << part << " is not in " << text;
    }
  }
}

TEST(Engine, TheMemoryRequiredIsWeightsAndScratch) {
  const Model model = random_model({{784, 128, 10}, "relu,softmax", DType::f16}, 25);
  Engine engine(model, on_one_thread());
  const std::size_t weights = static_cast<std::size_t>(model.parameter_count()) * size_of(DType::f16);
  for (const std::int64_t rows : {0, 1, 1000, 1 << 30}) {
    EXPECT_GE(engine.memory_required(rows), weights + engine.plan(rows).scratch_bytes);
    EXPECT_LE(engine.memory_required(rows), 4 * weights + engine.plan(rows).scratch_bytes);
  }
  EXPECT_LT(engine.memory_required(0), engine.memory_required(100));
  EXPECT_EQ(engine.memory_required(1 << 30), engine.memory_required(std::int64_t{1} << 40))
      << "more rows pass in chunks";
}

TEST(Engine, PlansNoNegativeRows) {
  const Engine engine(test::random_model({{4, 3}, "relu"}, 1));
  test::expect_error<InvalidArgument>([&] { engine.plan(-1); }, {"rows", "-1"});
  test::expect_error<InvalidArgument>([&] { engine.memory_required(-1); }, {"rows", "-1"});
}

}  // namespace
}  // namespace perceptron
