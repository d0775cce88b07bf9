// The specification in code: section "Numeric contract" of the README in plain loops, no SIMD, no tiling.
// Every device's results are held against these bits.
#pragma once

#include <cstdint>

#include "perceptron/layer.hpp"
#include "perceptron/view.hpp"

namespace perceptron::reference {

/// The total of one dot product: blocks of kSumBlock inputs, each a chain of fused multiply-adds from +0,
/// added in ascending order. A is the accumulator; both arrays are already widened.
float dot(const float* x, const float* w, std::int64_t inputs);
double dot(const double* x, const double* w, std::int64_t inputs);

/// y = f(x·Wᵀ + b) for all groups and rows. Host views that have been checked; y of any dtype. Sets the
/// contract's floating-point control word while it runs.
void canonical(const ConstMatrixView& x, const Layer& layer, const MatrixView& y);

}  // namespace perceptron::reference
