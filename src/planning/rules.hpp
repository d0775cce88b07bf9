// The ordered rules: which family is preferred for which problem, and which of its policies. Private to
// planning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "kernels/candidate.hpp"
#include "perceptron/device_traits.hpp"
#include "perceptron/problem.hpp"

namespace perceptron::planning {

/// Up to that many rows the rules, and what families accept, may turn with each row.
inline constexpr std::int64_t kFewRows = 16;

/// How a candidate that accepts a problem stands; the least is chosen, an earlier candidate before an equal
/// one.
struct Rank {
  static constexpr std::size_t kNoRule = std::numeric_limits<std::size_t>::max();

  std::size_t rule = kNoRule;  ///< Of the list; kNoRule: the family's condition does not hold.
  double cost = 0;             ///< Within the family: an estimate, of the family's own unit.

  bool operator<(const Rank& other) const {
    return rule != other.rule ? rule < other.rule
                              : cost < other.cost * (1 - 1e-9);  // Equal but for rounding.
  }
};

Rank rank_of(const Problem& problem, const DeviceTraits& traits, const kernels::Candidate& candidate);

/// The row count up to which an incomplete last round of tiles counts as a whole one: four rounds of 128×128.
/// Beyond, tiles of different rounds overlap, a round counts by its share, and the choice depends on rows no
/// more.
double last_counted_row(const Problem& layer, const DeviceTraits& traits);

/// From that row count on row_dot's tiles of 128 rows are at least as many as there are multiprocessors.
std::int64_t first_filling_row(const Problem& layer, const DeviceTraits& traits);

/// Up to that row count the policies of weight_stream may turn with each row: from then on blocks of the most
/// rows fill the multiprocessors, or another family's do.
std::int64_t last_streamed_row(const Problem& layer, const DeviceTraits& traits);

/// Why the family is right for the problem: its rule.
std::string rule_reason(const Rank& rank);
/// How the policy fits the problem: what its cost was made of.
std::string fit_text(const Problem& problem, const DeviceTraits& traits, const kernels::Candidate& candidate);
/// Why the family was not taken where its rule does not hold.
std::string missed_rule(const Problem& problem, const kernels::Candidate& candidate);

}  // namespace perceptron::planning
