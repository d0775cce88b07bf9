// y = f(x·Wᵀ + b) for at most 16 outputs: x streams once through shared memory, every thread computes all
// outputs of its own rows.
//
// Who owns what, for 256×16: thread t owns the rows t and t + 128 of the tile, and 2 × 16 sums in registers.
//
//     stage of x      64 bytes of each row               weights      [input][output], as accumulators
//     row 0   t0      | 16 | 16 | 16 | 16 | pad |        input 0      o0 o1 … o15
//     row 1   t1      | 16 | 16 | 16 | 16 | pad |            1        o0 o1 … o15
//      …                                                      …
//     row 127 t127    A thread reads 16 bytes of a row at a time; with the padding eight neighbours meet in
//     row 128 t0      no bank. All threads read the same weights at the same time: one broadcast.
//      …
//
// Copying is divided otherwise: neighbouring threads copy neighbouring bytes, whole rows of a stage at once.
//
// Shared memory of 256×16 in f32, in bytes:
//     x stages        2 × 256 rows × (64 + 16 of padding)    40,960   as stored
//     weight stages   2 × 16 inputs × 16 outputs × 4          2,048
//     totals          256 rows × 16 outputs × 4              16,384   [row][output]
//                                                            59,392
// so three blocks, 48 KB of x under way, fit the 228 KB of a multiprocessor.
//
// A block of 256 inputs is summed in registers, the totals over such blocks in shared memory, each thread in
// its own elements. The epilogue then walks the totals by rows, neighbouring threads on neighbouring outputs.
//
// Barriers, of the whole block; stages are counted through all tiles of the block, s lies in buffer s mod 2:
//     one per stage   s has landed and s − 1 is read           | s is read and s + 1 overwrites s − 1
//     one per tile    all totals are written                   | the epilogue reads those of other threads
//     the next tile's first one                                | before which no total is overwritten
//
// Behind the last input a row is staged as zeros up to 16 bytes, and so are its weights: fma(0, 0, s) = s.
// Rows behind the last are computed as zeros and not stored.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/epilogue/finish.cuh"
#include "kernels/ptx/thread.cuh"
#include "kernels/row_dot/row_dot.hpp"
#include "kernels/row_dot/staging.cuh"

namespace perceptron::kernels::row_dot {

/// The sums of one thread over a block of inputs.
template <Element S, Shape kShape>
struct RowSums {
  using A = AccumulatorOf<S>;
  using X = StoredVector<S>;
  using Weights = AccumulatorVector<A>;

  A sums[kShape.rows_per_thread][kShape.outputs] = {};

  __device__ void clear() { *this = {}; }

  /// Adds the products of the stage's first inputs, ascending; x is the thread's first row.
  __device__ void add_products(const unsigned char* x, const A* weight, int inputs) {
    constexpr int kWeightsPerVector = X::kSize * kShape.outputs;
    constexpr int kMostVectors = kShape.stage_bytes / 16;
    const int vectors = static_cast<int>(static_cast<unsigned>(inputs + X::kSize - 1) / X::kSize);
#pragma unroll(std::clamp(32 / kWeightsPerVector, 1, kMostVectors))
    for (int v = 0; v < vectors; ++v) {
      add_products_of_vector(x + 16 * v, weight + v * kWeightsPerVector);
    }
  }

  /// total = total + sum, or total = sum in the first block of inputs; totals are those of the thread's first
  /// row.
  __device__ void fold_into(A* totals, bool first) const {
#pragma unroll
    for (int i = 0; i < kShape.rows_per_thread; ++i) {
#pragma unroll
      for (int output = 0; output < kShape.outputs; ++output) {
        A& total = totals[i * kThreads * kShape.outputs + output];
        total = first ? sums[i][output] : total + sums[i][output];
      }
    }
  }

 private:
  __device__ void add_products_of_vector(const unsigned char* x, const A* weight) {
    A of_x[kShape.rows_per_thread][X::kSize];
#pragma unroll
    for (int i = 0; i < kShape.rows_per_thread; ++i) {
      reinterpret_cast<const X*>(x + i * kThreads * kShape.staged_row_bytes())->widen(of_x[i]);
    }
#pragma unroll
    for (int at = 0; at < X::kSize * kShape.outputs; at += Weights::kSize) {
      const Weights weights = *reinterpret_cast<const Weights*>(weight + at);
#pragma unroll
      for (int e = 0; e < Weights::kSize; ++e) {
        const int step = (at + e) / kShape.outputs, output = (at + e) % kShape.outputs;
#pragma unroll
        for (int i = 0; i < kShape.rows_per_thread; ++i) {
          sums[i][output] = std::fma(of_x[i][step], weights.at[e], sums[i][output]);
        }
      }
    }
  }
};

/// Finishes and stores the rows of a tile that lie inside y.
template <class A, Shape kShape>
__device__ void store_tile(const LinearArguments& p, std::int64_t group, std::int64_t first_row,
                           const A* totals) {
  constexpr int kRowsAtOnce = kThreads / kShape.outputs;
  const int output = ptx::thread_x() % kShape.outputs;
  if (output >= p.outputs) return;
  const int rows = static_cast<int>(std::min<std::int64_t>(kShape.rows(), p.rows - first_row));
#pragma unroll 1
  for (int row = ptx::thread_x() / kShape.outputs; row < rows; row += kRowsAtOnce) {
    finish(p, group, first_row + row, output, totals[row * kShape.outputs + output]);
  }
}

/// The block's share of one group.
template <Element S, Shape kShape>
__device__ void compute_group(const LinearArguments& p, std::int64_t group) {
  using A = AccumulatorOf<S>;
  constexpr int kStageInputs = Staging<S, kShape>::kStageInputs;
  static_assert(kSumBlock % kStageInputs == 0);
  const SharedStages<A, kShape, sizeof(S)> shared;
  Staging<S, kShape> staging(p, group);
  const int thread = ptx::thread_x();
  if (staging.has_more()) staging.request(shared, 0);
  int buffer = 0;
  for (std::int64_t row = std::int64_t{blockIdx.x} * kShape.rows(); row < p.rows;
       row += std::int64_t{gridDim.x} * kShape.rows()) {
    RowSums<S, kShape> row_sums;
    for (std::int64_t input = 0; input < p.inputs; input += kStageInputs) {
      staging.land(shared, buffer);
      __syncthreads();
      if (staging.has_more()) staging.request(shared, 1 - buffer);
      row_sums.add_products(shared.x(buffer) + thread * kShape.staged_row_bytes(), shared.weight(buffer),
                            static_cast<int>(std::min<std::int64_t>(kStageInputs, p.inputs - input)));
      const std::int64_t next = input + kStageInputs;
      if (kShape.single_stage || next >= p.inputs || next % kSumBlock == 0) {
        row_sums.fold_into(shared.totals() + thread * kShape.outputs,
                           kShape.single_stage || input < kSumBlock);
        row_sums.clear();
      }
      buffer = 1 - buffer;
    }
    __syncthreads();
    store_tile<A, kShape>(p, group, row, shared.totals());
  }
}

template <Element S, Shape kShape>
__device__ void compute_rows(const LinearArguments& p) {
  for (std::int64_t group = blockIdx.y; group < p.groups; group += gridDim.y) {
    compute_group<S, kShape>(p, group);
  }
}

}  // namespace perceptron::kernels::row_dot
