// Timings of one contender as values: which samples count, and what they say together. Nothing here needs a
// GPU.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bench/support/statistics.hpp"

namespace perceptron::bench::gpu {

/// One call between two events.
struct Sample {
  double nanoseconds = 0;
  double clock_hz = 0;   ///< Of the multiprocessors while it ran; 0: unknown.
  bool was_held = true;  ///< All of it was queued before any of it ran.
};

enum class Fate {
  kept,
  unheld,     ///< The stream ran before everything was queued: gaps between launches may be inside.
  throttled,  ///< The clock was below kLeastClockShare of the contender's own upper quartile.
  stray,      ///< Further from the quartiles than kStrayRanges times their distance.
};

/// A call that met a clock this much lower measured the power limit's doing, not the kernel's.
inline constexpr double kLeastClockShare = 0.75;
inline constexpr double kStrayRanges = 3;
inline constexpr std::size_t kFewestSamples = 10;
/// Of the median's own standard error, at most.
inline constexpr double kScatterTarget = 0.005;

/// One per sample.
std::vector<Fate> judge(std::span<const Sample> samples);

struct Figure {
  Quartiles nanoseconds;  ///< Of the kept samples.
  int kept = 0, unheld = 0, throttled = 0, stray = 0;
  double clock_hz = 0;      ///< Median of the kept samples; 0: unknown.
  double scatter = 0;       ///< Standard error of the median ÷ median.
  bool is_settled = false;  ///< Enough samples, and the scatter is below its target.
};

/// `samples` is not empty. Where none is kept all of them count, and the figure is not settled.
Figure figure_of(std::span<const Sample> samples);

/// Median over rounds of lane ÷ base, from the rounds in which both were kept; 0 where there is none.
double ratio_of_rounds(std::span<const Sample> lane, std::span<const Sample> base);

/// A multiprocessor's clock and the device's timer at one moment; zeros: not taken.
struct Stamp {
  std::uint64_t clocks = 0;
  std::uint64_t nanoseconds = 0;
};

/// Clock rate between two moments: median over the multiprocessors with both stamps. 0 where there is none or
/// the timer, which may tick once per microsecond, has moved too little.
double clock_between(std::span<const Stamp> before, std::span<const Stamp> after);

}  // namespace perceptron::bench::gpu
