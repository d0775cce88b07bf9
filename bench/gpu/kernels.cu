#include "bench/gpu/kernels.hpp"

#include <thrust/count.h>
#include <thrust/execution_policy.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/transform.h>
#include <cuda/ptx>

#include <stdexcept>

#include "kernels/epilogue/activation.hpp"
#include "kernels/epilogue/convert.cuh"
#include "src/cuda/check.hpp"

namespace perceptron::bench::gpu {
namespace {

constexpr unsigned kThreads = 256;
constexpr int kBlocksPerMultiprocessor = 8;

__global__ void hold_kernel(volatile HoldWord* word, std::uint32_t ticket, std::uint64_t most_nanoseconds) {
  const std::uint64_t start = ::cuda::ptx::get_sreg_globaltimer();
  while (static_cast<std::int32_t>(word->released - ticket) < 0) {
    if (::cuda::ptx::get_sreg_globaltimer() - start > most_nanoseconds) {
      word->expired = ticket;
      __threadfence_system();
      return;
    }
    __nanosleep(100);
  }
}

__global__ void empty_kernel() {}

__global__ void stamp_kernel(Stamp* stamps) {
  const unsigned number = ::cuda::ptx::get_sreg_smid();
  if (threadIdx.x == 0 && number < kMostMultiprocessors) {
    stamps[number] = {static_cast<std::uint64_t>(clock64()), ::cuda::ptx::get_sreg_globaltimer()};
  }
}

constexpr int kLoadsInFlight = 8;

__device__ unsigned discarded_sum;

/// Each thread has kLoadsInFlight vectors of 16 bytes under way.
__global__ void read_kernel(const uint4* data, std::size_t vectors) {
  const std::size_t step = static_cast<std::size_t>(gridDim.x) * kThreads;
  unsigned sum = 0;
  std::size_t i = static_cast<std::size_t>(blockIdx.x) * kThreads + threadIdx.x;
  for (; i + (kLoadsInFlight - 1) * step < vectors; i += kLoadsInFlight * step) {
    uint4 loaded[kLoadsInFlight];
#pragma unroll
    for (int j = 0; j < kLoadsInFlight; ++j) loaded[j] = data[i + j * step];
#pragma unroll
    for (int j = 0; j < kLoadsInFlight; ++j) sum += loaded[j].x ^ loaded[j].y ^ loaded[j].z ^ loaded[j].w;
  }
  for (; i < vectors; i += step) sum += data[i].x ^ data[i].y ^ data[i].z ^ data[i].w;
  sum = __reduce_add_sync(0xffffffffU, sum);
  if (threadIdx.x % 32 == 0) atomicAdd(&discarded_sum, sum);
}

constexpr int kChains = 8;
constexpr int kChainLength = 24576;

__device__ double discarded_total;

/// With factor −1 every chain alternates between two values without a pattern, so that operands keep changing
/// bits: constant operands draw less power and clock higher than real work.
template <class A>
__global__ void __launch_bounds__(kThreads) multiply_add_kernel(A factor) {
  A chain[kChains];
  const A addend = static_cast<A>(1.234567) + static_cast<A>(threadIdx.x) / static_cast<A>(kThreads);
#pragma unroll
  for (int c = 0; c < kChains; ++c) chain[c] = addend * static_cast<A>(c + 1) / static_cast<A>(7);
#pragma unroll 16
  for (int step = 0; step < kChainLength; ++step) {
#pragma unroll
    for (int c = 0; c < kChains; ++c) chain[c] = std::fma(chain[c], factor, addend);
  }
  A total = 0;
#pragma unroll
  for (int c = 0; c < kChains; ++c) total += chain[c];
  if (total == static_cast<A>(-1)) discarded_total = static_cast<double>(total);
}

template <class S>
struct Widened {
  __device__ auto operator()(S value) const { return kernels::widened(value); }
};

template <class S>
struct IsFar {
  const S* found;
  const S* expected;
  Tolerance tolerance;
  __device__ bool operator()(std::int64_t i) const {
    const double is = static_cast<double>(kernels::widened(found[i]));
    const double should = static_cast<double>(kernels::widened(expected[i]));
    return !(std::abs(is - should) <= tolerance.absolute + tolerance.relative * std::abs(should));
  }
};

template <class S, int kCount>
struct alignas(sizeof(S) * kCount) Elements {
  S value[kCount];
};

/// Of one group.
struct Extent {
  std::uint32_t vectors;
  std::uint32_t vectors_per_row;
};

/// y = f(y + bias), kCount elements per thread, all of one row; blockIdx.y is the group.
template <ActivationKind kKind, int kCount, class S, class A>
__global__ void finish_kernel(S* y, const A* bias, A parameter, Extent extent) {
  const std::uint32_t i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= extent.vectors) return;
  auto* mine =
      reinterpret_cast<Elements<S, kCount>*>(y) + static_cast<std::size_t>(blockIdx.y) * extent.vectors + i;
  const std::size_t column = static_cast<std::size_t>(i % extent.vectors_per_row) * kCount;
  if (bias != nullptr)
    bias += static_cast<std::size_t>(blockIdx.y) * extent.vectors_per_row * kCount + column;
  Elements<S, kCount> values = *mine;
#pragma unroll
  for (int j = 0; j < kCount; ++j) {
    const A z = kernels::widened(values.value[j]) + (bias == nullptr ? A{0} : bias[j]);
    values.value[j] =
        kernels::narrowed<S>(epilogue::Formula<kKind>::template apply<epilogue::ScalarLane<A>>(z, parameter));
  }
  *mine = values;
}

void check_launch(const char* name) { cuda::check(cudaGetLastError(), name); }

template <ActivationKind kKind, int kCount, class S>
void launch_finish(Stream stream, const MatrixView& y, const void* bias, double parameter) {
  using A = kernels::AccumulatorOf<S>;
  const std::int64_t vectors = y.rows * y.columns / kCount;
  if (vectors > UINT32_MAX - kThreads) throw std::length_error("a pass over too many elements");
  const Extent extent{static_cast<std::uint32_t>(vectors), static_cast<std::uint32_t>(y.columns / kCount)};
  const dim3 grid((extent.vectors + kThreads - 1) / kThreads, static_cast<unsigned>(y.groups));
  finish_kernel<kKind, kCount><<<grid, kThreads, 0, stream>>>(
      static_cast<S*>(y.data), static_cast<const A*>(bias), static_cast<A>(parameter), extent);
  check_launch("launching the pass for bias and activation");
}

std::int64_t elements_of(const ConstMatrixView& view) { return view.groups * view.rows * view.columns; }

}  // namespace

