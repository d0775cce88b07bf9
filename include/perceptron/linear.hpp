// One layer without an Engine, for weights that are used once.
#pragma once

#include "perceptron/export.hpp"
#include "perceptron/layer.hpp"
#include "perceptron/options.hpp"
#include "perceptron/view.hpp"

namespace perceptron {

/// y = f(x·Wᵀ + b), the bits of Engine::run on a model of that one layer, and its errors. Packs the weights
/// in every call: where they are used again, an Engine is faster.
///
/// Where x, y, W and b all lie in device memory, the work is put behind that of `stream` and the call returns
/// at once. Where only some do, it first waits for `stream`, which must not be captured (InvalidArgument),
/// and returns when y is written. Where none do, `stream` is not looked at.
PERCEPTRON_API void linear(ConstMatrixView x, const Layer& layer, MatrixView y, const Options& options = {},
                           Stream stream = {});

}  // namespace perceptron
