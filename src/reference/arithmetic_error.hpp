// What an arithmetic may lose on the way from products to y, a priori: the roundings of the sum, and the
// error of the activation. bounds.hpp makes intervals of it.
#pragma once

#include "perceptron/activation.hpp"
#include "perceptron/dtype.hpp"
#include "src/reference/oracle.hpp"

namespace perceptron::reference {

/// Of the sum, in the accumulator's unit roundoff u, with γ(n) = nu/(1 − nu):
///   |computed − true| ≤ γ(roundings)·magnitude + underflow·(1 + γ(roundings)).
struct SumError {
  long double roundings = 0;
  long double magnitude = 0;
  long double underflow = 0;         ///< In smallest subnormals of the accumulator.
  bool adds_bias_afterwards = true;  ///< The bias is no term of the sum: it costs one more rounding.
};

/// Of an element that is finite and not exact.
SumError sum_error(const Preactivation& z, DType storage, Arithmetic arithmetic);

/// Of the activation for one z of the accumulator: `ulps` of the result, and `absolute` besides.
struct ActivationError {
  long double ulps = 0;
  long double absolute = 0;
};

/// Every activation but softmax.
ActivationError activation_error(ActivationKind kind, DType accumulator, Arithmetic arithmetic, double z);

/// Of an element of softmax, in u: d = max − zⱼ, and the elements of the row.
long double softmax_roundings(long double distance, long double outputs, Arithmetic arithmetic);

}  // namespace perceptron::reference
