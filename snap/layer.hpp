// One layer as its caller has it: views of weights and bias, and an activation.
#pragma once

#include <cstdint>

#include "perceptron/activation.hpp"
#include "perceptron/export.hpp"
#include "perceptron/problem.hpp"
#include "perceptron/view.hpp"

namespace perceptron {

/// y = f(x·Wᵀ + b). weight: outputs × inputs, as PyTorch stores it. bias: 1 × outputs, or an empty view (null
/// data) for none; its dtype must widen exactly to the accumulator of the weight's. Groups are independent
/// perceptrons, each with its own weights (or one shared set, group_stride = 0).
struct Layer {
  ConstMatrixView weight;
  ConstMatrixView bias;
  Activation activation;

  std::int64_t inputs() const { return weight.columns; }
  std::int64_t outputs() const { return weight.rows; }
  std::int64_t groups() const { return weight.groups; }
  bool has_bias() const { return bias.data != nullptr; }
};

/// The layer on so many rows, with an output of the weight's dtype.
PERCEPTRON_API Problem problem_of(const Layer& layer, std::int64_t rows);

}  // namespace perceptron
