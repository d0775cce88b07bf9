// y = f(x·Wᵀ + b), a tile of rows × outputs per block: x and W are staged through shared memory, each thread
// keeps a small tile of sums in registers.
//
// Who owns what, for 128×128: 256 threads = 8 warps, 4 down × 2 across, each of 32 rows × 64 outputs. Lane l
// is row l / 8 and column l mod 8 of its warp. It owns the rows l / 8 + 4i (i < 8) and, of the outputs, the
// 16-byte vectors l mod 8 + 8j (j < 2): 8 × 8 sums in f32.
//
//     outputs   0-3  4-7  8-11  …  28-31 | 32-35  …  60-63
//     row 0     l0   l1   l2    …  l7    | l0     …  l7        Per input, eight lanes read 128 contiguous
//         1     l8   l9   l10   …  l15   | l8     …  l15       bytes of weights. Per four inputs, four lanes
//         2     l16  l17  l18   …  l23   | l16    …  l23       read 16 bytes of four rows of x that lie 80
//         3     l24  l25  l26   …  l31   | l24    …  l31       bytes apart. No two of them meet in a bank.
//         4     l0   l1   l2    …  l7    | l0     …  l7
//
// Shared memory of 128×128, in bytes:
//     totals         128 rows × 128 outputs × 4              65,536   [row][output]
//     x stages       2 × 128 rows × (64 + 16 of padding)     20,480   [row][input]
//     weight stages  2 × 16 inputs × 128 outputs × 4         16,384   [input][output]
//                                                  f32:     102,400
//     landing        256 threads × (16 + 16)                  8,192   16-bit storage before it is widened
//                                         f16 and bf16:     110,592
//
// A block of 256 inputs is summed in registers; the totals over such blocks are in shared memory, where each
// thread adds to its own elements. The epilogue then walks the totals by rows, one element per thread.
//
// Barriers, of the whole block; stage s lies in buffer s mod 2:
//     one per tile    stage 0 has landed                       | stage 0 is read
//     one per stage   s is read and s + 1 has landed           | s + 1 is read and s + 2 overwrites s
//     one per tile    all totals are written                   | the epilogue reads those of other threads
//     the next tile's first ones                               | before which the totals are not overwritten
// The landing needs none: each thread reads what it copied there itself.
//
// Rows, inputs and outputs outside the matrices are staged as zeros on both sides: fma(0, 0, s) = s.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/epilogue/finish.cuh"
#include "kernels/ptx/thread.cuh"
#include "kernels/tile_fma/staging.cuh"
#include "kernels/tile_fma/tile_fma.hpp"

namespace perceptron::kernels::tile_fma {

/// The sums of one thread, and where in the tile they belong.
template <Element S, Tile kTile>
struct ThreadTile {
  using A = AccumulatorOf<S>;
  static constexpr int kStageInputs = stage_inputs(kTile, sizeof(S));
  static constexpr int kVector = 16 / sizeof(A);
  static constexpr int kVectors = kTile.thread_outputs / kVector;
  static constexpr int kStagedRow = staged_row_bytes(kTile, sizeof(S)) / sizeof(A);
  static constexpr int kWarpsAcross = kTile.outputs / kTile.warp_outputs();

  struct alignas(16) Vector {
    A at[kVector];
  };

  int row;     ///< Of its first row; the others follow four apart.
  int output;  ///< Of its first vector; the others follow eight vectors apart.
  A sums[kTile.thread_rows][kTile.thread_outputs];

  __device__ explicit ThreadTile(int thread)
      : row(thread / 32 / kWarpsAcross * kTile.warp_rows() + thread % 32 / 8),
        output(thread / 32 % kWarpsAcross * kTile.warp_outputs() + thread % 8 * kVector) {}

  __device__ void clear() {
#pragma unroll
    for (auto& row_sums : sums) {
#pragma unroll
      for (A& sum : row_sums) sum = 0;
    }
  }

  /// Adds the products of one stage, inputs ascending.
  __device__ void add_products(const A* x_stage, const A* weight_stage) {
    const A* x = x_stage + row * kStagedRow;
    const A* weight = weight_stage + output;
#pragma unroll
    for (int k = 0; k < kStageInputs; k += kVector) {
      Vector of_x[kTile.thread_rows];
#pragma unroll
      for (int i = 0; i < kTile.thread_rows; ++i) {
        of_x[i] = *reinterpret_cast<const Vector*>(x + 4 * i * kStagedRow + k);
      }
#pragma unroll
      for (int step = 0; step < kVector; ++step) {
        add_products_of_input(of_x, step, weight + (k + step) * kTile.outputs);
      }
    }
  }

