// What was measured on a GPU, as values. Nothing here needs one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/gpu/gpu.hpp"
#include "bench/gpu/samples.hpp"
#include "bench/support/machine.hpp"
#include "perceptron/problem.hpp"

namespace perceptron::bench::gpu {

/// A rate that the machine reached in this very run, against which others are held.
struct Ceiling {
  std::string name;
  std::string includes;
  double amount = 0;  ///< Bytes or operations of one call; 0: the time itself is the figure.
  Figure figure;

  double per_second() const { return amount / figure.nanoseconds.median * 1e9; }
};

inline constexpr std::string_view kCopy = "copy", kRead = "read", kToDevice = "to_device",
                                  kToHost = "to_host", kBothWays = "both_ways", kFmaF32 = "fma_f32",
                                  kFmaF64 = "fma_f64", kEmptyKernel = "empty_kernel";

using Ceilings = std::vector<Ceiling>;

/// Throws std::out_of_range where there is none of that name.
const Ceiling& ceiling_of(const Ceilings& ceilings, std::string_view name);

/// The ceiling that binds a problem: the one that alone would take it longest.
struct Bound {
  std::string ceiling;
  double nanoseconds = 0;
};

/// Operations at the fma rate of the accumulator's type; x, W, b and y once each at the copy's rate.
Bound bound_of(const Problem& problem, const Ceilings& ceilings);

struct ContenderResult {
  std::string contender;
  std::string way;
  std::string includes;
  Figure figure;
  double ratio = 1;  ///< Its time ÷ ours, median over rounds: above 1 we are faster.
};

struct Comparison {
  Problem problem;
  std::string note;                      ///< How it differs from what was asked for; empty: it does not.
  std::vector<ContenderResult> results;  ///< Ours first.
  Bound bound;
  double watts = 0;  ///< Average over all rounds, pauses and all contenders included; 0: unknown.

  const ContenderResult& ours() const { return results.front(); }
  double share() const { return bound.nanoseconds / ours().figure.nanoseconds.median; }
  /// The contender of that name, or the fastest peer where it is empty; null where there is none.
  const ContenderResult* peer(std::string_view name = {}) const;
};

/// Host arrays through Session::run; nanoseconds of the wall clock.
struct HostResult {
  Problem problem;
  Quartiles copies;                             ///< x in and y out at once, pinned, whole, nothing computed.
  Quartiles pinned;                             ///< Session::run on those arrays.
  Quartiles pageable;                           ///< Session::run on arrays that nobody pinned.
  double pinned_share = 0, pageable_share = 0;  ///< copies ÷ run, medians over rounds.
};

/// Nanoseconds.
struct EnqueueResult {
  Problem problem;
  double launch_host = 0;        ///< Of the host, per empty kernel.
  double enqueue_host = 0;       ///< Of the host, per Session::enqueue.
  double ratio = 0;              ///< enqueue ÷ launch, median over rounds.
  int graph_nodes = 0;           ///< Enqueues captured into one graph.
  double graph_launch_host = 0;  ///< Of the host, per launch of that graph.
  Figure enqueue_device;         ///< Of the device, one enqueue.
  Figure graph_device;           ///< Of the device, the whole graph.
};

struct Report {
  Gpu gpu;
  Machine machine;
  std::string date;
  std::string commit;
  double seconds = 0;  ///< That the run was given.
  Ceilings ceilings;
  std::vector<Comparison> comparisons;
  std::vector<HostResult> host;
  std::optional<EnqueueResult> enqueue;
  std::vector<std::string> left_out;  ///< What was asked for and not measured, and why.
  std::vector<std::string> wrong;     ///< Results that differ from ours; what of ours failed.
};

}  // namespace perceptron::bench::gpu
