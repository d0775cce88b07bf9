// True values of the activations over an interval, enclosed from both sides; for bounds.hpp, which adds what
// rounded arithmetic may do. The formulas that engines run are in kernels/epilogue and are not used here.
#pragma once

#include "perceptron/activation.hpp"
#include "perceptron/dtype.hpp"

namespace perceptron::reference {

/// A closed interval; what it encloses lies inside, ends included.
struct Enclosure {
  long double lo = 0;
  long double hi = 0;
};

/// Encloses f(z) for all real z in [lo, hi], both finite, with f's parameter rounded to the accumulator type.
/// Every activation but softmax.
Enclosure activation_range(const Activation& activation, DType accumulator, double lo, double hi);

/// f(+∞) or f(−∞), from the table of the contract.
long double activation_limit(const Activation& activation, DType accumulator, bool at_plus_infinity);

}  // namespace perceptron::reference
