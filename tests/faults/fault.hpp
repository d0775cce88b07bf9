// The faults of the kernels in faults.cu and flags.cuh, by the body that may hold them.
#pragma once

namespace perceptron::faults {

enum class Fault {
  none,
  // row_sum
  no_staging_barrier,
  no_reuse_barrier,
  barrier_in_branch,
  return_before_staging,
  tail_read,
  tail_write,
  unwritten_shared,
  unwritten_global,
  writes_argument,
  division,
  endless,
  blocks_race,
  stray_store,
  stray_same_store,
  shared_overrun,
  // copy_ring
  no_wait,
  wait_off_by_one,
  no_commit,
  early_reuse,
  pending_exit,
  misaligned_copy,
  // bulk_ring
  wrong_parity,
  no_expect,
  expects_less,
  expects_more,
  one_arrival_more,
  one_arrival_less,
  double_arrival,
  no_init_fence,
  no_init_barrier,
  no_full_wait,
  no_empty_wait,
  pending_bulk_exit,
  overwrites_barrier,
  // padded_rows
  padding,
  // half_warp_sum
  wrong_lane,
  exited_lane,
  no_warp_barrier,
  misaligned_vector,
  // early_return
  no_barrier_after_return,
  // handover
  wrong_count,
  no_named_barrier,
  // warp_histogram
  no_clearing_barrier,
  no_counting_barrier,
  // tickets
  sets_next,
  reads_next,
  // last_block
  no_fence,
  block_fence,
  fence_after_ticket,
  early_ticket,
  // relay
  relaxed_store,
  relaxed_load,
  block_scope,
  plain_flag,
  // warp_flag
  no_block_fence,
  no_reading_fence,
  // grid_sums
  no_grid_barrier,
};

}  // namespace perceptron::faults
