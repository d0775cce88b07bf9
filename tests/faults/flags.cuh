// The bodies of faults.cu whose threads and blocks order one another by fences and flags; marked as there.
#pragma once

#include <cooperative_groups.h>

#include <cuda/atomic>

#include "tests/faults/arguments.hpp"
#include "tests/faults/fault.hpp"

namespace perceptron::faults {

__device__ unsigned drawn;

/// y[blocks + t] = sum over the blocks of their values t: the block that is done last adds up what all have
/// written (CUDA C++ Programming Guide, "Memory Fence Functions").
template <Fault kFault>
__device__ void last_block(const Arguments& p) {
  __shared__ bool is_last;
  const int thread = static_cast<int>(threadIdx.x), blocks = static_cast<int>(gridDim.x);
  const int first = static_cast<int>(blockIdx.x) * kThreads;
  // @no_fence:other @block_fence:other @fence_after_ticket:other @early_ticket:other
  p.y[first + thread] = 2 * p.x[first + thread];
  if (kFault == Fault::block_fence) {
    __threadfence_block();
  } else if (kFault != Fault::no_fence && kFault != Fault::fence_after_ticket) {
    __threadfence();
  }
  if (kFault != Fault::early_ticket) __syncthreads();
  if (thread == 0) is_last = atomicAdd(&drawn, 1) == gridDim.x - 1;
  if (kFault == Fault::fence_after_ticket) __threadfence();
  __syncthreads();
  if (!is_last) return;
  float sum = 0;
  for (int block = 0; block < blocks; ++block)
    sum += p.y[block * kThreads + thread];  // @no_fence @block_fence @fence_after_ticket @early_ticket
  p.y[blocks * kThreads + thread] = sum;
  if (thread == 0) drawn = 0;
}

/// y[t] = sum over the blocks of their sums t, by every block, after all have met; behind it what they wrote
/// before.
template <Fault kFault>
__device__ void grid_sums(const Arguments& p) {
  const int thread = static_cast<int>(threadIdx.x), blocks = static_cast<int>(gridDim.x);
  const int own = static_cast<int>(blockIdx.x) * kThreads + thread;
  p.y[own] = 2 * p.x[own];  // @no_grid_barrier:other
  if (kFault != Fault::no_grid_barrier) cooperative_groups::this_grid().sync();
  float sum = 0;
  for (int block = 0; block < blocks; ++block) sum += p.y[block * kThreads + thread];  // @no_grid_barrier
  p.y[blocks * kThreads + own] = sum;
}

__device__ unsigned highest_bits;

/// y[0] = the highest value of all blocks, by compare and swap; none is negative.
template <Fault kFault>
__device__ void highest(const Arguments& p) {
  const float own = p.x[blockIdx.x * kThreads + threadIdx.x];
  unsigned found = highest_bits;
  while (__uint_as_float(found) < own) {
    const unsigned before = found;
    found = atomicCAS(&highest_bits, before, __float_as_uint(own));
    if (found == before) break;
  }
  __threadfence();
  if (atomicAdd(&drawn, 1) == kThreads * gridDim.x - 1) p.y[0] = __uint_as_float(atomicAdd(&highest_bits, 0));
}

__device__ int flags[64];

/// y[block] = sum of x up to the block's element, handed on from block to block: each waits for the flag of
/// the one before.
template <Fault kFault>
__device__ void relay(const Arguments& p) {
  constexpr cuda::thread_scope kScope =
      kFault == Fault::block_scope ? cuda::thread_scope_block : cuda::thread_scope_device;
  if (threadIdx.x != 0) return;
  float sum = p.x[blockIdx.x];
  if (blockIdx.x > 0) {
    int& before = flags[blockIdx.x - 1];
    if (kFault == Fault::plain_flag) {
      while (*static_cast<volatile int*>(&before) == 0) {  // @plain_flag
      }
      __threadfence();
    } else {
      constexpr auto kOrder =
          kFault == Fault::relaxed_load ? cuda::memory_order_relaxed : cuda::memory_order_acquire;
      while (cuda::atomic_ref<int, kScope>(before).load(kOrder) == 0) {
      }
    }
    sum += p.y[blockIdx.x - 1];  // @relaxed_store @relaxed_load @block_scope
  }
  p.y[blockIdx.x] = sum;  // @relaxed_store:other @relaxed_load:other @block_scope:other
  if (kFault == Fault::plain_flag) {
    __threadfence();
    flags[blockIdx.x] = 1;  // @plain_flag:other
  } else {
    constexpr auto kOrder =
        kFault == Fault::relaxed_store ? cuda::memory_order_relaxed : cuda::memory_order_release;
    cuda::atomic_ref<int, kScope>(flags[blockIdx.x]).store(1, kOrder);
  }
}

/// y[t] = x of the other warp's thread: the first warp tells the second by a flag in shared memory that its
/// values are there.
template <Fault kFault>
__device__ void warp_flag(const Arguments& p) {
  __shared__ float slot[kThreads / 2];
  __shared__ int filled;
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32;
  if (thread == 0) filled = 0;
  __syncthreads();
  if (thread < 32) {
    slot[lane] = p.x[lane];  // @no_block_fence:other @no_reading_fence:other
    if (kFault != Fault::no_block_fence)
      cuda::atomic_thread_fence(cuda::memory_order_release, cuda::thread_scope_block);
    atomicAdd(&filled, 1);
  } else {
    const cuda::atomic_ref<int, cuda::thread_scope_block> flag(filled);
    while (flag.load(cuda::memory_order_relaxed) < 32) {
    }
    if (kFault != Fault::no_reading_fence)
      cuda::atomic_thread_fence(cuda::memory_order_acquire, cuda::thread_scope_block);
    p.y[lane] = slot[lane];  // @no_block_fence @no_reading_fence
  }
}

}  // namespace perceptron::faults
