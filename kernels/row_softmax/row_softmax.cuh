// y = softmax(z), one warp per row, in the contract's order: the 32 partial sums are the 32 lanes.
//
// Who owns what: lane l reads and writes the elements j ≡ l (mod 32) of its row and no others, so y may be z.
//
//     element   0   1   2   …  31 | 32  33  …  63 | …
//     lane      0   1   2   …  31 |  0   1  …  31 | …      Each step of a warp is one run of 32 elements.
//
// Three passes over the row: the highest element; the sum of exp(z − highest); exp(z − highest) ÷ sum. The
// second and third read what the first brought into L1 or L2, and the exponential is computed twice, which
// gives the same bits and needs no room, however long a row is.
//
// No shared memory and no barriers: lanes meet in shuffles, and all 32 of them take part in each.
//
// A NaN loses every comparison, so the highest element may miss it; the sum does not. +∞ − ∞ is NaN as well.
#pragma once

#include <cstdint>
#include <limits>

#include "kernels/epilogue/finish.cuh"
#include "kernels/row_softmax/row_softmax.hpp"

namespace perceptron::kernels::row_softmax {

inline constexpr unsigned kAllLanes = 0xFFFFFFFF;
inline constexpr int kLanes = static_cast<int>(kSoftmaxPartials);
static_assert(kLanes == 32);  // A partial sum per lane of a warp.

/// The lane's share of one row.
template <class A>
struct RowPart {
  const A* z;
  std::int64_t outputs;
  int lane;

  /// In every lane: comparisons have no order.
  __device__ A highest() const {
    A highest = -std::numeric_limits<A>::infinity();
    for (std::int64_t j = lane; j < outputs; j += kLanes) highest = highest < z[j] ? z[j] : highest;
#pragma unroll
    for (int distance = kLanes / 2; distance > 0; distance /= 2) {
      const A other = __shfl_xor_sync(kAllLanes, highest, distance);
      highest = highest < other ? other : highest;
    }
    return highest;
  }

  __device__ A exponential(std::int64_t j, A highest) const {
    return epilogue::exp_nonpositive<epilogue::ScalarLane<A>>(z[j] - highest);
  }

  /// In every lane: p₀ after the contract's tree, pₗ = pₗ + pₗ₊ₕ for h = 16, 8, 4, 2, 1.
  __device__ A sum(A highest) const {
    A partial = 0;
    for (std::int64_t j = lane; j < outputs; j += kLanes) partial = partial + exponential(j, highest);
#pragma unroll
    for (int distance = kLanes / 2; distance > 0; distance /= 2) {
      partial = partial + __shfl_down_sync(kAllLanes, partial, distance);
    }
    return __shfl_sync(kAllLanes, partial, 0);
  }
};

template <class A>
__device__ void compute_row(const SoftmaxArguments& p, std::int64_t group, std::int64_t row) {
  const A* z = static_cast<const A*>(p.z) + group * p.z_group_stride + row * p.z_stride;
  const RowPart<A> part{z, p.outputs, static_cast<int>(threadIdx.x)};
  const A highest = part.highest();
  const A sum = part.sum(highest);
  const std::int64_t first = group * p.y_group_stride + row * p.y_stride;
  for (std::int64_t j = part.lane; j < p.outputs; j += kLanes) {
    store_narrowed(p.y, p.output_dtype, first + j, part.exponential(j, highest) / sum);
  }
}

/// All rows of a warp: one, unless y has more than eight per block of the grid.
template <class A>
__device__ void compute_rows(const SoftmaxArguments& p) {
  for (std::int64_t group = blockIdx.y; group < p.groups; group += gridDim.y) {
    for (std::int64_t row = std::int64_t{blockIdx.x} * kWarps + threadIdx.y; row < p.rows;
         row += std::int64_t{gridDim.x} * kWarps) {
      compute_row<A>(p, group, row);
    }
  }
}

}  // namespace perceptron::kernels::row_softmax