void hold(Stream stream, HoldWord* word, std::uint32_t ticket, std::uint64_t most_nanoseconds) {
  hold_kernel<<<1, 1, 0, stream>>>(word, ticket, most_nanoseconds);
  check_launch("launching a hold");
}

void launch_nothing(Stream stream) {
  empty_kernel<<<1, 32, 0, stream>>>();
  check_launch("launching an empty kernel");
}

void stamp(Stream stream, Stamp* stamps, int multiprocessors) {
  stamp_kernel<<<2 * multiprocessors, 32, 0, stream>>>(stamps);
  check_launch("launching a stamp");
}

void read_all(Stream stream, const void* data, std::size_t bytes, int multiprocessors) {
  read_kernel<<<kBlocksPerMultiprocessor * multiprocessors, kThreads, 0, stream>>>(
      static_cast<const uint4*>(data), bytes / sizeof(uint4));
  check_launch("launching a read");
}

void multiply_add(Stream stream, DType accumulator, int multiprocessors) {
  const int blocks = kBlocksPerMultiprocessor * multiprocessors;
  if (accumulator == DType::f64) {
    multiply_add_kernel<double><<<blocks, kThreads, 0, stream>>>(-1.0);
  } else {
    multiply_add_kernel<float><<<blocks, kThreads, 0, stream>>>(-1.0f);
  }
  check_launch("launching multiply-adds");
}

double multiply_add_flops(int multiprocessors) {
  return 2.0 * kChains * kChainLength * kThreads * kBlocksPerMultiprocessor * multiprocessors;
}

void widen(Stream stream, const ConstMatrixView& from, const MatrixView& to) {
  visit_dtype(from.dtype, [&](auto element) {
    using S = decltype(element);
    const auto* data = static_cast<const S*>(from.data);
    thrust::transform(thrust::cuda::par_nosync.on(stream), data, data + elements_of(from),
                      static_cast<kernels::AccumulatorOf<S>*>(to.data), Widened<S>{});
  });
}

bool can_finish(DType dtype, DType output_dtype, ActivationKind kind) {
  return kind != ActivationKind::softmax && accumulator_of(dtype) == accumulator_of(output_dtype);
}

void finish(Stream stream, const MatrixView& y, const void* bias, const Activation& activation) {
  visit_dtype(y.dtype, [&](auto element) {
    using S = decltype(element);
    constexpr int kWidest = 16 / sizeof(S);
    visit_activation(activation.kind, [&](auto kind) {
      if constexpr (kind() != ActivationKind::softmax) {
        y.columns % kWidest == 0 ? launch_finish<kind(), kWidest, S>(stream, y, bias, activation.parameter)
                                 : launch_finish<kind(), 1, S>(stream, y, bias, activation.parameter);
      }
    });
  });
}

std::int64_t count_far(Stream stream, const ConstMatrixView& found, const ConstMatrixView& expected,
                       const Tolerance& tolerance) {
  return visit_dtype(found.dtype, [&](auto element) -> std::int64_t {
    using S = decltype(element);
    const IsFar<S> is_far{static_cast<const S*>(found.data), static_cast<const S*>(expected.data), tolerance};
    return thrust::count_if(thrust::cuda::par.on(stream), thrust::counting_iterator<std::int64_t>(0),
                            thrust::counting_iterator<std::int64_t>(elements_of(found)), is_far);
  });
}

}  // namespace perceptron::bench::gpu
