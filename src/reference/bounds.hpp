// The outputs that correct arithmetic may give for one element: an a-priori bound on z, carried through the
// activation and the rounding to the output type. The truth comes from oracle.hpp. For outputs of unknown
// bits; reproducible arithmetic of our own is held to canonical.hpp, which lies inside.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "perceptron/activation.hpp"
#include "perceptron/dtype.hpp"
#include "src/reference/oracle.hpp"

namespace perceptron::reference {

/// How the elements of one layer are computed.
struct Contract {
  Activation activation;
  DType storage = DType::f32;  ///< Of x and W; decides the accumulator.
  DType output = DType::f32;
  Arithmetic arithmetic = Arithmetic::reproducible;
};

/// The accepted outputs of one element: lo … hi, both values of the output type, and NaN where `allows_nan`.
/// The sign of zero is not judged.
struct Interval {
  double lo = 0;
  double hi = 0;
  bool allows_nan = false;
  bool ends_only = false;  ///< Nothing between lo and hi: a step.
  double truth = 0;  ///< f(true z), rounded to the output type within lo … hi; NaN where there is none.
  double unrounded_truth = 0;

  bool contains(double y) const {
    if (y != y) return allows_nan;
    return ends_only ? y == lo || y == hi : lo <= y && y <= hi;
  }
  /// A step whose threshold lies within the error of z: both answers are correct.
  bool is_ambiguous() const { return ends_only && lo != hi; }
  /// As wide as the value itself, which is not 0: it tells little of it.
  bool is_vague() const {
    return !ends_only && std::isfinite(truth) && truth != 0 && hi - lo >= std::fabs(truth);
  }
  /// False where the order of summation decides whether there is an overflow: everything is accepted.
  bool is_judged() const { return !(allows_nan && lo <= hi); }
  bool has_one_value() const { return allows_nan || lo == hi; }  ///< Where is_judged().
};

/// B: |computed z − (hi + lo)| ≤ B, the oracle's own error included, for z_class finite. Tensor arithmetic is
/// any correct one (arithmetic_error.hpp). Throws Unsupported where no such bound is known: chains of more
/// than 1/(4u) roundings (inputs > 2³⁰ for f32 in reproducible arithmetic, 2²² in tensor arithmetic).
long double preactivation_bound(const Preactivation& z, DType storage, Arithmetic arithmetic);

/// One element, of every activation but softmax (InvalidArgument). Throws Unsupported as preactivation_bound.
Interval accepted(const Preactivation& z, const Contract& contract);

/// The elements of one row under softmax; contract.activation is not looked at.
std::vector<Interval> accepted_softmax(std::span<const Preactivation> row, const Contract& contract);

/// The elements of one row under any activation.
std::vector<Interval> accepted_row(std::span<const Preactivation> row, const Contract& contract);

}  // namespace perceptron::reference
