#include <algorithm>
#include <cassert>
#include <iterator>
#include <set>

#include "src/planning/planning.hpp"
#include "src/planning/rules.hpp"

namespace perceptron::planning {
namespace {

/// Row counts at which a condition of a rule or a family may turn: all up to this one.
constexpr std::int64_t kFewRows = 17;

/// Every row count at which the choice may change: where a policy gets one more tile, up to the count from
/// which no policy's rounds are counted.
std::set<std::int64_t> steps(const Problem& layer, const DeviceTraits& traits, Candidates candidates) {
  std::set<std::int64_t> rows;
  for (std::int64_t row = 1; row <= kFewRows; ++row) rows.insert(row);
  for (const kernels::Candidate& candidate : candidates) {
    const std::int64_t tile = std::max(candidate.tile_rows, 1);
    const auto last = static_cast<std::int64_t>(last_counted_row(layer, traits, candidate));
    for (std::int64_t row = 1; row <= last; row += tile) rows.insert(row);
    rows.insert(last + 1);
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
