// Contiguous random matrices and stacks of random layers for tests, and the reference's output for them.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "perceptron/activation.hpp"
#include "perceptron/matrix.hpp"
#include "perceptron/model.hpp"
#include "src/reference/canonical.hpp"

namespace perceptron::test {

/// Normal values of that standard deviation; the same seed gives the same matrix.
inline Matrix random_matrix(Matrix matrix, std::uint64_t seed, double scale = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, scale);
  visit_dtype(matrix.dtype(), [&]<class T>(T) {
    auto* values = static_cast<T*>(matrix.data());
    const std::size_t count = matrix.size_bytes() / sizeof(T);
    for (std::size_t index = 0; index < count; ++index) values[index] = static_cast<T>(normal(random));
  });
  return matrix;
}

/// What a stack is made of: sizes {inputs, outputs of layer 0, …} and "relu,softmax" or the like.
struct Stack {
  std::vector<std::int64_t> sizes;
  std::string_view activations;
  DType dtype = DType::f32;
  std::int64_t groups = 1;
};

inline Model random_model(const Stack& stack, std::uint64_t seed) {
  const std::vector<Activation> activations = parse_activations(stack.activations);
  std::vector<Matrix> memory;
  std::vector<Layer> layers;
  for (std::size_t index = 0; index < activations.size(); ++index) {
    const std::int64_t inputs = stack.sizes.at(index), outputs = stack.sizes.at(index + 1);
    memory.push_back(random_matrix(Matrix(stack.dtype, outputs, inputs, stack.groups), seed + 2 * index,
                                   1 / std::sqrt(static_cast<double>(inputs))));
    memory.push_back(random_matrix(Matrix(stack.dtype, 1, outputs, stack.groups), seed + 2 * index + 1));
    layers.push_back({std::as_const(memory[memory.size() - 2]).view(), std::as_const(memory.back()).view(),
                      activations[index]});
  }
  return Model(layers);
}

/// The model's output by the reference, layer by layer, the last one rounded to `output_dtype`.
inline Matrix reference_output(ConstMatrixView x, const Model& model, DType output_dtype) {
  Matrix input;
  for (std::size_t index = 0; index < model.layer_count(); ++index) {
    const bool is_last = index + 1 == model.layer_count();
    const Layer layer = model.layer(index);
    Matrix output(is_last ? output_dtype : model.dtype(), x.rows, layer.outputs(), model.groups());
    reference::canonical(x, layer, output.view());
    input = std::move(output);
    x = std::as_const(input).view();
  }
  return input;
}

/// The matrix's bytes, for comparison of bits.
inline std::vector<std::byte> bytes_of(const Matrix& matrix) {
  const auto* bytes = static_cast<const std::byte*>(matrix.data());
  return {bytes, bytes + matrix.size_bytes()};
}

}  // namespace perceptron::test
