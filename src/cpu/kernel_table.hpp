// The CPU kernels of one SIMD target as a table of functions: what cpu_device calls, tests force and
// benchmarks time. Each target fills it from the same sources (kernels.inl).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "perceptron/activation.hpp"
#include "perceptron/dtype.hpp"

namespace perceptron::cpu {

/// Most rows of a register tile. Sums of 10 × 2 vectors ran 2 to 3 % faster than 12 × 2 on a Zen 4 core.
inline constexpr int kTileRows = 10;
/// Vectors of outputs whose weights a panel holds, input after input; the last panel may have one.
inline constexpr int kPanelVectors = 2;
/// Most panels that a single row takes in one call.
inline constexpr int kRowPanels = 4;
/// A tile of one vector: 12 rows ran at 97 GFLOP/s, 10 at 115 and 8 at 117 on a Zen 4 core.
inline constexpr int kMostNarrowTileRows = 8;
/// Rows a multiple of kSetBytes apart fall into one set of a first-level cache of 32 KiB and 8 ways; more
/// rows than ways would evict one another. A tile of 8 such rows in place ran 13 % faster than one of 12
/// copied rows (480x1024x32 on a Zen 4 core).
inline constexpr std::int64_t kSetBytes = 4096;
inline constexpr int kWays = 8;
constexpr bool share_sets(std::int64_t stride_bytes) {
  return stride_bytes >= kSetBytes && stride_bytes % kSetBytes < 64;
}
/// Elements between the rows of a copied panel of x: kSumBlock and one cache line, so that they share no
/// sets.
template <class A>
inline constexpr std::int64_t kPanelStride = kSumBlock + static_cast<std::int64_t>(64 / sizeof(A));
/// Layers with at most this many outputs are also served by the kernel whose lanes are rows.
inline constexpr int kRowLaneOutputs = 12;
/// Vectors of rows that go together where few outputs leave registers free.
inline constexpr int kRowLaneVectors = 2;

/// Rows that will be read next, for prefetching, from `offset` in the first on; row_bytes = 0: none.
struct Upcoming {
  const std::byte* first = nullptr;
  std::int64_t stride_bytes = 0;
  std::int64_t row_bytes = 0;
  std::int64_t offset = 0;
};

/// What a tile does with its sums: keep them in t, or add the bias, apply the activation and store y.
enum class TileEnd { sums, identity, relu };

/// t ← (is_first_block ? 0 : t) + block sum, for `rows` × (vectors · lanes) outputs; t is contiguous.
template <class A>
struct TileArguments {
  const A* x;
  std::int64_t x_stride;
  const void* weights;  ///< block_inputs × (vectors · lanes), of the kernel's weight type.
  A* t;
  std::int64_t block_inputs;  ///< Any number of blocks, the last of which may be cut short.
  int rows;
  int vectors;  ///< 1, 2; for a single row also those of 2 or kRowPanels panels, panel_stride apart.
  std::int64_t panel_stride;
  bool is_first_block;
  Upcoming upcoming;
  // For the ends other than sums:
  const A* bias = nullptr;
  A* y = nullptr;
  std::int64_t y_stride = 0;
  std::int64_t columns = 0;
};

/// t ← (is_first_block ? 0 : t) + block sum; t is [output][row], t_stride apart.
template <class A>
struct RowLaneArguments {
  const void* x;
  std::int64_t x_stride;
  const A* weights;  ///< block_inputs × panel_width.
  A* t;
  std::int64_t t_stride;
  std::int64_t block_inputs;
  std::int64_t panel_width;
  std::int64_t rows;  ///< A multiple of kRowLaneVectors · lanes.
  int outputs;
  bool is_first_block;
  Upcoming upcoming;
};

/// y ← f(t + bias) in the accumulator's type, row by row. y may be t.
template <class A>
struct FinishArguments {
  const A* t;
  std::int64_t t_stride;
  const A* bias;  ///< One per column, or one per row where bias_by_row.
  A parameter;
  A* y;
  std::int64_t y_stride;
  std::int64_t rows;
  std::int64_t columns;
  bool bias_by_row;
};

/// Rows of another layout or type; strides count elements of their own side.
struct CopyArguments {
  const void* from;
  std::int64_t from_stride;
  void* to;
  std::int64_t to_stride;
  std::int64_t rows;
  std::int64_t columns;
};

/// Layers of so few inputs, in rows without gaps, are loaded as they lie in memory: see row_lane_interleaved.
inline constexpr int kInterleavedInputs = 4;

/// Where a dtype stands in the tables below.
constexpr std::size_t index_of(DType dtype) { return static_cast<std::size_t>(dtype); }

template <class A>
struct Kernels {
  template <class T>
  using PerDType = std::array<T, kDTypes.size()>;

  int lanes;
  /// By TileEnd and by the dtype of the packed weights; null where it does not widen to A.
  std::array<PerDType<void (*)(const TileArguments<A>&)>, 3> tile;
  /// x: accumulators, transposed ([input][row]).
  void (*row_lane_transposed)(const RowLaneArguments<A>&);
  /// x: rows as they are, by their dtype. Of a short row (`first`, block_inputs < lanes) a whole vector is
  /// read, of which the rest may be anything; of a short last block the inputs before it.
  PerDType<void (*)(const RowLaneArguments<A>&)> row_lane;
  /// x: rows of accumulators without gaps, by inputs − 1.
  std::array<void (*)(const RowLaneArguments<A>&), kInterleavedInputs> row_lane_interleaved;
  /// By activation; softmax is null, see row_softmax.
  std::array<void (*)(const FinishArguments<A>&), kActivations.size()> finish;
  /// In place over one row of accumulators.
  void (*row_softmax)(A* row, std::int64_t columns);
  /// x rows → rows of A. By the dtype of x.
  PerDType<void (*)(const CopyArguments&)> widen;
  /// x rows → [column][row] of A, to_stride a whole number of vectors; missing rows repeat the last.
  PerDType<void (*)(const CopyArguments&)> widen_transposed;
  /// Rows of A → y rows, rounded once. By the dtype of y.
  PerDType<void (*)(const CopyArguments&)> narrow;
  /// [column][row] of A → y rows, rounded once. By the dtype of y.
  PerDType<void (*)(const CopyArguments&)> narrow_transposed;
};

struct KernelTable {
  const char* target;
  Kernels<float> f32;
  Kernels<double> f64;
};

template <class A>
const Kernels<A>& kernels_for(const KernelTable& table) {
  if constexpr (sizeof(A) == 8) {
    return table.f64;
  } else {
    return table.f32;
  }
}

}  // namespace perceptron::cpu
