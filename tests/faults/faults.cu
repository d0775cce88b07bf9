// Small kernels of realistic shape, each correct once and wrong in one place many times: what the PTX machine
// must let pass and what it must find. A comment "@name" marks the lines where the fault of that name may
// show, "@name:other" those of the other access of a race; fault_test.cpp reads them from here.
#include <cstdint>

#include "tests/faults/arguments.hpp"
#include "tests/faults/asynchronous.cuh"
#include "tests/faults/fault.hpp"
#include "tests/faults/flags.cuh"

namespace perceptron::faults {

/// y[row, part] = sum of the row over the part's columns, less that of the block's first row. Thread t owns
/// row t of the block; tiles of 16 columns pass through shared memory so that global reads are contiguous.
template <Fault kFault>
__device__ void row_sum(const Arguments& p) {
  constexpr int kColumns = 16;
  __shared__ float tile[kThreads][kColumns + 1];
  __shared__ float first_sum;
  __shared__ int shared_columns;
  const int thread = static_cast<int>(threadIdx.x), first_row = static_cast<int>(blockIdx.x) * kThreads;
  const int row = first_row + thread;
  if (kFault == Fault::return_before_staging && row >= p.rows) return;
  const int last_row = kFault == Fault::tail_read ? p.rows + 1 : p.rows;
  if (thread == 0 || kFault == Fault::stray_same_store) {
    shared_columns = p.columns;  // @stray_same_store @stray_same_store:other
  }
  __syncthreads();
  float sum = 0;
  if (kFault == Fault::unwritten_global && row < p.rows) sum = p.y[row] + 1;  // @unwritten_global
  const int step = kFault == Fault::endless ? 0 : static_cast<int>(gridDim.y) * kColumns;
  for (int first = static_cast<int>(blockIdx.y) * kColumns; first < shared_columns; first += step) {
    for (int i = thread; i < kThreads * kColumns; i += kThreads) {
      const int r = i / kColumns, c = i % kColumns;
      const bool is_inside = first_row + r < last_row && first + c < p.columns;
      if (kFault == Fault::unwritten_shared && !is_inside) continue;
      float value = 0;
      if (is_inside) value = p.x[std::int64_t{first_row + r} * p.stride + first + c];  // @tail_read
      const int to = kFault == Fault::shared_overrun ? r + 1 : r;
      // @no_reuse_barrier @no_reuse_barrier:other @no_staging_barrier:other @shared_overrun
      tile[to][c] = value;
    }
    if (kFault == Fault::barrier_in_branch) {
      if (row < p.rows) __syncthreads();  // @barrier_in_branch
    } else if (kFault != Fault::no_staging_barrier) {
      __syncthreads();
    }
    if (kFault != Fault::barrier_in_branch || row < p.rows) {
      for (int c = 0; c < kColumns; ++c) {
        // @no_staging_barrier @no_reuse_barrier @no_reuse_barrier:other @unwritten_shared
        // @return_before_staging
        sum += tile[thread][c];
      }
    }
    if (kFault != Fault::no_reuse_barrier) __syncthreads();  // @barrier_in_branch
  }
  if (thread == 0 || kFault == Fault::stray_store) first_sum = sum;  // @stray_store @stray_store:other
  __syncthreads();
  int rows = kFault == Fault::tail_write ? p.rows + 1 : p.rows;
  if (p.divisor != 0 || kFault == Fault::division) rows = p.rows / p.divisor;  // @division
  if (row >= rows) return;
  if (kFault == Fault::writes_argument) p.x[std::int64_t{row} * p.stride] = sum;  // @writes_argument
  const int part = kFault == Fault::blocks_race ? 0 : static_cast<int>(blockIdx.y);
  // @tail_write @blocks_race @blocks_race:other
  p.y[row * static_cast<int>(gridDim.y) + part] = sum - first_sum;
}

/// y[t] = sum over the chunks of x of their element kChunk − 1 − t; every chunk passes through a ring of
/// three slots, filled by cp.async two chunks ahead.
template <Fault kFault>
__device__ void copy_ring(const Arguments& p) {
  constexpr int kSlots = 3;
  __shared__ alignas(16) float ring[kSlots][kChunk];
  const int thread = static_cast<int>(threadIdx.x), chunks = p.columns / kChunk;
  const auto fill = [&](int chunk) {
    const float* from =
        p.x + (chunk % chunks) * kChunk + 4 * thread + (kFault == Fault::misaligned_copy ? 1 : 0);
    copy_async(&ring[chunk % kSlots][4 * thread], from);  // @misaligned_copy @early_reuse @early_reuse:other
    if (kFault != Fault::no_commit) commit_copies();
  };
  for (int chunk = 0; chunk < kSlots - 1; ++chunk) fill(chunk);
  float sum = 0;
  for (int chunk = 0; chunk < chunks; ++chunk) {
    if (kFault == Fault::wait_off_by_one) wait_for_copies<kSlots - 1>();
    if (kFault != Fault::wait_off_by_one && kFault != Fault::no_wait) wait_for_copies<kSlots - 2>();
    __syncthreads();  // All have read the slot that is filled next.
    if (kFault == Fault::early_reuse) fill(chunk + kSlots);
    const float* slot = ring[chunk % kSlots];
    sum += slot[kChunk - 1 - thread];  // @no_wait @wait_off_by_one @no_commit @early_reuse @early_reuse:other
    if (kFault != Fault::early_reuse) fill(chunk + kSlots - 1);
  }
  if (kFault != Fault::pending_exit) wait_for_copies<0>();
  p.y[thread] = sum;
}

/// As copy_ring, but one thread of a warp of its own fills two slots by bulk copies. full: one arrival and
/// the bytes; empty: every consumer's arrival.
template <Fault kFault>
__device__ void bulk_ring(const Arguments& p) {
  constexpr int kSlots = 2;
  constexpr std::uint32_t kBytes = kChunk * sizeof(float);
  // A bulk copy goes to a multiple of 16 bytes, and of no more.
  __shared__ alignas(16) float ring[kSlots][kChunk + 4];
  __shared__ std::uint64_t full[kSlots], empty[kSlots];
  const int thread = static_cast<int>(threadIdx.x), chunks = p.columns / kChunk;
  if (thread == 0) {
    constexpr int kConsumers = kFault == Fault::one_arrival_more   ? kThreads + 1
                               : kFault == Fault::one_arrival_less ? kThreads - 1
                                                                   : kThreads;
    for (int slot = 0; slot < kSlots; ++slot) {
      initialise(&full[slot], 1);            // @no_init_barrier:other
      initialise(&empty[slot], kConsumers);  // @no_init_barrier:other
    }
    if (kFault != Fault::no_init_fence) fence_initialisation();
  }
  if (kFault != Fault::no_init_barrier) __syncthreads();
  if (thread == kThreads) {
    const int last = chunks + (kFault == Fault::pending_bulk_exit ? 1 : 0);
    for (int chunk = 0; chunk < last; ++chunk) {
      const int slot = chunk % kSlots, round = chunk / kSlots;
      // @no_init_barrier @one_arrival_more
      if (kFault != Fault::no_empty_wait) wait_for(&empty[slot], (round + 1) & 1);
      constexpr std::uint32_t kExpected = kFault == Fault::expects_less   ? kBytes - 16
                                          : kFault == Fault::expects_more ? kBytes + 16
                                                                          : kBytes;
      if (kFault == Fault::no_expect) {
        arrive(&full[slot]);
      } else {
        arrive_expecting(&full[slot], kExpected);  // @no_empty_wait
      }
      if (kFault == Fault::double_arrival) arrive(&full[slot]);  // @double_arrival
      // @no_init_fence @one_arrival_less @no_expect @no_empty_wait @pending_bulk_exit
      copy_bulk(ring[slot], p.x + (chunk % chunks) * kChunk, kBytes, &full[slot]);
    }
  }
  if (thread >= kThreads) return;
  float sum = 0;
  for (int chunk = 0; chunk < chunks; ++chunk) {
    const int slot = chunk % kSlots, round = chunk / kSlots;
    const int parity = (round + (kFault == Fault::wrong_parity ? 1 : 0)) & 1;
    // @no_init_barrier @expects_less @expects_more @one_arrival_more @wrong_parity
    if (kFault != Fault::no_full_wait) wait_for(&full[slot], parity);
    // @no_full_wait @wrong_parity @no_expect @one_arrival_less @one_arrival_less:other @no_empty_wait:other
    // @no_expect:other
    sum += ring[slot][kChunk - 1 - thread];
    arrive(&empty[slot]);
  }
  // @overwrites_barrier
  if (kFault == Fault::overwrites_barrier) *static_cast<volatile std::uint64_t*>(full) = 0;
  p.y[thread] = sum;
}

/// y[row] = sum of the row, thread t's. Rows come in vectors of four, the last of which brings padding along
/// that nobody wrote: to copy, load and store it is no fault as long as nobody uses it.
template <Fault kFault>
__device__ void padded_rows(const Arguments& p) {
  constexpr int kVectors = 10, kCopied = 5;
  __shared__ float4 tile[kThreads][kVectors];
  const int thread = static_cast<int>(threadIdx.x), row = static_cast<int>(blockIdx.x) * kThreads + thread;
  if (row >= p.rows) return;
  const auto* from = reinterpret_cast<const float4*>(p.x + std::int64_t{row} * p.stride);
  // The vector with the padding is among those that go by registers in the first block, by a copy in the
  // second.
  const int turn = blockIdx.x == 0 ? 0 : kVectors - kCopied;
  for (int i = 0; i < kCopied; ++i) copy_async(&tile[thread][turn + i], &from[turn + i]);
  commit_copies();
  for (int i = kCopied; i < kVectors; ++i) tile[thread][(turn + i) % kVectors] = from[(turn + i) % kVectors];
  wait_for_copies<0>();
  const float* values = reinterpret_cast<const float*>(tile[thread]);
  float sum = 0;
  const int columns = kFault == Fault::padding ? p.columns + 1 : p.columns;
  for (int column = 0; column < columns; ++column) sum += values[column];  // @padding
  p.y[row] = sum;
}

/// y[t] = sum over the sixteen lanes of t's half warp of x's vectors of four. Each half has a member mask of
/// its own; the last exchange goes through shared memory.
template <Fault kFault>
__device__ void half_warp_sum(const Arguments& p) {
  __shared__ float stage[kThreads];
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32;
  if (kFault == Fault::exited_lane && 4 * thread >= p.columns) return;
  const std::uint32_t members = kFault == Fault::exited_lane ? 0xffffffffu
                                : lane < 16                  ? 0xffffu
                                                             : 0xffff0000u;
  float sum = 0;
  if (4 * thread < p.columns) {
    const float* from = p.x + (kFault == Fault::misaligned_vector ? 1 : 0);
    const float4 values = reinterpret_cast<const float4*>(from)[thread];  // @misaligned_vector
    sum = values.x + values.y + (values.z + values.w);
  }
  for (int distance = kFault == Fault::wrong_lane ? 16 : 8; distance > 1; distance /= 2) {
    sum += __shfl_xor_sync(members, sum, distance);  // @wrong_lane @exited_lane
  }
  stage[thread] = sum;  // @no_warp_barrier @no_warp_barrier:other
  if (kFault != Fault::no_warp_barrier) __syncwarp(members);
  p.y[thread] = sum + stage[thread ^ 1];  // @no_warp_barrier @no_warp_barrier:other
}

/// y[row] = the first element of the block's row at the other end, plus how many lanes of the warp have rows.
/// Threads without one have returned before the others meet.
template <Fault kFault>
__device__ void early_return(const Arguments& p) {
  __shared__ float stage[kThreads];
  const int thread = static_cast<int>(threadIdx.x), first_row = static_cast<int>(blockIdx.x) * kThreads;
  const int rows = min(p.rows - first_row, kThreads);
  if (thread >= rows) return;
  // @no_barrier_after_return @no_barrier_after_return:other
  stage[thread] = p.x[std::int64_t{first_row + thread} * p.stride];
  if (kFault != Fault::no_barrier_after_return) __syncthreads();
  const int lanes = __popc(__ballot_sync(0xffffffffu, 1));
  // @no_barrier_after_return @no_barrier_after_return:other
  p.y[first_row + thread] = stage[rows - 1 - thread] + static_cast<float>(lanes);
}

/// The first half of the block hands chunks of x to the second through one slot of shared memory, by two
/// named barriers: 1, filled, and 2, free. y[t] = sum over the chunks of their element 2·kThreads − 1 − t.
template <Fault kFault>
__device__ void handover(const Arguments& p) {
  constexpr int kBoth = kThreads, kHalf = kThreads / 2;
  __shared__ float slot[kHalf];
  const int thread = static_cast<int>(threadIdx.x), chunks = p.columns / kHalf;
  if (thread < kHalf) {
    for (int chunk = 0; chunk < chunks; ++chunk) {
      if (chunk > 0 && kFault != Fault::no_named_barrier) wait_at<2, kBoth>();  // @wrong_count
      slot[thread] = p.x[chunk * kHalf + thread];  // @no_named_barrier @no_named_barrier:other
      arrive_at<1, kFault == Fault::wrong_count ? kBoth + 32 : kBoth>();  // @wrong_count
    }
    return;
  }
  float sum = 0;
  for (int chunk = 0; chunk < chunks; ++chunk) {
    wait_at<1, kBoth>();                 // @wrong_count @no_named_barrier
    sum += slot[kThreads - 1 - thread];  // @no_named_barrier:other @no_named_barrier
    if (chunk + 1 < chunks && kFault != Fault::no_named_barrier) arrive_at<2, kBoth>();
  }
  p.y[thread - kHalf] = sum;
}

/// y[t] = how many of the values that t's warp reads are t's lane. Each warp counts with atomic operations in
/// bins of its own, so that its lanes alone must meet. A lane counts itself first and last: then nobody
/// else's operations stand beside the clearing and the reading of its bin.
template <Fault kFault>
__device__ void warp_histogram(const Arguments& p) {
  __shared__ int bins[kThreads];
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32;
  bins[thread] = 0;  // @no_clearing_barrier:other
  if (kFault != Fault::no_clearing_barrier) __syncwarp();
  for (int i = thread; i < p.columns; i += kThreads) {
    const int bin = static_cast<int>(p.x[i]);
    atomicAdd(&bins[warp * 32 + bin], 1);  // @no_clearing_barrier @no_counting_barrier:other
  }
  if (kFault != Fault::no_counting_barrier) __syncwarp();
  p.y[thread] = static_cast<float>(bins[thread]);  // @no_counting_barrier
}

__device__ int next_ticket;

/// y[n] = n, by the thread that draws ticket n of all blocks'.
template <Fault kFault>
__device__ void tickets(const Arguments& p) {
  const bool is_first = blockIdx.x == 0 && threadIdx.x == 0;
  if (kFault == Fault::sets_next && is_first) next_ticket = 0;  // @sets_next:other
  __syncthreads();
  int ticket = atomicAdd(&next_ticket, 1);  // @sets_next @reads_next:other
  // Of its own block's operations the thread knows.
  __syncthreads();
  const bool is_last = blockIdx.x + 1 == gridDim.x && threadIdx.x == 0;
  // With a cache hint, or the compiler has all threads read.
  // @reads_next
  if (kFault == Fault::reads_next && is_last) ticket -= __ldcg(&next_ticket) - p.rows;
  p.y[ticket] = static_cast<float>(ticket);
}

}  // namespace perceptron::faults

