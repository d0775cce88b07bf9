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

/// Samples without those that something else on the machine lengthened.
struct Quiet {
  std::vector<double> kept;
  int rejected = 0;
};

/// Rejects what lies above p75 + 3·(p75 − p25), which one sample in 10⁵ of a normal distribution does.
/// Nothing is ever too short.
Quiet without_noise(const std::vector<double>& values);

/// The value below which that share of them lies, by linear interpolation; `values` is not empty.
double percentile(std::vector<double> values, double share);

/// Of values above 0, at least one.
double geometric_mean(const std::vector<double>& values);

}  // namespace perceptron::bench
