// One problem, the engine and every peer against each other on the same memory in the same rounds.
#pragma once

#include <stdexcept>

#include "bench/gpu/nvml.hpp"
#include "bench/gpu/peers/peers.hpp"
#include "bench/gpu/results.hpp"
#include "bench/gpu/timing.hpp"

namespace perceptron::bench::gpu {

/// The problem does not fit into the device's memory, however few its rows.
class DoesNotFit : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Comparer {
 public:
  /// All of them outlive it. Contenders that disagree with ours are told in the report's `wrong`.
  Comparer(EventTimer& timer, const Peers& peers, const Nvml& nvml, Report& report)
      : timer_(timer), peers_(peers), nvml_(nvml), report_(report) {}

  /// Returns when all figures are settled or `seconds` have passed, at the cost of few samples where they are
  /// too few. Throws DoesNotFit, Error.
  Comparison compare(const Problem& asked, double seconds);

 private:
  /// Ours first; what disagrees with ours is not among them.
  std::vector<Contender> verified_contenders(Workload& workload, double until);
  std::vector<Contender> fastest_ways(const Workload& workload, double until);
  bool agrees(const Workload& workload, const Contender& contender);

  EventTimer& timer_;
  const Peers& peers_;
  const Nvml& nvml_;
  Report& report_;
};

/// Free memory of the device, less what drivers and libraries take as they go.
double available_bytes();

}  // namespace perceptron::bench::gpu
