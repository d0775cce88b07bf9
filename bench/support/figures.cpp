#include "bench/support/figures.hpp"

#include <fmt/format.h>

#include <cmath>

namespace perceptron::bench {

double rounded(double value) {
  if (value == 0) return 0;
  const double unit = std::pow(10, std::floor(std::log10(std::abs(value))) - 3);
  return unit >= 1 ? std::round(value / unit) * unit : std::stod(fmt::format("{:.4g}", value));
}

Json times(const Quartiles& nanoseconds) {
  return {{"median_ns", rounded(nanoseconds.median)},
          {"p25_ns", rounded(nanoseconds.p25)},
          {"p75_ns", rounded(nanoseconds.p75)}};
}

std::string duration(double nanoseconds) {
  if (nanoseconds < 1e3) return fmt::format("{:.1f} ns", nanoseconds);
  if (nanoseconds < 1e6) return fmt::format("{:.2f} us", nanoseconds / 1e3);
  return fmt::format("{:.2f} ms", nanoseconds / 1e6);
}

}  // namespace perceptron::bench
