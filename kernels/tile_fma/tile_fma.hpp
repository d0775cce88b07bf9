// The family tile_fma as planning and launching see it: its tiles, what they cost in shared memory, their
// entries. tile_fma.cuh holds the kernel. CUDA-free.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/candidate.hpp"

namespace perceptron::kernels::tile_fma {

/// A block computes rows × outputs elements of y; each thread of it thread_rows × thread_outputs of them. A
/// warp is 4 × 8 threads.
struct Tile {
  int rows = 0, outputs = 0;
  int thread_rows = 0, thread_outputs = 0;
  int stage_bytes = 64;               ///< See stage_bytes().
  int blocks_per_multiprocessor = 1;  ///< For which the registers are limited.

  constexpr int threads() const { return rows / thread_rows * (outputs / thread_outputs); }
  constexpr int warp_rows() const { return 4 * thread_rows; }
  constexpr int warp_outputs() const { return 8 * thread_outputs; }
};

/// Inputs are staged in runs of so many bytes of accumulators: 16 or 32 inputs. Longer stages take more
/// shared memory and spend fewer instructions beside the products; f64, at half the rate, does not need that.
constexpr int stage_bytes(Tile tile, int storage_bytes) { return storage_bytes == 8 ? 64 : tile.stage_bytes; }
/// With 16 bytes of padding, four consecutive rows of x begin in four different groups of banks.
constexpr int staged_row_bytes(Tile tile, int storage_bytes) { return stage_bytes(tile, storage_bytes) + 16; }
constexpr int stage_inputs(Tile tile, int storage_bytes) {
  return stage_bytes(tile, storage_bytes) / accumulator_bytes(storage_bytes);
}

constexpr int totals_bytes(Tile tile, int storage_bytes) {
  return tile.rows * tile.outputs * accumulator_bytes(storage_bytes);
}
constexpr int x_stage_bytes(Tile tile, int storage_bytes) {
  return tile.rows * staged_row_bytes(tile, storage_bytes);
}
constexpr int weight_stage_bytes(Tile tile, int storage_bytes) {
  return tile.outputs * stage_bytes(tile, storage_bytes);
}
/// A stage of 16-bit storage lands as it is before it is widened.
constexpr int landing_bytes(Tile tile, int storage_bytes) {
  return storage_bytes == 2 ? 2 * stage_inputs(tile, storage_bytes) * (tile.rows + tile.outputs) : 0;
}
/// The totals of the tile, two stages of x, two of the weights, the landing.
constexpr int shared_bytes(Tile tile, int storage_bytes) {
  return totals_bytes(tile, storage_bytes) +
         2 * (x_stage_bytes(tile, storage_bytes) + weight_stage_bytes(tile, storage_bytes)) +
         landing_bytes(tile, storage_bytes);
}

// Estimates all: never measured on a GPU. Figures of ptxas and of the hot loops: kernels/sass.md.
inline constexpr Tile k128x128{128, 128, 8, 8, 64, 2};  ///< f32, f16, bf16.
inline constexpr Tile k128x64{128, 64, 4, 8, 64, 2};    ///< f64: 128×128 totals would not fit an A100.
inline constexpr Tile k64x64{64, 64, 4, 8, 128, 4};
inline constexpr Tile k32x32{32, 32, 4, 4, 128, 8};

/// The policies 128x128, 128x64, 64x64 and 32x32.
std::span<const Candidate> candidates();

}  // namespace perceptron::kernels::tile_fma
