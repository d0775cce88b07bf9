// Activations of single elements and softmax of a row in plain scalar code: the specification that every
// other lane must match bit for bit. Includes the formulas once, for ScalarLane.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>

#include "kernels/epilogue/coefficients.hpp"
#include "kernels/epilogue/scalar_lane.hpp"
#include "perceptron/activation.hpp"
#include "perceptron/dtype.hpp"

namespace perceptron::epilogue {

#include "kernels/epilogue/formulas.inl"

/// The largest error of the formula against the true value f(z), in units in the last place of the
/// accumulator type: measured (accuracy.md), rounded up to a half. Softmax is of a row and has its own bound,
/// which depends on it.
struct ErrorBound {
  double f32_ulps = 0;
  double f64_ulps = 0;
};

/// Indexed by ActivationKind.
inline constexpr std::array kErrorBounds{
    ErrorBound{0, 0},      // identity
    ErrorBound{0, 0},      // step
    ErrorBound{1, 1},      // sigmoid
    ErrorBound{1, 1},      // tanh
    ErrorBound{0, 0},      // relu
    ErrorBound{0.5, 0.5},  // leaky_relu
    ErrorBound{1, 1},      // elu
    ErrorBound{1, 1},      // selu
    ErrorBound{1, 1.5},    // gelu
    ErrorBound{1, 1},      // gelu_tanh
    ErrorBound{1, 1},      // silu
    ErrorBound{1, 1},      // softplus
    ErrorBound{1, 1},      // softsign
    ErrorBound{0.5, 0.5},  // hard_sigmoid
    ErrorBound{0, 0},      // hard_tanh
    ErrorBound{1, 1},      // hard_swish
    ErrorBound{1, 1},      // mish
    ErrorBound{},          // softmax
};
static_assert(kErrorBounds.size() == kActivations.size());

constexpr double activation_error_ulps(ActivationKind kind, bool is_f64) {
  const auto& bound = kErrorBounds[static_cast<std::size_t>(kind)];
  return is_f64 ? bound.f64_ulps : bound.f32_ulps;
}

/// f(z) in the accumulator type T, float or double. Softmax is not of one element: see softmax_row.
template <class T>
T activate(const Activation& activation, T z) {
  assert(activation.kind != ActivationKind::softmax);
  return visit_activation(activation.kind, [&](auto kind) -> T {
    if constexpr (kind() == ActivationKind::softmax) {
      return z;
    } else {
      return Formula<kind()>::template apply<ScalarLane<T>>(z, static_cast<T>(activation.parameter));
    }
  });
}

/// y = softmax(z) over outputs ≥ 1 elements; y may be z. A NaN or +∞ among them gives NaN everywhere.
template <class T>
void softmax_row(const T* z, T* y, std::int64_t outputs) {
  T highest = z[0];
  for (std::int64_t j = 1; j < outputs; ++j) highest = highest < z[j] ? z[j] : highest;
  std::array<T, kSoftmaxPartials> partials{};
  for (std::int64_t j = 0; j < outputs; ++j) {
    y[j] = exp_nonpositive<ScalarLane<T>>(z[j] - highest);
    auto& partial = partials[static_cast<std::size_t>(j % kSoftmaxPartials)];
    partial = partial + y[j];
  }
  for (std::size_t width = kSoftmaxPartials / 2; width > 0; width /= 2) {
    for (std::size_t l = 0; l < width; ++l) partials[l] = partials[l] + partials[l + width];
  }
  for (std::int64_t j = 0; j < outputs; ++j) y[j] = y[j] / partials[0];
}

}  // namespace perceptron::epilogue
