// y = f(x·Wᵀ + b) for few rows: the packed W streams once from memory into registers, 16 bytes per thread and
// load; x is small and staged.
//
// Who owns what, for 8 lanes × 32 slots in f32: lane l owns the outputs 4l … 4l + 3 of the block's 32, slot s
// the blocks s, s + 32, … of 256 inputs. A thread sums one block of inputs for its outputs and all rows of
// the policy in registers; no other thread shares that chain of fma.
//
//     W packed        outputs 0-3  4-7  …  28-31
//     input   0       l0           l1   …  l7      slot 0    A warp is 4 slots: per load it reads 4 rows of
//             …                                              W, 128 contiguous bytes of each. The next 16
//             255     l0           l1   …  l7                inputs (8 where rows are more) are requested
//             256     l0           l1   …  l7      slot 1    together.
//
// Each slot stages for itself the inputs that come next, 128 / rows of them, [input][row], widened. Lanes of
// a slot read the same ones (a broadcast); slots of a warp read from different banks, thanks to 16 bytes of
// padding.
//
// Shared memory for 16 rows, 8 lanes × 32 slots in f32, in bytes:
//     totals          16 rows × 32 outputs × 4                2,048   [row][output], plane 0
//     sums of slots   32 × 16 × 32 × 4                       65,536   planes 1 to 32
//     x               32 slots × (128 × 4 + 16 of padding)   16,896
//                                                            84,480
//
// The planes are then added in ascending order, a plane per block of inputs: total = total + sum. Elements
// are dealt to all threads, each keeps its own through all rounds of slots and finishes them after the last.
//
// Barriers, of the warp; there are no others while W streams, so warps drift apart:
//     per stage of x  the lanes have read the stage before     | its place is overwritten
//                     the stage is written                     | all lanes of the slot read it
// Barriers, of the block:
//     per round       all sums are in their planes             | other threads add them up
//                     they are added up                        | the next round, or tile, overwrites them
//
// A slot without a block, inputs behind the last and outputs behind the packed ones load nothing and multiply
// zeros: fma(0, 0, s) = s.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/epilogue/finish.cuh"
#include "kernels/epilogue/stored_vector.cuh"
#include "kernels/ptx/thread.cuh"
#include "kernels/weight_stream/weight_stream.hpp"

namespace perceptron::kernels::weight_stream {

/// What a block computes at a time.
struct TilePlace {
  std::int64_t group, first_row, first_output;
};

__device__ inline int lane() { return ptx::thread_x(); }
__device__ inline int lanes() { return static_cast<int>(blockDim.x); }
__device__ inline int slot() { return ptx::thread_y(); }
__device__ inline int slots() { return static_cast<int>(blockDim.y); }

/// How the dynamic shared memory of a block is divided.
template <Element S, Policy kPolicy>
struct SharedSums {
  using A = AccumulatorOf<S>;

  /// Elements of a plane: rows × outputs of the block.
  static __device__ int plane_size() { return kPolicy.rows * outputs(); }
  static __device__ int outputs() { return lanes() * lane_outputs(sizeof(S)); }

  static __device__ unsigned char* bytes() {
    extern __shared__ __align__(16) unsigned char shared[];
    return shared;
  }
  /// 0: the totals; s + 1: the sums of slot s.
  static __device__ A* plane(int index) { return reinterpret_cast<A*>(bytes()) + index * plane_size(); }
  /// The inputs that this thread's slot has staged.
  static __device__ A* x() {
    return reinterpret_cast<A*>(reinterpret_cast<unsigned char*>(plane(slots() + 1)) +
                                slot() * slot_bytes(sizeof(S)));
  }
};

/// The sums of one thread over one block of inputs: all rows, the outputs of its lane.
template <Element S, Policy kPolicy>
class BlockSums {
 public:
  using A = AccumulatorOf<S>;
  using Weights = StoredVector<S>;
  using Shared = SharedSums<S, kPolicy>;
  static constexpr int kLoads = kPolicy.loads_of(sizeof(S));

  /// Of the block of inputs that begins at first_input, which may lie behind the last.
  __device__ BlockSums(const LinearArguments& p, const TilePlace& place, std::int64_t first_input)
      : x_(static_cast<const S*>(p.x) + place.group * p.x_group_stride + place.first_row * p.x_stride +
           first_input),
        x_stride_(p.x_stride),
        weight_stride_(packed_outputs(p.outputs)),
        rows_(static_cast<int>(std::min<std::int64_t>(kPolicy.rows, p.rows - place.first_row))),
        inputs_(static_cast<int>(std::clamp<std::int64_t>(p.inputs - first_input, 0, kSumBlock))) {
    const std::int64_t output = place.first_output + lane() * Weights::kSize;
    weight_ = static_cast<const S*>(p.weight) + place.group * p.weight_group_stride +
              first_input * weight_stride_ + output;
    weight_inputs_ = output < weight_stride_ ? inputs_ : 0;
  }

  /// Sums the block and writes the slot's plane; `inputs` of the warp's longest block, for all its lanes.
  __device__ void compute(int inputs) {
#pragma unroll 1
    for (int stage = 0; stage < inputs; stage += kPolicy.stage_inputs()) {
      __syncwarp();
      stage_x(stage);
      __syncwarp();
#pragma unroll 1
      for (int k = 0; k < kPolicy.stage_inputs(); k += kLoads) {
        add_products(stage + k, Shared::x() + k * kPolicy.rows);
      }
    }
    write(Shared::plane(slot() + 1) + lane() * Weights::kSize);
  }

