// The policies of weight_stream as candidates: what is refused, how one is launched.
#include "kernels/weight_stream/weight_stream.hpp"

#include <array>

namespace perceptron::kernels::weight_stream {

namespace {

struct Row {
  std::string_view name;
  Policy policy;
  std::array<std::string_view, kDTypes.size()> entries;  ///< By DType.
};

constexpr std::array kPolicies{
    Row{"1",
        kRows1,
        {"weight_stream_1_f64", "weight_stream_1_f32", "weight_stream_1_f16", "weight_stream_1_bf16"}},
    Row{"4",
        kRows4,
        {"weight_stream_4_f64", "weight_stream_4_f32", "weight_stream_4_f16", "weight_stream_4_bf16"}},
    Row{"8",
        kRows8,
        {"weight_stream_8_f64", "weight_stream_8_f32", "weight_stream_8_f16", "weight_stream_8_bf16"}},
    Row{"16",
        kRows16,
        {"weight_stream_16_f64", "weight_stream_16_f32", "weight_stream_16_f16", "weight_stream_16_bf16"}},
};

template <std::size_t kIndex>
struct CandidateOf {
  static constexpr const Row& kRow = kPolicies[kIndex];

  static std::string_view entry(DType storage) { return kRow.entries[static_cast<std::size_t>(storage)]; }

  static std::optional<std::string> refusal(const Problem& problem) {
    if (problem.arithmetic != Arithmetic::reproducible) return "computes reproducible arithmetic only";
    return std::nullopt;
  }

  static Launch launch(const LinearArguments& arguments, DType storage) {
    const int storage_bytes = static_cast<int>(size_of(storage));
    const Block block = block_for(kRow.policy, arguments, storage_bytes);
    const int outputs = block.lanes * lane_outputs(storage_bytes);
    Launch launch;
    launch.family = "weight_stream";
    launch.entry = entry(storage);
    launch.grid.x = blocks((arguments.outputs + outputs - 1) / outputs, kLargestGridX);
    launch.grid.y = blocks((arguments.rows + kRow.policy.rows - 1) / kRow.policy.rows, kLargestGridYZ);
    launch.grid.z = blocks(arguments.groups, kLargestGridYZ);
    launch.block = {static_cast<std::uint32_t>(block.lanes), static_cast<std::uint32_t>(block.slots)};
    launch.shared_bytes = static_cast<std::uint32_t>(shared_bytes(kRow.policy, block, storage_bytes));
    launch.arguments = ArgumentBytes(arguments);
    return launch;
  }

  static constexpr Candidate candidate() {
    return {"weight_stream", kRow.name, entry, refusal, launch, kRow.policy.rows, kTypicalOutputs};
  }
};

}  // namespace

std::span<const Candidate> candidates() {
  static constexpr std::array kCandidates{CandidateOf<0>::candidate(), CandidateOf<1>::candidate(),
                                          CandidateOf<2>::candidate(), CandidateOf<3>::candidate()};
  static_assert(kCandidates.size() == kPolicies.size());
  return kCandidates;
}

}  // namespace perceptron::kernels::weight_stream
