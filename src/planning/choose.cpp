// Applies the rules to the list of candidates, and words what came of it.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "src/planning/linear_arguments.hpp"
#include "src/planning/occupancy.hpp"
#include "src/planning/planning.hpp"
#include "src/planning/rules.hpp"

namespace perceptron::planning {
namespace {

/// Registers or threads may be too few in the traits of a file alone: kernels are compiled to fit real GPUs.
std::optional<std::string> refusal_by_occupancy(const kernels::Launch& launch, const DeviceTraits& traits) {
  const BlockNeeds needs = needs_of(launch, traits);
  const Occupancy found = occupancy(needs, traits, 1);
  if (found.blocks_per_multiprocessor > 0) return std::nullopt;
  return fmt::format(
      "a multiprocessor of {} holds no block of {} threads, {} registers per thread and {} bytes of shared "
      "memory: too few {}",
      traits.name, needs.threads, needs.registers_per_thread, needs.shared_bytes,
      found.limit == "shared memory" ? "bytes of shared memory" : found.limit);
}

/// The candidate's own refusal, or what the device lacks.
std::optional<std::string> refusal_of(const Problem& problem, const DeviceTraits& traits,
                                      const kernels::Candidate& candidate) {
  if (auto refusal = candidate.refusal(linear_part(problem))) return refusal;
  const kernels::Launch launch = launch_of(problem, candidate);
  const auto needed = static_cast<std::int64_t>(launch.shared_bytes);
  if (needed <= traits.shared_bytes_per_block) return refusal_by_occupancy(launch, traits);
  return fmt::format("needs {} bytes of shared memory per block, {} has {}", needed, traits.name,
                     traits.shared_bytes_per_block);
}

std::string lost_because(const Problem& problem, const DeviceTraits& traits,
                         const kernels::Candidate& candidate, const kernels::Candidate& chosen) {
  const Rank rank = rank_of(problem, traits, candidate);
  if (rank.rule == Rank::kNoRule) return missed_rule(problem, candidate);
  if (candidate.family != chosen.family) return fmt::format("an earlier rule chose {}", chosen.family);
  return fmt::format("{}: {:.2f} times the estimated cost", fit_text(problem, traits, candidate),
                     rank.cost / rank_of(problem, traits, chosen).cost);
}

}  // namespace

Problem linear_part(Problem problem) {
  if (problem.activation.kind != ActivationKind::softmax) return problem;
  problem.activation = ActivationKind::identity;
  problem.output_dtype = accumulator_of(problem.dtype);
  return problem;
}

const kernels::Candidate* select(const Problem& problem, const DeviceTraits& traits, Candidates candidates) {
  const kernels::Candidate* best = nullptr;
  Rank best_rank;
  for (const kernels::Candidate& candidate : candidates) {
    if (refusal_of(problem, traits, candidate)) continue;
    const Rank rank = rank_of(problem, traits, candidate);
    if (best != nullptr && !(rank < best_rank)) continue;
    best = &candidate;
    best_rank = rank;
  }
  return best;
}

Choice choose(const Problem& problem, const DeviceTraits& traits, Candidates candidates) {
  Choice choice;
  choice.candidate = select(problem, traits, candidates);
  for (const kernels::Candidate& candidate : candidates) {
    if (&candidate == choice.candidate) continue;
    if (auto refusal = refusal_of(problem, traits, candidate)) {
      choice.rejections.push_back({&candidate, true, std::move(*refusal)});
    } else {
      choice.rejections.push_back(
          {&candidate, false, lost_because(problem, traits, candidate, *choice.candidate)});
    }
  }
  if (choice.candidate != nullptr) {
    choice.reason = fmt::format("{}; {}", rule_reason(rank_of(problem, traits, *choice.candidate)),
                                fit_text(problem, traits, *choice.candidate));
  }
  return choice;
}

std::string refusal_text(const Problem& problem, const Choice& choice) {
  std::string text = fmt::format("{}: no kernel computes it", to_string(problem));
  if (choice.rejections.empty()) text += ": this library was built without kernels";
  for (const Rejection& rejection : choice.rejections) {
    text += fmt::format("; {} {}: {}", rejection.candidate->family, rejection.candidate->policy,
                        rejection.reason);
  }
  return text;
}

kernels::Launch launch_of(const Problem& asked, const kernels::Candidate& candidate) {
  const Problem problem = linear_part(asked);
  const std::int64_t rows = std::max<std::int64_t>(problem.rows, 1);  // Also no row at all has a plan.
  const std::int64_t padded = kernels::packed_outputs(problem.outputs);
  const auto x = ConstMatrixView(nullptr, problem.dtype, rows, problem.inputs)
                     .with_groups(problem.groups, problem.shared_x ? 0 : rows * problem.inputs);
  const auto y = MatrixView(nullptr, problem.output_dtype, rows, problem.outputs)
                     .with_groups(problem.groups, rows * problem.outputs);
  const PackedWeights weights{nullptr, nullptr, problem.inputs * padded, padded};
  return candidate.launch(linear_arguments(x, weights, y, problem.activation), problem.dtype);
}

}  // namespace perceptron::planning