  /// total = total + sum, or total = sum in the first block of inputs.
  __device__ void fold_into(A* totals, bool first) const {
#pragma unroll
    for (int i = 0; i < kTile.thread_rows; ++i) {
#pragma unroll
      for (int j = 0; j < kVectors; ++j) {
        A* place = totals + (row + 4 * i) * kTile.outputs + output + 8 * j * kVector;
        Vector total = first ? Vector{} : *reinterpret_cast<const Vector*>(place);
#pragma unroll
        for (int v = 0; v < kVector; ++v) {
          const A sum = sums[i][j * kVector + v];
          total.at[v] = first ? sum : total.at[v] + sum;
        }
        *reinterpret_cast<Vector*>(place) = total;
      }
    }
  }

 private:
  __device__ void add_products_of_input(const Vector (&of_x)[kTile.thread_rows], int step, const A* weight) {
#pragma unroll
    for (int j = 0; j < kVectors; ++j) {
      const Vector of_weight = *reinterpret_cast<const Vector*>(weight + 8 * j * kVector);
#pragma unroll
      for (int i = 0; i < kTile.thread_rows; ++i) {
#pragma unroll
        for (int v = 0; v < kVector; ++v) {
          A& sum = sums[i][j * kVector + v];
          sum = std::fma(of_x[i].at[step], of_weight.at[v], sum);
        }
      }
    }
  }
};

/// Finishes and stores the part of the tile that lies inside y. Neighbouring threads store neighbouring
/// outputs.
template <Element S, Tile kTile, class A = AccumulatorOf<S>>
__device__ void store_tile(const LinearArguments& p, const TilePlace& place, const A* totals) {
  static_assert(kTile.threads() % kTile.outputs == 0);
  constexpr int kRowsAtOnce = kTile.threads() / kTile.outputs;
  const int column = ptx::thread_x() % kTile.outputs;
  const std::int64_t output = place.first_output + column;
  if (output >= p.outputs) return;
  const A bias = static_cast<const A*>(p.bias)[place.group * p.bias_group_stride + output];
  const int rows = static_cast<int>(std::min<std::int64_t>(kTile.rows, p.rows - place.first_row));
  const std::int64_t first = place.group * p.y_group_stride + place.first_row * p.y_stride + output;
#pragma unroll 1
  for (int row = ptx::thread_x() / kTile.outputs; row < rows; row += kRowsAtOnce) {
    finish_at(p, first + row * p.y_stride, totals[row * kTile.outputs + column] + bias);
  }
}

template <Element S, Tile kTile>
__device__ void compute_tile(const LinearArguments& p, const TilePlace& place) {
  constexpr int kStagesPerBlock = kSumBlock / stage_inputs(kTile, sizeof(S));
  static_assert(kStagesPerBlock % 2 == 0);  // Every block of inputs begins in buffer 0.
  const SharedTile<S, kTile> shared;
  Staging<S, kTile> staging(p, place);
  ThreadTile<S, kTile> thread_tile(ptx::thread_x());
  staging.request(shared, 0);
  staging.land(shared, 0);
  __syncthreads();
  bool more = true;
  for (bool first = true; more; first = false) {
    thread_tile.clear();
#pragma unroll 1
    for (int stage = 0; more && stage < kStagesPerBlock; ++stage) {
      const int buffer = stage % 2;
      more = staging.has_more();
      if (more) staging.request(shared, 1 - buffer);
      thread_tile.add_products(shared.x(buffer), shared.weight(buffer));
      if (more) staging.land(shared, 1 - buffer);
      __syncthreads();
    }
    thread_tile.fold_into(shared.totals(), first);
  }
  __syncthreads();
  store_tile<S, kTile>(p, place, shared.totals());
}

/// All tiles of a block: one, unless y has more tiles than the grid has blocks.
template <Element S, Tile kTile>
__device__ void compute_tiles(const LinearArguments& p) {
  for (std::int64_t group = blockIdx.z; group < p.groups; group += gridDim.z) {
    for (std::int64_t row = std::int64_t{blockIdx.y} * kTile.rows; row < p.rows;
         row += std::int64_t{gridDim.y} * kTile.rows) {
      for (std::int64_t output = std::int64_t{blockIdx.x} * kTile.outputs; output < p.outputs;
           output += std::int64_t{gridDim.x} * kTile.outputs) {
        compute_tile<S, kTile>(p, {group, row, output});
      }
    }
  }
}

}  // namespace perceptron::kernels::tile_fma
