#include "bench/support/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

namespace perceptron::bench {

namespace {

double at_share(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Quartiles quartiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {at_share(values, 0.25), at_share(values, 0.5), at_share(values, 0.75)};
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return at_share(values, share);
}

Quiet without_noise(const std::vector<double>& values) {
  const Quartiles all = quartiles(values);
  const double fence = all.p75 + 3 * (all.p75 - all.p25);
  Quiet quiet;
  std::ranges::copy_if(values, std::back_inserter(quiet.kept),
                       [fence](double value) { return value <= fence; });
  quiet.rejected = static_cast<int>(values.size() - quiet.kept.size());
  return quiet;
}

double geometric_mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += std::log(value);
  return std::exp(sum / static_cast<double>(values.size()));
}

}  // namespace perceptron::bench