 private:
  __device__ void stage_x(int first) const {
    constexpr int kAtOnce = 4;
    static_assert(Policy::kStagedElements % (kAtOnce * 32) == 0, "lanes are a power of two, at most a warp");
#pragma unroll 1
    for (int round = lane(); round < Policy::kStagedElements; round += kAtOnce * lanes()) {
#pragma unroll
      for (int step = 0; step < kAtOnce; ++step) stage_element(first, round + step * lanes());
    }
  }
  __device__ void stage_element(int first, int element) const {
    constexpr int kInputs = kPolicy.stage_inputs();
    const int row = kPolicy.rows == 1 ? 0 : element / kInputs;
    const int k = kPolicy.rows == 1 ? element : element % kInputs;
    const bool inside = row < rows_ && first + k < inputs_;
    Shared::x()[k * kPolicy.rows + row] = inside ? widened(x_[row * x_stride_ + first + k]) : A{0};
  }

  /// Adds kLoads inputs, ascending, from input `first` of the block on.
  __device__ void add_products(int first, const A* x) {
    Weights weights[kLoads];
    load(first, weights);
    using Inputs = AccumulatorVector<A>;
    A of_weight[Weights::kSize];
#pragma unroll
    for (int at = 0; at < kLoads * kPolicy.rows; at += Inputs::kSize) {
      const Inputs of_x = *reinterpret_cast<const Inputs*>(x + at);
#pragma unroll
      for (int e = 0; e < Inputs::kSize; ++e) {
        const int row = (at + e) % kPolicy.rows;
        if (row == 0) weights[(at + e) / kPolicy.rows].widen(of_weight);
#pragma unroll
        for (int output = 0; output < Weights::kSize; ++output) {
          sums_[row][output] = std::fma(of_x.at[e], of_weight[output], sums_[row][output]);
        }
      }
    }
  }

  __device__ void load(int first, Weights (&weights)[kLoads]) const {
    const S* from = weight_ + first * weight_stride_;
    const int inside = weight_inputs_ - first;
    if (inside >= kLoads) {
#pragma unroll
      for (int i = 0; i < kLoads; ++i, from += weight_stride_) weights[i] = Weights::streamed(from);
    } else {
#pragma unroll
      for (int i = 0; i < kLoads; ++i, from += weight_stride_) {
        weights[i] = i < inside ? Weights::streamed(from) : Weights{};
      }
    }
  }

  __device__ void write(A* plane) const {
#pragma unroll
    for (int row = 0; row < kPolicy.rows; ++row) {
#pragma unroll
      for (int output = 0; output < Weights::kSize; ++output) {
        plane[row * Shared::outputs() + output] = sums_[row][output];
      }
    }
  }

  const S* x_;
  const S* weight_;
  std::int64_t x_stride_, weight_stride_;
  int rows_;           ///< Of the tile, as far as they lie within x.
  int inputs_;         ///< Of the block of inputs; 0 where there is none.
  int weight_inputs_;  ///< As many, 0 where the lane lies behind the packed outputs.
  A sums_[kPolicy.rows][Weights::kSize] = {};
};

/// Adds the planes of a round to the totals, and finishes them after the last round.
template <Element S, Policy kPolicy>
__device__ void combine(const LinearArguments& p, const TilePlace& place, std::int64_t first_input) {
  using A = AccumulatorOf<S>;
  using Shared = SharedSums<S, kPolicy>;
  const std::int64_t inputs_left = p.inputs - first_input;
  const int planes =
      static_cast<int>(std::min<std::int64_t>(slots(), (inputs_left + kSumBlock - 1) / kSumBlock));
  const bool is_last = inputs_left <= std::int64_t{slots()} * kSumBlock;
  const int outputs = Shared::outputs();
#pragma unroll 1
  for (int element = slot() * lanes() + lane(); element < Shared::plane_size();
       element += slots() * lanes()) {
    A total = Shared::plane(first_input == 0 ? 1 : 0)[element];
#pragma unroll 4
    for (int plane = first_input == 0 ? 2 : 1; plane <= planes; ++plane) {
      total = total + Shared::plane(plane)[element];
    }
    Shared::plane(0)[element] = total;
    const std::int64_t row = place.first_row + (kPolicy.rows == 1 ? 0 : element / outputs);
    const std::int64_t output = place.first_output + (kPolicy.rows == 1 ? element : element % outputs);
    if (is_last && row < p.rows && output < p.outputs) finish(p, place.group, row, output, total);
  }
}

template <Element S, Policy kPolicy>
__device__ void compute_tile(const LinearArguments& p, const TilePlace& place) {
  const int slots_of_warp = 32 / lanes();
  for (std::int64_t round = 0; round < p.inputs; round += std::int64_t{slots()} * kSumBlock) {
    BlockSums<S, kPolicy> sums(p, place, round + slot() * kSumBlock);
    const std::int64_t first_of_warp = round + slot() / slots_of_warp * slots_of_warp * kSumBlock;
    sums.compute(static_cast<int>(std::clamp<std::int64_t>(p.inputs - first_of_warp, 0, kSumBlock)));
    __syncthreads();
    combine<S, kPolicy>(p, place, round);
    __syncthreads();
  }
}

/// All tiles of a block: one, unless y has more tiles than the grid has blocks.
template <Element S, Policy kPolicy>
__device__ void compute_tiles(const LinearArguments& p) {
  const std::int64_t outputs = SharedSums<S, kPolicy>::outputs();
  for (std::int64_t group = blockIdx.z; group < p.groups; group += gridDim.z) {
    for (std::int64_t row = std::int64_t{blockIdx.y} * kPolicy.rows; row < p.rows;
         row += std::int64_t{gridDim.y} * kPolicy.rows) {
      for (std::int64_t output = blockIdx.x * outputs; output < p.outputs; output += gridDim.x * outputs) {
        compute_tile<S, kPolicy>(p, {group, row, output});
      }
    }
  }
}

}  // namespace perceptron::kernels::weight_stream
