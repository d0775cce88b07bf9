// Order statistics of timings: a median and its quartiles say what a mean on a shared machine cannot.
#pragma once

#include <vector>

namespace perceptron::bench {

struct Quartiles {
  double p25 = 0;
  double median = 0;
  double p75 = 0;
};

/// Linear interpolation between the two nearest values; `values` is not empty.
Quartiles quartiles(std::vector<double> values);

/// Of values above 0, at least one.
double geometric_mean(const std::vector<double>& values);

}  // namespace perceptron::bench
