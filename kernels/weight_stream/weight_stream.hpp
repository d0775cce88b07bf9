// The family weight_stream as planning and launching see it: its policies, the shape of a block, what it
// costs in shared memory. weight_stream.cuh holds the kernel. CUDA-free.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "kernels/candidate.hpp"

namespace perceptron::kernels::weight_stream {

/// Rows that a block computes at a time, and how many vectors of 16 bytes a thread requests at once.
struct Policy {
  int rows = 0;
  int loads = 0;
  int blocks_per_multiprocessor = 1;  ///< Of kMostThreads, for which the registers are limited.

  /// f64: its inputs of x take twice the registers.
  constexpr int loads_of(int storage_bytes) const { return storage_bytes == 8 ? std::min(loads, 8) : loads; }
  /// Inputs of x that a slot stages at a time.
  constexpr int stage_inputs() const { return kStagedElements / rows; }

  static constexpr int kStagedElements = 128;
};

/// A block is lanes × slots threads: a lane owns 16 bytes of outputs, a slot one block of 256 inputs at a
/// time. Lanes are a power of two, at most a warp; threads a multiple of a warp.
struct Block {
  int lanes = 0, slots = 0;

  constexpr int threads() const { return lanes * slots; }
};

inline constexpr int kMostThreads = 256, kMostSlots = 32;

/// Outputs of a lane.
constexpr int lane_outputs(int storage_bytes) { return 16 / storage_bytes; }
/// Padded, so that the slots of a warp read their inputs from different banks.
constexpr int slot_bytes(int storage_bytes) {
  return Policy::kStagedElements * accumulator_bytes(storage_bytes) + 16;
}
/// The sums of one slot.
constexpr int plane_bytes(Policy policy, Block block, int storage_bytes) {
  return policy.rows * block.lanes * lane_outputs(storage_bytes) * accumulator_bytes(storage_bytes);
}
/// The totals, the sums of each slot, the staged inputs of each slot.
constexpr int shared_bytes(Policy policy, Block block, int storage_bytes) {
  return (block.slots + 1) * plane_bytes(policy, block, storage_bytes) +
         block.slots * slot_bytes(storage_bytes);
}

/// Threads of a block whose sums take at most 64 KB of shared memory.
constexpr int most_threads(Policy policy, int storage_bytes) {
  const int thread_bytes = policy.rows * lane_outputs(storage_bytes) * accumulator_bytes(storage_bytes);
  return std::min(kMostThreads, 65536 / thread_bytes);
}

/// As many slots as there are blocks of inputs, then as many lanes as leave two blocks for each of 132
/// multiprocessors; at least 16 outputs, which is 32 bytes or more of a row of W. Estimates.
constexpr Block block_for(Policy policy, const LinearArguments& arguments, int storage_bytes) {
  constexpr std::int64_t kBlocksAimedAt = 264;
  const std::int64_t sum_blocks = (arguments.inputs + kSumBlock - 1) / kSumBlock;
  const std::int64_t vectors = packed_outputs(arguments.outputs) / lane_outputs(storage_bytes);
  const std::int64_t copies = std::max<std::int64_t>(1, arguments.groups);
  const int narrowest = static_cast<int>(kPackedOutputs) / lane_outputs(storage_bytes);
  const int most = most_threads(policy, storage_bytes);
  Block block{narrowest, 1};
  block.slots = static_cast<int>(std::min<std::int64_t>({sum_blocks, kMostSlots, most / narrowest}));
  while (block.lanes < 32 && 2 * block.lanes * block.slots <= most &&
         vectors * copies >= kBlocksAimedAt * 2 * block.lanes) {
    block.lanes *= 2;
  }
  const int slots_of_warp = 32 / block.lanes;
  block.slots = (block.slots + slots_of_warp - 1) / slots_of_warp * slots_of_warp;
  return block;
}

// Estimates all: never measured on a GPU.
inline constexpr Policy kRows1{1, 16, 2};
inline constexpr Policy kRows4{4, 8, 2};
inline constexpr Policy kRows8{8, 8, 1};
inline constexpr Policy kRows16{16, 8, 1};

/// What planning takes for the outputs of a block; block_for() may give fewer or more.
inline constexpr int kTypicalOutputs = 64;

/// The policies 1, 4, 8 and 16: rows.
std::span<const Candidate> candidates();

}  // namespace perceptron::kernels::weight_stream
