#include "bench/support/interleave.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <thread>

#include "bench/support/statistics.hpp"

namespace perceptron::bench {
namespace {

/// Untimed calls before each sample, so that caches and threads are the lane's own again.
constexpr double kWarmSeconds = 0.005;

std::int64_t calls_for(double seconds, double seconds_per_call) {
  return std::max<std::int64_t>(1, std::llround(std::ceil(seconds / seconds_per_call)));
}

/// A first estimate, from at least one call after an untimed one and at least a millisecond.
double seconds_per_call(const Lane& lane, Clock clock) {
  lane.call();
  std::int64_t calls = 1;
  double seconds = seconds_of(clock, calls, lane.call);
  while (seconds < 0.001) {
    calls *= 4;
    seconds = seconds_of(clock, calls, lane.call);
  }
  return seconds / static_cast<double>(calls);
}

int rounds_for(const Schedule& schedule, double sample_seconds) {
  constexpr double kMostRounds = 1e9;
  const int wanted =
      static_cast<int>(std::min(kMostRounds, std::round(schedule.lane_seconds / sample_seconds)));
  const int rounds = std::max(schedule.fewest_rounds, wanted);
  return rounds + rounds % 2;
}

void settle(double seconds) {
  if (seconds > 0) std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

}  // namespace

Rounds interleave(const std::vector<Lane>& lanes, const Schedule& schedule) {
  std::vector<std::int64_t> calls, warm_calls;
  double longest_sample = 0;
  for (const Lane& lane : lanes) {
    settle(schedule.settle_seconds);
    const double seconds = seconds_per_call(lane, schedule.clock);
    calls.push_back(calls_for(schedule.sample_seconds, seconds));
    warm_calls.push_back(calls_for(kWarmSeconds, seconds));
    longest_sample = std::max(longest_sample, seconds * static_cast<double>(calls.back()));
  }
  Rounds result(lanes.size());
  const int rounds = rounds_for(schedule, longest_sample);
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t step = 0; step < lanes.size(); ++step) {
      const std::size_t lane = round % 2 == 0 ? step : lanes.size() - 1 - step;
      if (schedule.poll) schedule.poll();
      settle(schedule.settle_seconds);
      seconds_of(schedule.clock, warm_calls[lane], lanes[lane].call);
      const double seconds = seconds_of(schedule.clock, calls[lane], lanes[lane].call);
      result[lane].push_back(seconds / static_cast<double>(calls[lane]) * 1e9);
    }
  }
  return result;
}

double median_ratio(const std::vector<double>& lane, const std::vector<double>& base) {
  std::vector<double> ratios;
  for (std::size_t round = 0; round < base.size(); ++round) ratios.push_back(lane[round] / base[round]);
  return quartiles(std::move(ratios)).median;
}

}  // namespace perceptron::bench