#define PERCEPTRON_ENTRY(name, body, fault)                                                  \
  extern "C" __global__ void name(const __grid_constant__ perceptron::faults::Arguments p) { \
    perceptron::faults::body<perceptron::faults::Fault::fault>(p);                           \
  }
#define PERCEPTRON_CORRECT(body) PERCEPTRON_ENTRY(body, body, none)
#define PERCEPTRON_FAULT(body, fault) PERCEPTRON_ENTRY(body##_##fault, body, fault)

PERCEPTRON_CORRECT(row_sum)
PERCEPTRON_FAULT(row_sum, no_staging_barrier)
PERCEPTRON_FAULT(row_sum, no_reuse_barrier)
PERCEPTRON_FAULT(row_sum, barrier_in_branch)
PERCEPTRON_FAULT(row_sum, return_before_staging)
PERCEPTRON_FAULT(row_sum, tail_read)
PERCEPTRON_FAULT(row_sum, tail_write)
PERCEPTRON_FAULT(row_sum, unwritten_shared)
PERCEPTRON_FAULT(row_sum, unwritten_global)
PERCEPTRON_FAULT(row_sum, writes_argument)
PERCEPTRON_FAULT(row_sum, division)
PERCEPTRON_FAULT(row_sum, endless)
PERCEPTRON_FAULT(row_sum, blocks_race)
PERCEPTRON_FAULT(row_sum, stray_store)
PERCEPTRON_FAULT(row_sum, stray_same_store)
PERCEPTRON_FAULT(row_sum, shared_overrun)
PERCEPTRON_CORRECT(copy_ring)
PERCEPTRON_FAULT(copy_ring, no_wait)
PERCEPTRON_FAULT(copy_ring, wait_off_by_one)
PERCEPTRON_FAULT(copy_ring, no_commit)
PERCEPTRON_FAULT(copy_ring, early_reuse)
PERCEPTRON_FAULT(copy_ring, pending_exit)  // @pending_exit
PERCEPTRON_FAULT(copy_ring, misaligned_copy)
PERCEPTRON_CORRECT(bulk_ring)
PERCEPTRON_FAULT(bulk_ring, wrong_parity)
PERCEPTRON_FAULT(bulk_ring, no_expect)
PERCEPTRON_FAULT(bulk_ring, expects_less)
PERCEPTRON_FAULT(bulk_ring, expects_more)
PERCEPTRON_FAULT(bulk_ring, one_arrival_more)
PERCEPTRON_FAULT(bulk_ring, one_arrival_less)
PERCEPTRON_FAULT(bulk_ring, double_arrival)
PERCEPTRON_FAULT(bulk_ring, no_init_fence)
PERCEPTRON_FAULT(bulk_ring, no_init_barrier)
PERCEPTRON_FAULT(bulk_ring, no_full_wait)
PERCEPTRON_FAULT(bulk_ring, no_empty_wait)
PERCEPTRON_FAULT(bulk_ring, pending_bulk_exit)
PERCEPTRON_FAULT(bulk_ring, overwrites_barrier)
PERCEPTRON_CORRECT(padded_rows)
PERCEPTRON_FAULT(padded_rows, padding)
PERCEPTRON_CORRECT(half_warp_sum)
PERCEPTRON_FAULT(half_warp_sum, wrong_lane)
PERCEPTRON_FAULT(half_warp_sum, exited_lane)
PERCEPTRON_FAULT(half_warp_sum, no_warp_barrier)
PERCEPTRON_FAULT(half_warp_sum, misaligned_vector)
PERCEPTRON_CORRECT(early_return)
PERCEPTRON_FAULT(early_return, no_barrier_after_return)
PERCEPTRON_CORRECT(handover)
PERCEPTRON_FAULT(handover, wrong_count)
PERCEPTRON_FAULT(handover, no_named_barrier)
PERCEPTRON_CORRECT(warp_histogram)
PERCEPTRON_FAULT(warp_histogram, no_clearing_barrier)
PERCEPTRON_FAULT(warp_histogram, no_counting_barrier)
PERCEPTRON_CORRECT(tickets)
PERCEPTRON_FAULT(tickets, sets_next)
PERCEPTRON_FAULT(tickets, reads_next)
PERCEPTRON_CORRECT(last_block)
PERCEPTRON_FAULT(last_block, no_fence)
PERCEPTRON_FAULT(last_block, block_fence)
PERCEPTRON_FAULT(last_block, fence_after_ticket)
PERCEPTRON_FAULT(last_block, early_ticket)
PERCEPTRON_CORRECT(grid_sums)
PERCEPTRON_FAULT(grid_sums, no_grid_barrier)
PERCEPTRON_CORRECT(highest)
PERCEPTRON_CORRECT(relay)
PERCEPTRON_FAULT(relay, relaxed_store)
PERCEPTRON_FAULT(relay, relaxed_load)
PERCEPTRON_FAULT(relay, block_scope)
PERCEPTRON_FAULT(relay, plain_flag)
PERCEPTRON_CORRECT(warp_flag)
PERCEPTRON_FAULT(warp_flag, no_block_fence)
PERCEPTRON_FAULT(warp_flag, no_reading_fence)
