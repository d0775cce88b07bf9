#include "bench/gpu/samples.hpp"

#include <algorithm>
#include <cmath>

#include "bench/support/interleave.hpp"

namespace perceptron::bench::gpu {
namespace {

/// Ten of the coarsest timer's ticks.
constexpr std::uint64_t kLeastTimerNanoseconds = 10'000;
/// Samples closer than this to a quartile are no strays, however close the quartiles are to each other.
constexpr double kLeastRange = 0.01;

std::vector<double> clocks_of(std::span<const Sample> samples) {
  std::vector<double> clocks;
  for (const Sample& sample : samples) {
    if (sample.clock_hz > 0) clocks.push_back(sample.clock_hz);
  }
  return clocks;
}

double least_clock(std::span<const Sample> samples) {
  std::vector<double> clocks = clocks_of(samples);
  return clocks.empty() ? 0 : kLeastClockShare * quartiles(std::move(clocks)).p75;
}

std::vector<double> times_of(std::span<const Sample> samples) {
  std::vector<double> times;
  for (const Sample& sample : samples) times.push_back(sample.nanoseconds);
  return times;
}

void mark_strays(std::span<const Sample> samples, std::vector<Fate>& fates) {
  std::vector<double> times;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (fates[i] == Fate::kept) times.push_back(samples[i].nanoseconds);
  }
  if (times.empty()) return;
  const Quartiles q = quartiles(std::move(times));
  const double room = kStrayRanges * std::max(q.p75 - q.p25, kLeastRange * q.median);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double time = samples[i].nanoseconds;
    if (fates[i] == Fate::kept && (time < q.p25 - room || time > q.p75 + room)) fates[i] = Fate::stray;
  }
}

/// Of normal scatter: a quartile distance is 1.349 standard deviations, and the median's error is √(π/2) of
/// the mean's.
double scatter_of(const Quartiles& q, std::size_t count) {
  return 1.2533 * (q.p75 - q.p25) / 1.349 / std::sqrt(static_cast<double>(count)) / q.median;
}

}  // namespace

std::vector<Fate> judge(std::span<const Sample> samples) {
  const double least = least_clock(samples);
  std::vector<Fate> fates;
  for (const Sample& sample : samples) {
    const bool is_throttled = sample.clock_hz > 0 && sample.clock_hz < least;
    fates.push_back(!sample.was_held ? Fate::unheld : is_throttled ? Fate::throttled : Fate::kept);
  }
  mark_strays(samples, fates);
  return fates;
}

Figure figure_of(std::span<const Sample> samples) {
  Figure figure;
  std::vector<Sample> kept;
  const std::vector<Fate> fates = judge(samples);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (fates[i] == Fate::kept) kept.push_back(samples[i]);
    figure.unheld += fates[i] == Fate::unheld;
    figure.throttled += fates[i] == Fate::throttled;
    figure.stray += fates[i] == Fate::stray;
  }
  figure.kept = static_cast<int>(kept.size());
  if (kept.empty()) kept.assign(samples.begin(), samples.end());
  figure.nanoseconds = quartiles(times_of(kept));
  figure.scatter = scatter_of(figure.nanoseconds, kept.size());
  if (std::vector<double> clocks = clocks_of(kept); !clocks.empty()) {
    figure.clock_hz = quartiles(std::move(clocks)).median;
  }
  figure.is_settled =
      static_cast<std::size_t>(figure.kept) >= kFewestSamples && figure.scatter <= kScatterTarget;
  return figure;
}

double ratio_of_rounds(std::span<const Sample> lane, std::span<const Sample> base) {
  const std::vector<Fate> lane_fates = judge(lane), base_fates = judge(base);
  std::vector<double> lane_times, base_times;
  for (std::size_t round = 0; round < std::min(lane.size(), base.size()); ++round) {
    if (lane_fates[round] != Fate::kept || base_fates[round] != Fate::kept) continue;
    lane_times.push_back(lane[round].nanoseconds);
    base_times.push_back(base[round].nanoseconds);
  }
  return base_times.empty() ? 0 : median_ratio(lane_times, base_times);
}

double clock_between(std::span<const Stamp> before, std::span<const Stamp> after) {
  std::vector<double> rates;
  for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
    if (before[i].nanoseconds == 0 || after[i].nanoseconds < before[i].nanoseconds + kLeastTimerNanoseconds) {
      continue;
    }
    rates.push_back(1e9 * static_cast<double>(after[i].clocks - before[i].clocks) /
                    static_cast<double>(after[i].nanoseconds - before[i].nanoseconds));
  }
  return rates.empty() ? 0 : quartiles(std::move(rates)).median;
}

}  // namespace perceptron::bench::gpu
