// Timing several calls against each other on a machine that is not ours alone: rounds ABCD, DCBA, ABCD, …, so
// that a slow spell of the machine meets all of them and a ratio taken within a round is fair.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/support/clock.hpp"

namespace perceptron::bench {

struct Lane {
  std::string name;
  std::function<void()> call;
};

struct Schedule {
  double lane_seconds = 0.3;     ///< Measured time per lane, all rounds together.
  int fewest_rounds = 6;         ///< Made even, so that each order is taken as often as the other.
  double sample_seconds = 0.01;  ///< Least length of one sample; short calls are repeated to fill it.
  Clock clock = Clock::wall;
  /// Pause before each sample, for the threads of the lane before to stop spinning; 0 where there are none.
  double settle_seconds = 0;
  /// Called before each sample; what it throws ends the timing.
  std::function<void()> poll = {};
};

/// Per lane, in the order given, the nanoseconds of one call in each round.
using Rounds = std::vector<std::vector<double>>;

Rounds interleave(const std::vector<Lane>& lanes, const Schedule& schedule);

/// Median over rounds of time(lane) ÷ time(base).
double median_ratio(const std::vector<double>& lane, const std::vector<double>& base);

}  // namespace perceptron::bench
