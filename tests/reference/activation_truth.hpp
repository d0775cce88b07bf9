// True values of the activations, made without the formulas under test: libm in double for f32, MPFR for f64.
// Shared by activation_test and activation_exhaustive, as are the points at which both look closely.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "perceptron/activation.hpp"

namespace perceptron::reference {

/// f(z) within 2⁻⁴⁰ relative, from libm in double; with the parameter as rounded to f32. z is not NaN; where
/// the result underflows f32 it is right to well below the smallest subnormal.
double f32_truth(const Activation& activation, float z);

/// |y − truth| in units in the last place of f32 at the truth; infinite where only one of them is NaN, or
/// where y is a zero of the wrong sign. Overflow to infinity counts as 2¹²⁸.
double f32_error_ulps(float y, double truth);

/// Judges f64 results, and f32_truth itself, by MPFR.
class TrueValue {
 public:
  TrueValue();
  ~TrueValue();

  /// Error of y = f(z) in ulps of f64, as f32_error_ulps counts. The parameter is used as it stands.
  double f64_error_ulps(const Activation& activation, double z, double y);
  /// |y − f(z)| / |f(z)|; 0 where f(z) is 0 and y too.
  double relative_error(const Activation& activation, double z, double y);

 private:
  struct Registers;
  void compute(const Activation& activation, double z);
  std::unique_ptr<Registers> registers_;
};

/// Where a formula changes its course: limits of ranges, ends of exp's reduction, starts of underflow. Both
/// signs.
std::vector<double> branch_points(bool is_f64);

/// Sample point `index` for f64 checks, the same in every run: a third near branch points, a third of any
/// magnitude, a third uniform where the functions bend.
double f64_sample(std::uint64_t index);

/// The activations to check: every one of a single element, and other parameters where there is one.
std::vector<Activation> activations_under_test();

}  // namespace perceptron::reference
