#include "src/planning/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "src/planning/planning.hpp"

namespace perceptron::planning {
namespace {

constexpr std::int64_t kFewOutputs = 16;
/// Weights of few outputs count as wide from that many inputs on: then a row has this many blocks of 256 that
/// may be summed at the same time.
constexpr std::int64_t kWideInputs = 4 * kSumBlock;

bool has_few_outputs(const Problem& problem, const DeviceTraits&) { return problem.outputs <= kFewOutputs; }
bool has_wide_rows(const Problem& problem) { return problem.inputs > kWideInputs; }
bool is_weight_bound(const Problem& problem, const DeviceTraits& traits) {
  return problem.rows <= kFewRows && (!has_few_outputs(problem, traits) || has_wide_rows(problem));
}
/// Tiles of row_dot would leave multiprocessors without work, where blocks of inputs could be summed beside
/// each other.
bool has_too_few_rows(const Problem& problem, const DeviceTraits& traits) {
  return has_few_outputs(problem, traits) && has_wide_rows(problem) &&
         problem.rows < first_filling_row(problem, traits);
}
bool always(const Problem&, const DeviceTraits&) { return true; }

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

/// Rows that the busiest multiprocessor reads. The start and end of a tile are taken to cost as much as 16
/// rows, and an output what a 48th of the reading does, which prefers tiles of many rows to narrow ones:
/// estimates.
double reading_cost(const Problem& problem, const DeviceTraits& traits, const kernels::Candidate& candidate) {
  return cover(problem, traits, candidate).rounds * (candidate.tile_rows + 16) *
         (1 + candidate.tile_outputs / 48.0);
}

double blocks_of(const Problem& problem, const kernels::Candidate& candidate) {
  const kernels::Extent grid = launch_of(problem, candidate).grid;
  return static_cast<double>(grid.x) * grid.y * grid.z;
}

/// Every block reads its part of W, and the blocks of other rows read it again; a row more in each is taken
/// to cost a 64th of that reading: an estimate. While there are fewer blocks than multiprocessors more of
/// them cost nothing, so that few rows a block are best.
double streaming_cost(const Problem& problem, const DeviceTraits& traits,
                      const kernels::Candidate& candidate) {
  const auto multiprocessors = static_cast<double>(traits.multiprocessors);
  return std::max(blocks_of(problem, candidate), multiprocessors) * (64 + candidate.tile_rows);
}

std::string streaming_fit(const Problem& problem, const DeviceTraits& traits,
                          const kernels::Candidate& candidate) {
  const double passes = tiles_along(problem.rows, candidate.tile_rows);
  return fmt::format("rows at a time {}, so W is read {}, by {:.0f} blocks for {} multiprocessors",
                     candidate.tile_rows, passes == 1 ? "once" : fmt::format("{:.0f} times", passes),
                     blocks_of(problem, candidate), traits.multiprocessors);
}

struct Rule {
  std::string_view family;
  bool (*applies)(const Problem&, const DeviceTraits&);
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
    Rule{"weight_stream", has_too_few_rows,
         "few outputs of wide rows, too few of them to fill the multiprocessors with tiles: blocks of 256 "
         "inputs are summed beside each other",
         "at most 16 outputs, more than 1024 inputs, and fewer tiles of 128 rows than multiprocessors",
         streaming_cost, streaming_fit},
    Rule{"row_dot", has_few_outputs, "few outputs: reading x once is the work, the weights stay on the chip",
         "at most 16 outputs", reading_cost, tiling_fit},
    Rule{"tile_fma", always, "rows and outputs enough for tiles: every value loaded serves many sums", "",
         tiling_cost, tiling_fit},
};

/// The family's first rule that applies; null where there is none.
const Rule* rule_of(const Problem& problem, const DeviceTraits& traits, const kernels::Candidate& candidate) {
  const auto found = std::ranges::find_if(kRules, [&](const Rule& rule) {
    return rule.family == candidate.family && rule.applies(problem, traits);
  });
  return found == kRules.end() ? nullptr : &*found;
}

}  // namespace

double last_counted_row(const Problem& layer, const DeviceTraits& traits) {
  constexpr int kRounds = 4, kTile = 128;
  const double across = static_cast<double>(layer.groups) * tiles_along(layer.outputs, kTile);
  return std::floor(kRounds * kTile * static_cast<double>(traits.multiprocessors) / across);
}

std::int64_t first_filling_row(const Problem& layer, const DeviceTraits& traits) {
  constexpr std::int64_t kTile = 128;
  const std::int64_t tiles = (traits.multiprocessors + layer.groups - 1) / layer.groups;
  return (tiles - 1) * kTile + 1;
}

std::int64_t last_streamed_row(const Problem& layer, const DeviceTraits& traits) {
  Problem problem = layer;
  problem.rows = kFewRows + 1;
  if (!has_too_few_rows(problem, traits)) return kFewRows;
  return std::min(first_filling_row(layer, traits), kFewRows * traits.multiprocessors);
}

Rank rank_of(const Problem& problem, const DeviceTraits& traits, const kernels::Candidate& candidate) {
  const Rule* const rule = rule_of(problem, traits, candidate);
  if (rule == nullptr) return {Rank::kNoRule, tiling_cost(problem, traits, candidate)};
  return {static_cast<std::size_t>(rule - kRules.data()), rule->cost(problem, traits, candidate)};
}

std::string rule_reason(const Rank& rank) {
  if (rank.rule == Rank::kNoRule) return "no rule asks for its family, but it computes the problem";
  return fmt::format("rule {}: {}", rank.rule + 1, kRules[rank.rule].because);
}

std::string fit_text(const Problem& problem, const DeviceTraits& traits,
                     const kernels::Candidate& candidate) {
  const Rule* const rule = rule_of(problem, traits, candidate);
  return (rule == nullptr ? tiling_fit : rule->fit)(problem, traits, candidate);
}

std::string missed_rule(const Problem& problem, const kernels::Candidate& candidate) {
  std::string needs;
  for (const Rule& rule : kRules) {
    if (rule.family == candidate.family)
      needs += fmt::format("{}{}", needs.empty() ? "" : "; or ", rule.needs);
  }
  if (needs.empty()) return "no rule names its family";
  return fmt::format("its rule needs {}; found rows {}, inputs {}, outputs {}", needs, problem.rows,
                     problem.inputs, problem.outputs);
}

}  // namespace perceptron::planning
