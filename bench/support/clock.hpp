// The two clocks of the comparison mode.
#pragma once

#include <time.h>

#include <cstdint>

namespace perceptron::bench {

/// wall: what a caller waits. processor: the calling thread's own processor time, which other programs on the
/// machine do not lengthen; it says nothing where a call uses further threads.
enum class Clock { wall, processor };

inline double seconds_now(Clock clock) {
  timespec now{};
  clock_gettime(clock == Clock::wall ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Seconds that `calls` calls take one after the other; reading the clock costs less than a microsecond.
template <class Function>
double seconds_of(Clock clock, std::int64_t calls, const Function& function) {
  const double start = seconds_now(clock);
  for (std::int64_t call = 0; call < calls; ++call) function();
  return seconds_now(clock) - start;
}

}  // namespace perceptron::bench
