// The policies of tile_fma as candidates: which dtypes have an entry, what is refused, how one is launched.
#include "kernels/tile_fma/tile_fma.hpp"

#include <array>

namespace perceptron::kernels::tile_fma {

namespace {

struct Policy {
  std::string_view name;
  Tile tile;
  std::array<std::string_view, kDTypes.size()> entries;  ///< By DType; empty where there is none.
};

constexpr std::array kPolicies{
    Policy{
        "128x128", k128x128, {"", "tile_fma_128x128_f32", "tile_fma_128x128_f16", "tile_fma_128x128_bf16"}},
    Policy{"128x64", k128x64, {"tile_fma_128x64_f64", "", "", ""}},
    Policy{"64x64",
           k64x64,
           {"tile_fma_64x64_f64", "tile_fma_64x64_f32", "tile_fma_64x64_f16", "tile_fma_64x64_bf16"}},
    Policy{"32x32",
           k32x32,
           {"tile_fma_32x32_f64", "tile_fma_32x32_f32", "tile_fma_32x32_f16", "tile_fma_32x32_bf16"}},
};

template <std::size_t kIndex>
struct CandidateOf {
  static constexpr const Policy& kPolicy = kPolicies[kIndex];

  static std::string_view entry(DType storage) { return kPolicy.entries[static_cast<std::size_t>(storage)]; }

  static std::optional<std::string> refusal(const Problem& problem) {
    if (problem.arithmetic != Arithmetic::reproducible) return "computes reproducible arithmetic only";
    if (!entry(problem.dtype).empty()) return std::nullopt;
    return "has no entry for " + std::string(to_string(problem.dtype)) + "; use the policy " +
           (problem.dtype == DType::f64 ? "128x64" : "128x128");
  }

  static Launch launch(const LinearArguments& arguments, DType storage) {
    constexpr Tile kTile = kPolicy.tile;
    Launch launch;
    launch.family = "tile_fma";
    launch.entry = entry(storage);
    // Blocks that run together share rows of x.
    launch.grid.x = blocks((arguments.outputs + kTile.outputs - 1) / kTile.outputs, kLargestGridX);
    launch.grid.y = blocks((arguments.rows + kTile.rows - 1) / kTile.rows, kLargestGridYZ);
    launch.grid.z = blocks(arguments.groups, kLargestGridYZ);
    launch.block.x = kTile.threads();
    launch.shared_bytes = static_cast<std::uint32_t>(shared_bytes(kTile, static_cast<int>(size_of(storage))));
    // A single row's stride need not be aligned, and rows beyond it are addressed, though never read.
    LinearArguments given = arguments;
    if (given.rows == 1) given.x_stride = 0;
    launch.arguments = ArgumentBytes(given);
    return launch;
  }

  static constexpr Candidate candidate() {
    return {"tile_fma", kPolicy.name, entry, refusal, launch, kPolicy.tile.rows, kPolicy.tile.outputs};
  }
};

}  // namespace

std::span<const Candidate> candidates() {
  static constexpr std::array kCandidates{CandidateOf<0>::candidate(), CandidateOf<1>::candidate(),
                                          CandidateOf<2>::candidate(), CandidateOf<3>::candidate()};
  static_assert(kCandidates.size() == kPolicies.size());
  return kCandidates;
}

}  // namespace perceptron::kernels::tile_fma
