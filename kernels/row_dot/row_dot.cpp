// The policies of row_dot as candidates: what is refused, how one is launched.
#include "kernels/row_dot/row_dot.hpp"

#include <algorithm>
#include <array>

namespace perceptron::kernels::row_dot {

namespace {

struct Policy {
  std::string_view name;
  Shape shape;
  std::array<std::string_view, kDTypes.size()> entries;  ///< By DType.
};

constexpr std::array kPolicies{
    Policy{"128x1",
           k128x1,
           {"row_dot_128x1_f64", "row_dot_128x1_f32", "row_dot_128x1_f16", "row_dot_128x1_bf16"}},
    Policy{"128x4",
           k128x4,
           {"row_dot_128x4_f64", "row_dot_128x4_f32", "row_dot_128x4_f16", "row_dot_128x4_bf16"}},
    Policy{"256x8",
           k256x8,
           {"row_dot_256x8_f64", "row_dot_256x8_f32", "row_dot_256x8_f16", "row_dot_256x8_bf16"}},
    Policy{"256x16",
           k256x16,
           {"row_dot_256x16_f64", "row_dot_256x16_f32", "row_dot_256x16_f16", "row_dot_256x16_bf16"}},
    Policy{"512x4",
           k512x4,
           {"row_dot_512x4_f64", "row_dot_512x4_f32", "row_dot_512x4_f16", "row_dot_512x4_bf16"}},
};

/// From that many tiles on a block computes several, up to kMostTilesPerBlock: then it requests the next one
/// while it computes. Still six waves or more on 132 multiprocessors, so that no wave is nearly empty.
/// Estimates.
constexpr std::int64_t kBlocksAimedAt = 4096, kMostTilesPerBlock = 16;

constexpr std::uint32_t blocks_for(std::int64_t tiles) {
  const std::int64_t each = std::clamp<std::int64_t>(tiles / kBlocksAimedAt, 1, kMostTilesPerBlock);
  return blocks((tiles + each - 1) / each, kLargestGridX);
}

template <std::size_t kIndex>
struct CandidateOf {
  static constexpr const Policy& kPolicy = kPolicies[kIndex];
  static constexpr Shape kShape = kPolicy.shape;

  static std::string_view entry(DType storage) { return kPolicy.entries[static_cast<std::size_t>(storage)]; }

  static std::optional<std::string> refusal(const Problem& problem) {
    if (problem.arithmetic != Arithmetic::reproducible) return "computes reproducible arithmetic only";
    if (problem.outputs > kShape.outputs) {
      return "takes at most " + std::to_string(kShape.outputs) + " outputs; found " +
             std::to_string(problem.outputs);
    }
    const auto most_inputs = static_cast<std::int64_t>(kShape.stage_bytes / size_of(problem.dtype));
    if (kShape.single_stage && problem.inputs > most_inputs) {
      return "takes at most " + std::to_string(most_inputs) + " inputs of " +
             std::string(to_string(problem.dtype)) + "; found " + std::to_string(problem.inputs);
    }
    return std::nullopt;
  }

  static Launch launch(const LinearArguments& arguments, DType storage) {
    Launch launch;
    launch.family = "row_dot";
    launch.entry = entry(storage);
    launch.grid.x = blocks_for((arguments.rows + kShape.rows() - 1) / kShape.rows());
    launch.grid.y = blocks(arguments.groups, kLargestGridYZ);
    launch.block.x = kThreads;
    launch.shared_bytes =
        static_cast<std::uint32_t>(shared_bytes(kShape, static_cast<int>(size_of(storage))));
    launch.arguments = ArgumentBytes(arguments);
    return launch;
  }

  static constexpr Candidate candidate() {
    return {"row_dot", kPolicy.name, entry, refusal, launch, kShape.rows(), kShape.outputs};
  }
};

}  // namespace

std::span<const Candidate> candidates() {
  static constexpr std::array kCandidates{CandidateOf<0>::candidate(), CandidateOf<1>::candidate(),
                                          CandidateOf<2>::candidate(), CandidateOf<3>::candidate(),
                                          CandidateOf<4>::candidate()};
  static_assert(kCandidates.size() == kPolicies.size());
  return kCandidates;
}

}  // namespace perceptron::kernels::row_dot
