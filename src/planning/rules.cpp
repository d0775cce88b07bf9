#include "src/planning/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace perceptron::planning {
namespace {

constexpr std::int64_t kFewOutputs = 16;
/// Weights of few outputs count as wide from that many inputs on: then a row has this many blocks of 256 that
/// may be summed at the same time.
constexpr std::int64_t kWideInputs = 4 * kSumBlock;

bool is_weight_bound(const Problem& problem) {
  return problem.rows <= kFewRows && (problem.outputs > kFewOutputs || problem.inputs > kWideInputs);
}
bool has_few_outputs(const Problem& problem) { return problem.outputs <= kFewOutputs; }
bool always(const Problem&) { return true; }

double tiles_along(std::int64_t extent, int tile) {
  return std::ceil(static_cast<double>(std::max<std::int64_t>(extent, 1)) / std::max(tile, 1));
}

/// A tile of r rows and c outputs loads r + c values per r·c multiply-adds. 16 such loads are taken to cost
/// as much as one multiply-add per output, which makes 128×128 cost 1.25, 64×64 1.5 and 32×32 2 per output:
/// an estimate.
double loading_weight(const kernels::Candidate& candidate) {
  return 1 + 16.0 / std::max(candidate.tile_rows, 1) + 16.0 / std::max(candidate.tile_outputs, 1);
}

/// How the policy's tiles cover the outputs of y.
struct Cover {
  double tiles = 0;
  double rounds = 0;  ///< Tiles that the busiest multiprocessor computes.
};

Cover cover(const Problem& problem, const DeviceTraits& traits, const kernels::Candidate& candidate) {
  const auto multiprocessors = static_cast<double>(traits.multiprocessors);
  const auto rows = static_cast<double>(problem.rows);
  const double across =
      static_cast<double>(problem.groups) * tiles_along(problem.outputs, candidate.tile_outputs);
  Cover cover;
  cover.tiles = across * tiles_along(problem.rows, candidate.tile_rows);
  cover.rounds = rows <= last_counted_row(problem, traits)
                     ? std::ceil(cover.tiles / multiprocessors)
                     : across * rows / std::max(candidate.tile_rows, 1) / multiprocessors;
  return cover;
}

/// Outputs that the busiest multiprocessor computes, padding included, weighted by what small tiles load
/// more.
double tiling_cost(const Problem& problem, const DeviceTraits& traits, const kernels::Candidate& candidate) {
  return cover(problem, traits, candidate).rounds * candidate.tile_rows * candidate.tile_outputs *
         loading_weight(candidate);
}

/// "512 tiles of 128×128, 3.88 per multiprocessor".
std::string tiling_fit(const Problem& problem, const DeviceTraits& traits,
                       const kernels::Candidate& candidate) {
  const Cover found = cover(problem, traits, candidate);
  return fmt::format("{:.0f} tiles of {}×{}, {:.3g} per multiprocessor", found.tiles, candidate.tile_rows,
                     candidate.tile_outputs, found.rounds);
}

/// Passes over W; a row more in each is taken to cost a 64th of its reading: an estimate.
double streaming_cost(const Problem& problem, const DeviceTraits&, const kernels::Candidate& candidate) {
  return tiles_along(problem.rows, candidate.tile_rows) * (64 + candidate.tile_rows);
}

std::string streaming_fit(const Problem& problem, const DeviceTraits&, const kernels::Candidate& candidate) {
  const double passes = tiles_along(problem.rows, candidate.tile_rows);
  return fmt::format("rows at a time {}, so W is read {}", candidate.tile_rows,
                     passes == 1 ? "once" : fmt::format("{:.0f} times", passes));
}

struct Rule {
  std::string_view family;
  bool (*applies)(const Problem&);
  std::string_view because;
  std::string_view needs;
  double (*cost)(const Problem&, const DeviceTraits&, const kernels::Candidate&);
  std::string (*fit)(const Problem&, const DeviceTraits&, const kernels::Candidate&);
};

/// In order: the first rule that applies and whose family has a policy for the problem decides. Estimates
/// all, from what each shape must read; none was measured on a GPU.
constexpr std::array kRules{
    Rule{"weight_stream", is_weight_bound,
         "few rows meet wide weights: reading W once is the work, spread over outputs and blocks of 256 "
         "inputs",
         "at most 16 rows, and more than 16 outputs or more than 1024 inputs", streaming_cost, streaming_fit},
    Rule{"row_dot", has_few_outputs, "few outputs: reading x once is the work, the weights stay on the chip",
         "at most 16 outputs", tiling_cost, tiling_fit},
    Rule{"tile_fma", always, "rows and outputs enough for tiles: every value loaded serves many sums", "",
         tiling_cost, tiling_fit},
};

const Rule* rule_of(const kernels::Candidate& candidate) {
  const auto found = std::find_if(kRules.begin(), kRules.end(),
                                  [&](const Rule& rule) { return rule.family == candidate.family; });
  return found == kRules.end() ? nullptr : &*found;
}

}  // namespace

double last_counted_row(const Problem& layer, const DeviceTraits& traits) {
  constexpr int kRounds = 4, kTile = 128;
  const double across = static_cast<double>(layer.groups) * tiles_along(layer.outputs, kTile);
  return std::floor(kRounds * kTile * static_cast<double>(traits.multiprocessors) / across);
}

Rank rank_of(const Problem& problem, const DeviceTraits& traits, const kernels::Candidate& candidate) {
  const Rule* const rule = rule_of(candidate);
  if (rule == nullptr || !rule->applies(problem)) {
    return {Rank::kNoRule, tiling_cost(problem, traits, candidate)};
  }
  return {static_cast<std::size_t>(rule - kRules.data()), rule->cost(problem, traits, candidate)};
}

std::string rule_reason(const Rank& rank) {
  if (rank.rule == Rank::kNoRule) return "no rule asks for its family, but it computes the problem";
  return fmt::format("rule {}: {}", rank.rule + 1, kRules[rank.rule].because);
}

std::string fit_text(const Problem& problem, const DeviceTraits& traits,
                     const kernels::Candidate& candidate) {
  const Rule* const rule = rule_of(candidate);
  return (rule == nullptr ? tiling_fit : rule->fit)(problem, traits, candidate);
}

std::string missed_rule(const Problem& problem, const kernels::Candidate& candidate) {
  const Rule* const rule = rule_of(candidate);
  if (rule == nullptr) return "no rule names its family";
  return fmt::format("its rule needs {}; found rows {}, inputs {}, outputs {}", rule->needs, problem.rows,
                     problem.inputs, problem.outputs);
}

}  // namespace perceptron::planning
