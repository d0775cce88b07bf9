#include "bench/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "bench/cpu_linear.hpp"
#include "bench/support/figures.hpp"

namespace perceptron::bench {
namespace {

std::string name_of(const Problem& problem, int threads) {
  return fmt::format("{} on {} thread{}", to_string(problem), threads, threads == 1 ? "" : "s");
}

/// The bar on the mean is one on the listed problems together, not on a choice of them.
bool has_every_listed_problem(const Report& report, int threads) {
  return std::ranges::all_of(kCpuProblems, [&](const CpuProblem& listed) {
    return std::ranges::any_of(report.comparisons, [&](const Comparison& comparison) {
      return comparison.threads == threads && comparison.problem == parse_cpu_problem(listed.shape);
    });
  });
}

std::optional<double> geometric_mean_of(const Report& report, int threads) {
  std::vector<double> ratios;
  for (const Comparison& comparison : report.comparisons) {
    const Timing* best = comparison.best_peer();
    if (comparison.threads == threads && best != nullptr) ratios.push_back(best->ratio);
  }
  if (ratios.empty()) return std::nullopt;
  return geometric_mean(ratios);
}

class Misses {
 public:
  /// `is_least`: the value must not be below the bar, else not above it.
  void check(const std::string& what, double value, double bar, bool is_least) {
    if (is_least ? value >= bar : value <= bar) return;
    lines_.push_back(fmt::format("missed: {} is {:.3g}, must be {} {:.3g}", what, value,
                                 is_least ? "at least" : "at most", bar));
  }
  std::vector<std::string> lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

void check_comparison(const Comparison& comparison, Misses& misses) {
  const CpuProblem bars = bars_of(comparison.problem);
  const std::string name = name_of(comparison.problem, comparison.threads);
  if (const Timing* best = comparison.best_peer()) {
    misses.check(fmt::format("{}: ratio to {}", name, best->contender), best->ratio, bars.least_ratio, true);
  }
  if (bars.most_nanoseconds > 0) {
    misses.check(name + ": ns of perceptron", comparison.ours().nanoseconds.median, bars.most_nanoseconds,
                 false);
  }
  if (comparison.copy)
    misses.check(name + ": share of memcpy", comparison.copy->ratio, kLeastCopyShare, true);
}

}  // namespace

std::string table_header() {
  return fmt::format("{:<24} {:>7} {:>11} {:>8} {:>7}  {:<10} {:>6}  {}", "problem", "threads", "perceptron",
                     "GFLOP/s", "GB/s", "best peer", "ratio", "peers: median (quartiles)");
}

std::string table_line(const Comparison& comparison) {
  const double ours = comparison.ours().nanoseconds.median;
  const Timing* best = comparison.best_peer();
  std::string line = fmt::format(
      "{:<24} {:>7} {:>11} {:>8.2f} {:>7.2f}  {:<10} {:>6}  ", to_string(comparison.problem),
      comparison.threads, duration(ours), flops(comparison.problem) / ours, bytes(comparison.problem) / ours,
      best == nullptr ? "none" : best->contender, best == nullptr ? "" : fmt::format("{:.3f}", best->ratio));
  for (std::size_t i = 1; i < comparison.timings.size(); ++i) {
    const Timing& peer = comparison.timings[i];
    line += fmt::format("{} {} ({} .. {}) [{}]; ", peer.contender, duration(peer.nanoseconds.median),
                        duration(peer.nanoseconds.p25), duration(peer.nanoseconds.p75), peer.way);
  }
  if (comparison.copy) {
    line += fmt::format("memcpy {}, our share of its rate {:.0f} %; ",
                        duration(comparison.copy->nanoseconds.median), 100 * comparison.copy->ratio);
  }
  return line;
}

std::string activation_line(const ActivationTiming& timing) {
  return fmt::format("{:<24} {:>7} {:>11}  {:.3f} of the relu time", to_string(timing.problem),
                     timing.threads, duration(timing.nanoseconds.median), timing.ratio);
}

std::vector<std::string> geometric_means(const Report& report) {
  std::vector<std::string> lines;
  for (const int threads : report.threads) {
    if (const auto mean = geometric_mean_of(report, threads)) {
      lines.push_back(fmt::format("geometric mean of ratios, threads {}: {:.3f}", threads, *mean));
    }
  }
  return lines;
}

std::vector<std::string> missed_bars(const Report& report) {
  Misses misses;
  for (const Comparison& comparison : report.comparisons) check_comparison(comparison, misses);
  for (const ActivationTiming& timing : report.activations) {
    misses.check(name_of(timing.problem, timing.threads) + ": ratio to relu", timing.ratio,
                 kMostActivationRatio, false);
  }
  for (const int threads : report.threads) {
    if (!has_every_listed_problem(report, threads)) continue;
    if (const auto mean = geometric_mean_of(report, threads)) {
      misses.check(fmt::format("geometric mean of ratios, threads {}", threads), *mean, kLeastGeometricMean,
                   true);
    }
  }
  return misses.lines();
}

}  // namespace perceptron::bench
