// One problem, the engine and every peer against each other in interleaved rounds, as values.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/peers/peers.hpp"
#include "bench/support/clock.hpp"
#include "bench/support/interleave.hpp"
#include "bench/support/statistics.hpp"
#include "bench/workload.hpp"
#include "perceptron/problem.hpp"

namespace perceptron::bench {

struct Timing {
  std::string contender;
  std::string way;  ///< The call that was timed: the fastest of those that the contender offers.
  Quartiles nanoseconds;
  double ratio = 1;  ///< Its time ÷ ours, median over rounds: above 1 we are faster.
};

struct Comparison {
  Problem problem;
  int threads = 1;
  std::vector<Timing> timings;  ///< Ours first.
  std::optional<Timing> copy;   ///< memcpy moving as many bytes as x and y hold.

  const Timing& ours() const { return timings.front(); }
  /// The peer with the lowest median; null where the build has no peer that serves the problem.
  const Timing* best_peer() const;
};

/// One activation's time against relu's on the same shape, ours both.
struct ActivationTiming {
  Problem problem;
  int threads = 1;
  Quartiles nanoseconds;
  double ratio = 1;  ///< Its time ÷ relu's.
};

struct ComparisonOptions {
  double seconds = 0.3;  ///< Measured per contender and problem.
  Clock clock =
      Clock::wall;  ///< Of one-thread comparisons; those on more threads are timed by the wall clock.
  int fewest_rounds = 6;
  std::function<void()> poll = {};  ///< As in Schedule.
};

/// Of lanes on so many threads.
Schedule schedule_of(int threads, const ComparisonOptions& options);

/// Runs the contender on one set after the other, again and again.
Lane lane_of(Contender& contender, std::size_t sets);

/// That peer's fastest way of serving the task, found by timing all; null where it has none. Verifies each.
std::unique_ptr<Contender> fastest_way(const Peer& peer, Workload& workload,
                                       const ComparisonOptions& options);

/// Throws std::runtime_error where a contender's result differs from ours.
/// `with_copy`: memcpy is timed too.
Comparison compare(const Problem& problem, int threads, bool with_copy, const ComparisonOptions& options);

/// relu first.
std::vector<ActivationTiming> compare_activations(const Problem& shape, int threads,
                                                  const ComparisonOptions& options);

}  // namespace perceptron::bench
