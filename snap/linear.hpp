// One layer without an Engine, for weights that are used once.
#pragma once

#include "perceptron/export.hpp"
#include "perceptron/layer.hpp"
#include "perceptron/options.hpp"
#include "perceptron/view.hpp"

namespace perceptron {

/// y = f(x·Wᵀ + b), the bits of Engine::run on a model of that one layer, and its errors. Packs the weights
/// in every call: where they are used again, an Engine is faster.
PERCEPTRON_API void linear(ConstMatrixView x, const Layer& layer, MatrixView y, const Options& options = {},
                           Stream stream = {});

}  // namespace perceptron
