// Decides ahead: rows → policy. The choice is a step function of rows, so looking at every step suffices.
#include <algorithm>
#include <cassert>
#include <iterator>
#include <set>

#include "src/planning/planning.hpp"
#include "src/planning/rules.hpp"

namespace perceptron::planning {
namespace {

/// Every row count at which the choice may change: those of weight_stream, the one from which row_dot fills
/// the device, where a policy gets one more tile, and the count from which rounds are not counted.
std::set<std::int64_t> steps(const Problem& layer, const DeviceTraits& traits, Candidates candidates) {
  const auto last = static_cast<std::int64_t>(last_counted_row(layer, traits));
  const std::int64_t filling = first_filling_row(layer, traits);
  std::set<std::int64_t> rows{filling, last + 1};
  for (std::int64_t row = 1; row <= last_streamed_row(layer, traits) + 1; ++row) rows.insert(row);
  Problem beyond = layer;
  beyond.rows = std::max(kFewRows + 1, filling);
  const kernels::Candidate* const chosen = select(beyond, traits, candidates);
  if (chosen == nullptr) return rows;
  const std::size_t rule = rank_of(beyond, traits, *chosen).rule;
  for (const kernels::Candidate& candidate : candidates) {
    if (rank_of(beyond, traits, candidate).rule != rule) continue;
    const std::int64_t tile = std::max(candidate.tile_rows, 1);
    for (std::int64_t row = 1; row <= last; row += tile) rows.insert(row);
  }
  return rows;
}

}  // namespace

std::vector<PolicyRange> policy_table(const Problem& layer, const DeviceTraits& traits,
                                      Candidates candidates) {
  std::vector<PolicyRange> table;
  Problem problem = layer;
  for (const std::int64_t rows : steps(layer, traits, candidates)) {
    problem.rows = rows;
    const kernels::Candidate* chosen = select(problem, traits, candidates);
    if (table.empty() || table.back().candidate != chosen) table.push_back({rows, chosen});
  }
  return table;
}

const PolicyRange& find_range(std::span<const PolicyRange> table, std::int64_t rows) {
  assert(!table.empty());
  const auto after =
      std::upper_bound(table.begin(), table.end(), rows,
                       [](std::int64_t count, const PolicyRange& range) { return count < range.first_row; });
  return after == table.begin() ? table.front() : *std::prev(after);
}

}  // namespace perceptron::planning
