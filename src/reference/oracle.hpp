// The true pre-activation of one element, in about 106 bits and with a proved bound on its own error.
// bounds.hpp derives from it which outputs a correct engine may give; canonical.hpp gives the one it must
// give.
#pragma once

#include <cstdint>
#include <vector>

#include "perceptron/layer.hpp"
#include "perceptron/view.hpp"

namespace perceptron::reference {

/// What z = Σ x·w + b is, as far as it does not depend on the order of summation.
enum class ZClass : std::uint8_t {
  finite,          ///< All operands are finite, and no rounded sum of them can overflow the accumulator.
  nan,             ///< A NaN operand, 0·∞, or both infinities among products and bias.
  plus_infinity,   ///< An infinite term, +∞ only, and the finite terms cannot overflow.
  minus_infinity,  ///< The same with −∞.
  may_overflow,    ///< Finite terms whose magnitudes reach half the accumulator's largest value.
};

/// Numbers other than `inputs` mean something only where z_class is finite.
struct Preactivation {
  double hi = 0;  ///< z lies within `error` of hi + lo, and hi is hi + lo rounded.
  double lo = 0;
  double error = 0;
  double truth = 0;  ///< The true z: hi, unless inputs are known within intervals only (uncertain_row.hpp).
  double magnitude = 0;  ///< At least A = Σ|x·w|, and at most A·(1 + (inputs + 4)·2⁻⁵¹) plus underflow.
  double bias_magnitude = 0;  ///< |b|, exact.
  std::int64_t inputs = 0;
  /// Non-zero products so small that rounding them in the accumulator may cost an absolute error.
  std::int64_t tiny_products = 0;
  std::int64_t nonzero_products = 0;  ///< Whose operands are both not 0; adding the others rounds nothing.
  /// A′ − A, where A′ takes subnormal operands of f16 and bf16 for the smallest normal one: tensor cores
  /// align their products by that exponent.
  double subnormal_excess = 0;
  /// All terms, the bias too, are multiples of one power of two q, and A′ + |b| ≤ 2ᵖq with the accumulator's
  /// p bits: every order of summation gives hi, and no operation rounds.
  bool is_exact = false;
  ZClass z_class = ZClass::finite;
};

/// Which element of y is meant.
struct ElementIndex {
  std::int64_t group = 0;
  std::int64_t row = 0;
  std::int64_t output = 0;
};

/// One element. Host views that have been checked as by Engine::run; inputs < 2⁴².
Preactivation preactivation(const ConstMatrixView& x, const Layer& layer, const ElementIndex& at);

/// All outputs of one row, in order.
std::vector<Preactivation> preactivations(const ConstMatrixView& x, const Layer& layer, std::int64_t group,
                                          std::int64_t row);

}  // namespace perceptron::reference
