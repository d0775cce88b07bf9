// Kernels that call: functions with a body of their own, assert and printf. Compiled as users do, and with
// -G, where everything is a call.
#include <cassert>
#include <cstdint>
#include <cstdio>

#include "tests/ptx/calls.hpp"

namespace perceptron::calls {
namespace {

struct Powers {
  float of[kValues];
};

/// Lanes leave the loop, and the function, at different times.
__device__ __noinline__ float times(float x, int count) {
  if (count > 40) return -x;
  float sum = 0;
  for (int i = 0; i < count; ++i) sum += x;
  return sum;
}

__device__ __noinline__ Powers powers(float x) {
  Powers made;
  float power = 1;
  for (float& value : made.of) {
    value = power;
    power *= x;
  }
  return made;
}

/// The index is known at run time only, so that the array lies in local memory.
__device__ __noinline__ float pick(Powers powers, int index) {
  return powers.of[index % kValues] + times(1, 2);
}

/// The sum over the block, by memory that all calls share.
__device__ __noinline__ float block_sum(float x) {
  __shared__ float values[kThreads];
  __syncthreads();
  values[threadIdx.x] = x;
  __syncthreads();
  float sum = 0;
  for (int i = 0; i < kThreads; ++i) sum += values[i];
  return sum;
}

__device__ __noinline__ void store(float* to, float value) { *to = value; }

}  // namespace

/// y[t] = x·t, or −x, plus xᵗ ᵐᵒᵈ ⁴ + 2, plus the sum of x over the block and twice that.
extern "C" __global__ void calculate(const __grid_constant__ Arguments p) {
  const int thread = static_cast<int>(threadIdx.x);
  const float x = p.x[thread];
  float result = times(x, thread) + pick(powers(x), thread);
  if (thread % 3 == 0) result += times(result, 2);
  result += block_sum(x) + block_sum(2 * x);
  const int lanes = __popc(__ballot_sync(0xffffffffu, 1));
  store(p.y + thread, result + static_cast<float>(lanes));
}

extern "C" __global__ void store_beside(const __grid_constant__ Arguments p) {
  store(p.y + threadIdx.x + 1, p.x[threadIdx.x]);
}

extern "C" __global__ void check(const __grid_constant__ Arguments p) {
  const int thread = static_cast<int>(threadIdx.x);
  assert(thread < p.limit && "the limit holds");
  p.y[thread] = p.x[thread];
}

extern "C" __global__ void print(const __grid_constant__ Arguments p) {
  const int thread = static_cast<int>(threadIdx.x);
  if (thread == p.limit) printf("%s %d: %5.2f, %lld\n", "thread", thread, p.x[thread], -7LL);
  p.y[thread] = static_cast<float>(printf("."));
}

}  // namespace perceptron::calls
