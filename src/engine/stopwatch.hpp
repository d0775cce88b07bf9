// Wall-clock time of a part of the work.
#pragma once

#include <chrono>

namespace perceptron::engine {

/// What work() returns, its seconds added to a sum, also where it throws.
template <class Work>
decltype(auto) timed(double& sum, Work&& work) {
  using Clock = std::chrono::steady_clock;
  struct Stopwatch {
    double& sum;
    Clock::time_point start = Clock::now();
    ~Stopwatch() { sum += std::chrono::duration<double>(Clock::now() - start).count(); }
  } const stopwatch{sum};
  return work();
}

}  // namespace perceptron::engine
