// Models: what construction refuses and says, and what copies of layers and of models own.
#include "perceptron/model.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "perceptron/error.hpp"
#include "perceptron/matrix.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron {
namespace {

using test::bytes_of, test::expect_error, test::random_matrix, test::random_model;

Layer layer_of(const Matrix& weight, const Matrix& bias = {}, Activation activation = {}) {
  Layer layer{weight.view(), {}, activation};
  if (!bias.empty()) layer.bias = bias.view();
  return layer;
}

void expect_refusal(const std::vector<Layer>& layers, std::initializer_list<std::string_view> words) {
  expect_error<InvalidArgument>([&] { Model model{std::span(layers)}; }, words);
}

TEST(Model, AStackMustFitTogether) {
  const Matrix first(DType::f32, 30, 20), second(DType::f32, 6, 31), half(DType::f16, 6, 30);
  const Matrix grouped(DType::f32, 6, 30, 4), good(DType::f32, 6, 30);
  expect_refusal({layer_of(first), layer_of(second)},
                 {"layer 1 weight", "[6, 31]", "31 inputs", "layer 0", "[30, 20]", "30 outputs"});
  expect_refusal({layer_of(first), layer_of(good), layer_of(first)},
                 {"layer 2 weight", "[30, 20]", "layer 1", "[6, 30]"});
  expect_refusal({layer_of(first), layer_of(half)}, {"layer 1 weight", "f16", "layer 0", "f32"});
  expect_refusal({layer_of(first), layer_of(grouped)}, {"layer 1 weight", "4 groups", "layer 0", "1 groups"});
  expect_refusal({}, {"at least one layer"});
}

TEST(Model, AWeightMustBeAMatrix) {
  const Matrix first(DType::f32, 20, 5), good(DType::f32, 30, 20);
  const auto refused = [&](auto change, std::initializer_list<std::string_view> words) {
    std::vector<Layer> layers = {layer_of(first), layer_of(good)};
    change(layers[1]);
    expect_refusal(layers, words);
  };
  refused([](Layer& layer) { layer.weight.data = nullptr; }, {"layer 1 weight", "null", "30 × 20"});
  refused([](Layer& layer) { layer.weight.stride = 19; }, {"layer 1 weight", "stride is 19", "20 columns"});
  refused([](Layer& layer) { layer.weight.rows = 0; }, {"layer 1 weight", "[0, 20]", "at least one output"});
  refused([](Layer& layer) { layer.weight.columns = 0; }, {"layer 1 weight", "[30, 0]", "one input"});
  refused([](Layer& layer) { layer.weight.rows = -30; }, {"layer 1 weight", "-30 × 20", "negative"});
  refused([](Layer& layer) { layer.weight.rows = std::int64_t{1} << 60; }, {"layer 1 weight", "2^63"});
  refused([](Layer& layer) { layer.weight.groups = 0; }, {"layer 1 weight", "0 groups"});
  refused(
      [](Layer& layer) {
        layer.activation = {ActivationKind::relu, 2};
      },
      {"layer 1", "relu", "parameter"});
  refused([](Layer& layer) { layer.activation = {ActivationKind::elu, NAN}; }, {"layer 1", "elu", "finite"});
}

TEST(Model, ABiasMustFit) {
  const Matrix weight(DType::f32, 30, 20), grouped(DType::f32, 30, 20, 2);
  expect_refusal({layer_of(weight, Matrix(DType::f32, 1, 29))},
                 {"layer 0 bias", "[1, 29]", "[1, 30]", "[30, 20]"});
  expect_refusal({layer_of(weight, Matrix(DType::f32, 30, 1))}, {"layer 0 bias", "[30, 1]", "[1, 30]"});
  expect_refusal({layer_of(weight, Matrix(DType::f32, 0, 30))}, {"layer 0 bias", "[0, 30]", "[1, 30]"});
  expect_refusal({layer_of(weight, Matrix(DType::f32, 1, 30, 2))}, {"layer 0 bias", "2 groups", "in 1"});
  expect_refusal({layer_of(grouped, Matrix(DType::f32, 1, 30))}, {"layer 0 bias", "1 groups", "in 2"});
}

TEST(Model, ABiasMustWidenToTheAccumulator) {
  for (std::size_t w = 0; w < kDTypes.size(); ++w) {
    for (std::size_t b = 0; b < kDTypes.size(); ++b) {
      const Matrix weight(static_cast<DType>(w), 3, 2), bias(static_cast<DType>(b), 1, 3);
      const bool is_wider = kDTypes[b].name == "f64" && kDTypes[w].name != "f64";
      if (!is_wider) {
        EXPECT_EQ(Model({layer_of(weight, bias)}).layer(0).bias.dtype, static_cast<DType>(b));
        continue;
      }
      expect_refusal({layer_of(weight, bias)},
                     {"layer 0 bias", "f64", "f32 in which", kDTypes[w].name, "convert"});
    }
  }
}

TEST(Model, CopiesShareTheWeights) {
  const Model model = random_model({{20, 30, 6}, "relu,softmax"}, 1);
  const Model second = model;
  EXPECT_EQ(second.layer(1).weight.data, model.layer(1).weight.data);
  auto third = std::make_unique<Model>(model);
  const Layer layer = third->layer(0);
  const std::vector<std::byte> before = bytes_of(copy(layer.weight));
  third.reset();
  EXPECT_EQ(bytes_of(copy(layer.weight)), before) << "views live as long as any copy";
}

TEST(Model, TheCallersMemoryMayGo) {
  // Strided and grouped, with a margin that must not be taken along.
  auto memory = std::make_unique<Matrix>(random_matrix(Matrix(DType::f32, 2 * 4, 9), 2));
  auto bias = std::make_unique<Matrix>(random_matrix(Matrix(DType::f32, 1, 8), 3));
  Layer layer{ConstMatrixView(memory->data(), DType::f32, 4, 7).with_stride(9).with_groups(2, 36),
              ConstMatrixView(bias->data(), DType::f32, 1, 4).with_groups(2, 4), ActivationKind::relu};
  const std::vector<std::byte> weight = bytes_of(copy(layer.weight)), biases = bytes_of(copy(layer.bias));
  const Model model({layer});
  std::memset(memory->data(), 0xFF, memory->size_bytes());
  std::memset(bias->data(), 0xFF, bias->size_bytes());
  memory.reset();
  bias.reset();
  EXPECT_EQ(bytes_of(copy(model.layer(0).weight)), weight);
  EXPECT_EQ(bytes_of(copy(model.layer(0).bias)), biases);
  EXPECT_EQ(model.layer(0).weight.stride, 7);
}

TEST(Model, SaysWhatItIs) {
  const Matrix first(DType::bf16, 30, 20, 4), bias(DType::f32, 1, 30, 4), second(DType::bf16, 6, 30, 4);
  const Model model({layer_of(first, bias, ActivationKind::gelu), layer_of(second)});
  EXPECT_EQ(model.layer_count(), 2U);
  EXPECT_EQ(model.inputs(), 20);
  EXPECT_EQ(model.outputs(), 6);
  EXPECT_EQ(model.groups(), 4);
  EXPECT_EQ(model.dtype(), DType::bf16);
  EXPECT_EQ(model.parameter_count(), 4 * (30 * 20 + 30 + 6 * 30));
  EXPECT_EQ(model.layer(0).activation, ActivationKind::gelu);
  EXPECT_TRUE(model.layer(0).has_bias());
  EXPECT_FALSE(model.layer(1).has_bias());
  expect_error<InvalidArgument>([&] { static_cast<void>(model.layer(2)); }, {"layer 2", "has 2"});
  EXPECT_EQ(model.layers().at(1).weight.data, model.layer(1).weight.data);
}

TEST(Model, WeightsNeedNotBeFinite) {
  Matrix weight(DType::f32, 1, 3), bias(DType::f32, 1, 1);
  auto* values = static_cast<float*>(weight.data());
  values[0] = std::numeric_limits<float>::infinity();
  values[1] = std::numeric_limits<float>::quiet_NaN();
  *static_cast<float*>(bias.data()) = -values[0];
  const Model model({layer_of(weight, bias)});
  EXPECT_EQ(bytes_of(copy(model.layer(0).weight)), bytes_of(weight));
}

TEST(Model, GroupsMayShareOneWeight) {
  const Matrix weight = random_matrix(Matrix(DType::f32, 3, 5), 4);
  const Model model({Layer{std::as_const(weight).view().with_groups(7, 0), {}, {}}});
  EXPECT_EQ(model.groups(), 7);
  for (std::int64_t group = 0; group < 7; ++group) {
    const Layer layer = model.layer(0);
    EXPECT_EQ(std::memcmp(layer.weight.element(group, 0), weight.data(), weight.size_bytes()), 0);
  }
}

}  // namespace
}  // namespace perceptron
