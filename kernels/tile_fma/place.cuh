// Which tile of y a block computes, and how its dynamic shared memory is divided.
#pragma once

#include <cstdint>

#include "kernels/epilogue/convert.cuh"
#include "kernels/tile_fma/tile_fma.hpp"

namespace perceptron::kernels::tile_fma {

struct TilePlace {
  std::int64_t group, first_row, first_output;
};

template <Element S, Tile kTile>
class SharedTile {
 public:
  using A = AccumulatorOf<S>;

  /// The dynamic shared memory of the block.
  __device__ SharedTile() {
    extern __shared__ __align__(16) unsigned char bytes[];
    bytes_ = bytes;
  }

  __device__ A* totals() const { return at(0); }
  __device__ A* x(int buffer) const { return at(kXStages + buffer * x_stage_bytes(kTile, sizeof(S))); }
  __device__ A* weight(int buffer) const {
    return at(kWeightStages + buffer * weight_stage_bytes(kTile, sizeof(S)));
  }
  /// Where 16-bit elements land: the stage of x, then that of the weights.
  __device__ std::uint16_t* landing() const { return reinterpret_cast<std::uint16_t*>(weight(2)); }

 private:
  static constexpr int kXStages = totals_bytes(kTile, sizeof(S));
  static constexpr int kWeightStages = kXStages + 2 * x_stage_bytes(kTile, sizeof(S));

  __device__ A* at(int offset) const { return reinterpret_cast<A*>(bytes_ + offset); }

  unsigned char* bytes_;
};

}  // namespace perceptron::kernels::tile_fma
