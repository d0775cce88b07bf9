#include "src/planning/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace perceptron::planning {
namespace {

constexpr std::int64_t kFewRows = 16, kFewOutputs = 16;
/// Weights of few outputs count as wide from that many inputs on: then a row has this many blocks of 256 that
/// may be summed at the same time.
constexpr std::int64_t kWideInputs = 4 * kSumBlock;

bool is_weight_bound(const Problem& problem) {
  return problem.rows <= kFewRows && (problem.outputs > kFewOutputs || problem.inputs > kWideInputs);
}
bool has_few_outputs(const Problem& problem) { return problem.outputs <= kFewOutputs; }
bool always(const Problem&) { return true; }

struct Rule {
  std::string_view family;
  bool (*applies)(const Problem&);
  std::string_view because;
  std::string_view needs;
};

/// In order: the first rule that applies and whose family has a policy for the problem decides. Estimates
/// all, from what each shape must read; none was measured on a GPU.
constexpr std::array kRules{
    Rule{"weight_stream", is_weight_bound,
         "few rows meet wide weights: reading W once is the work, spread over outputs and blocks of 256 "
         "inputs",
         "at most 16 rows, and more than 16 outputs or more than 1024 inputs"},
    Rule{"row_dot", has_few_outputs, "few outputs: reading x once is the work, the weights stay on the chip",
         "at most 16 outputs"},
    Rule{"tile_fma", always, "rows and outputs enough for tiles: every value loaded serves many sums", ""},
};

double tiles_along(std::int64_t extent, int tile) {
  return std::ceil(static_cast<double>(std::max<std::int64_t>(extent, 1)) / std::max(tile, 1));
}

/// A tile of r rows and c outputs loads r + c values per r·c multiply-adds. 16 such loads are taken to cost
/// as much as one multiply-add per output, which makes 128×128 cost 1.25, 64×64 1.5 and 32×32 2 per output:
/// an estimate.
double loading_weight(const kernels::Candidate& candidate) {
  return 1 + 16.0 / std::max(candidate.tile_rows, 1) + 16.0 / std::max(candidate.tile_outputs, 1);
}

}  // namespace

double last_counted_row(const Problem& layer, const DeviceTraits& traits,
                        const kernels::Candidate& candidate) {
  const double tiles_per_row = static_cast<double>(layer.groups) *
                               tiles_along(layer.outputs, candidate.tile_outputs) /
                               std::max(candidate.tile_rows, 1);
  return std::floor(kCountedRounds * static_cast<double>(traits.multiprocessors) / tiles_per_row);
}

Cover cover(const Problem& problem, const DeviceTraits& traits, const kernels::Candidate& candidate) {
  const double across =
      static_cast<double>(problem.groups) * tiles_along(problem.outputs, candidate.tile_outputs);
  const double multiprocessors = static_cast<double>(traits.multiprocessors);
  const bool is_counted = static_cast<double>(problem.rows) <= last_counted_row(problem, traits, candidate);
  Cover cover;
  cover.tiles = across * tiles_along(problem.rows, candidate.tile_rows);
  cover.rounds = is_counted
                     ? std::ceil(cover.tiles / multiprocessors)
                     : across * static_cast<double>(problem.rows) / candidate.tile_rows / multiprocessors;
  cover.cost = cover.rounds * candidate.tile_rows * candidate.tile_outputs * loading_weight(candidate);
  return cover;
}

Rank rank_of(const Problem& problem, const DeviceTraits& traits, const kernels::Candidate& candidate) {
  Rank rank;
  rank.cost = cover(problem, traits, candidate).cost;
  for (std::size_t index = 0; index < kRules.size() && rank.rule == Rank::kNoRule; ++index) {
    if (kRules[index].family == candidate.family && kRules[index].applies(problem)) rank.rule = index;
  }
  return rank;
}

std::string rule_reason(const Rank& rank) {
  if (rank.rule == Rank::kNoRule) return "no rule names its family, but it computes the problem";
  return fmt::format("rule {}: {}", rank.rule + 1, kRules[rank.rule].because);
}

std::string missed_rule(const Problem& problem, const kernels::Candidate& candidate) {
  for (const Rule& rule : kRules) {
    if (rule.family != candidate.family) continue;
    return fmt::format("its rule needs {}; found rows {}, inputs {}, outputs {}", rule.needs, problem.rows,
                       problem.inputs, problem.outputs);
  }
  return "no rule names its family";
}

}  // namespace perceptron::planning
