// The ordered rules: which family is preferred for which problem, and which of its policies. Private to
// planning.
#pragma once

#include <cstddef>
#include <limits>
#include <string>

#include "kernels/candidate.hpp"
#include "perceptron/device_traits.hpp"
#include "perceptron/problem.hpp"

namespace perceptron::planning {

/// How a candidate that accepts a problem stands; the least is chosen, an earlier candidate before an equal
/// one.
struct Rank {
  static constexpr std::size_t kNoRule = std::numeric_limits<std::size_t>::max();

  std::size_t rule = kNoRule;  ///< Of the list; kNoRule: the family's condition does not hold.
  double cost = 0;             ///< Within the family; see cost_of.

  bool operator<(const Rank& other) const {
    return rule != other.rule ? rule < other.rule
                              : cost < other.cost * (1 - 1e-9);  // Equal but for rounding.
  }
};

Rank rank_of(const Problem& problem, const DeviceTraits& traits, const kernels::Candidate& candidate);

/// Up to that many tiles per multiprocessor an incomplete last round is counted as a whole one; beyond, tiles
/// of different rounds overlap and it is counted by its share. So the choice settles as rows grow.
inline constexpr double kCountedRounds = 4;

/// How the policy's tiles cover the outputs of y.
struct Cover {
  double tiles = 0;
  double rounds = 0;  ///< Tiles that the busiest multiprocessor computes.
  double cost = 0;    ///< Outputs that it computes, padding included, weighted by what small tiles load more.
};

Cover cover(const Problem& problem, const DeviceTraits& traits, const kernels::Candidate& candidate);

/// The largest row count at which whole rounds are counted.
double last_counted_row(const Problem& layer, const DeviceTraits& traits,
                        const kernels::Candidate& candidate);

/// Why the family is right for the problem: its rule.
std::string rule_reason(const Rank& rank);
/// Why the family was not taken where its rule does not hold.
std::string missed_rule(const Problem& problem, const kernels::Candidate& candidate);

}  // namespace perceptron::planning
