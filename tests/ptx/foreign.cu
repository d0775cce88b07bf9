// Kernels that nobody here wrote: CUB's block algorithms behind the thinnest of entries, and the kernels of
// its DeviceReduce and DeviceScan as they are. Libcu++'s barrier. nvcc's own division of 128-bit integers.
#include <cub/block/block_load.cuh>
#include <cub/block/block_radix_sort.cuh>
#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>
#include <cub/block/block_store.cuh>
#include <cub/device/device_reduce.cuh>
#include <cub/device/device_scan.cuh>
#include <cuda/barrier>

#include "tests/ptx/foreign.hpp"

namespace perceptron::foreign {

/// sums[block] = sum of the block's values.
template <cub::BlockReduceAlgorithm kAlgorithm>
__device__ void reduce(const Arguments& p) {
  using Reduce = cub::BlockReduce<std::int64_t, kThreads, kAlgorithm>;
  __shared__ typename Reduce::TempStorage storage;
  const int index = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  const int valid = p.count - static_cast<int>(blockIdx.x) * kThreads;
  const std::int64_t sum =
      Reduce(storage).Sum(index < p.count ? p.values[index] : 0, valid < kThreads ? valid : kThreads);
  if (threadIdx.x == 0) p.sums[blockIdx.x] = sum;
}

/// sorted_keys[i] = sum of the keys before i.
template <cub::BlockScanAlgorithm kAlgorithm>
__device__ void scan(const Arguments& p) {
  using Load = cub::BlockLoad<std::int32_t, kThreads, kItems, cub::BLOCK_LOAD_TRANSPOSE>;
  using Store = cub::BlockStore<std::int32_t, kThreads, kItems, cub::BLOCK_STORE_WARP_TRANSPOSE>;
  using Scan = cub::BlockScan<std::int32_t, kThreads, kAlgorithm>;
  __shared__ union {
    typename Load::TempStorage load;
    typename Store::TempStorage store;
    typename Scan::TempStorage scan;
  } storage;
  std::int32_t items[kItems];
  Load(storage.load).Load(p.keys, items, p.count, 0);
  __syncthreads();
  Scan(storage.scan).ExclusiveSum(items, items);
  __syncthreads();
  Store(storage.store).Store(p.sorted_keys, items, p.count);
}

/// Keys of kThreads · kItems elements and their values, in ascending order.
__device__ void sort(const Arguments& p) {
  using Sort = cub::BlockRadixSort<std::int32_t, kThreads, kItems, std::int64_t>;
  __shared__ typename Sort::TempStorage storage;
  std::int32_t keys[kItems];
  std::int64_t values[kItems];
  const int first = static_cast<int>(threadIdx.x) * kItems;
  for (int item = 0; item < kItems; ++item) {
    keys[item] = p.keys[first + item];
    values[item] = p.values[first + item];
  }
  Sort(storage).Sort(keys, values);
  for (int item = 0; item < kItems; ++item) {
    p.sorted_keys[first + item] = keys[item];
    p.sums[first + item] = values[item];
  }
}

/// sorted_keys = the keys in reverse, by a barrier of libcu++ in shared memory.
__device__ void reverse(const Arguments& p) {
  __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
  __shared__ std::int32_t slot[kThreads];
  if (threadIdx.x == 0) init(&barrier, kThreads);
  __syncthreads();
  for (int first = 0; first < p.count; first += kThreads) {
    slot[threadIdx.x] = p.keys[first + threadIdx.x];
    barrier.arrive_and_wait();
    p.sorted_keys[p.count - 1 - first - threadIdx.x] = slot[threadIdx.x];
    barrier.arrive_and_wait();
  }
}

}  // namespace perceptron::foreign

using namespace perceptron::foreign;

extern "C" __global__ void reduce_raking(const __grid_constant__ Arguments p) {
  reduce<cub::BLOCK_REDUCE_RAKING>(p);
}
extern "C" __global__ void reduce_raking_commutative(const __grid_constant__ Arguments p) {
  reduce<cub::BLOCK_REDUCE_RAKING_COMMUTATIVE_ONLY>(p);
}
extern "C" __global__ void reduce_warps(const __grid_constant__ Arguments p) {
  reduce<cub::BLOCK_REDUCE_WARP_REDUCTIONS>(p);
}
extern "C" __global__ void scan_raking(const __grid_constant__ Arguments p) {
  scan<cub::BLOCK_SCAN_RAKING>(p);
}
extern "C" __global__ void scan_raking_memoize(const __grid_constant__ Arguments p) {
  scan<cub::BLOCK_SCAN_RAKING_MEMOIZE>(p);
}
extern "C" __global__ void scan_warps(const __grid_constant__ Arguments p) {
  scan<cub::BLOCK_SCAN_WARP_SCANS>(p);
}
extern "C" __global__ void reverse_by_barrier(const __grid_constant__ Arguments p) { reverse(p); }
extern "C" __global__ void divide_long_integers(const __grid_constant__ Arguments p) {
  const int index = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  if (index >= p.count) return;
  const unsigned __int128 key = static_cast<std::uint32_t>(p.keys[index]);
  const unsigned __int128 value = static_cast<std::uint64_t>(p.values[index]);
  const unsigned __int128 numerator = value * value * key, divisor = (key << index % 91) | 1;
  p.sums[index] = static_cast<std::int64_t>(numerator / divisor);
  p.sorted_keys[index] = static_cast<std::int32_t>(numerator % divisor);
}
extern "C" __global__ void sort_pairs(const __grid_constant__ Arguments p) { sort(p); }

namespace {

using Policy = cub::detail::reduce::policy_hub<std::int32_t, std::int32_t, cuda::std::plus<>>::MaxPolicy;
using ScanPolicy = cub::detail::scan::policy_hub<std::int32_t, std::int32_t, std::int32_t, std::int32_t,
                                                 cuda::std::plus<>>::MaxPolicy;
using TileState = cub::ScanTileState<std::int32_t>;

}  // namespace

template __global__ void cub::detail::reduce::DeviceReduceKernel<
    Policy, const std::int32_t*, std::int32_t, cuda::std::plus<>, std::int32_t, cuda::std::identity>(
    const std::int32_t*, std::int32_t*, std::int32_t, cub::GridEvenShare<std::int32_t>, cuda::std::plus<>,
    cuda::std::identity);
template __global__ void cub::detail::reduce::DeviceReduceSingleTileKernel<
    Policy, const std::int32_t*, std::int32_t*, std::int32_t, cuda::std::plus<>, std::int32_t, std::int32_t,
    cuda::std::identity>(const std::int32_t*, std::int32_t*, std::int32_t, cuda::std::plus<>, std::int32_t,
                         cuda::std::identity);
template __global__ void cub::detail::scan::DeviceScanInitKernel<TileState>(TileState, int);
template __global__ void cub::detail::scan::DeviceScanKernel<
    ScanPolicy, const std::int32_t*, std::int32_t*, TileState, cuda::std::plus<>,
    cub::detail::InputValue<std::int32_t>, std::int32_t, std::int32_t, false, std::int32_t>(
    const std::int32_t*, std::int32_t*, TileState, int, cuda::std::plus<>,
    cub::detail::InputValue<std::int32_t>, std::int32_t);
