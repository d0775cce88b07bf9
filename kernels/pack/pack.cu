// The kernels of pack: weights outputs × inputs become inputs × packed outputs, a bias becomes accumulators.
//
// Weights: a block moves 32 × 32 elements through shared memory, so that global reads run along inputs and
// global writes along outputs. Thread (x, y) reads input x of the outputs y + 8i and writes output x of the
// inputs y + 8i. A row of the shared tile has one element of padding: a column is then read without bank
// conflicts.
//
// Barriers: the tile is filled | the tile is read | filled again for the next tile of the block, if there is
// one.
#include <cstdint>

#include "kernels/epilogue/convert.cuh"
#include "kernels/pack/pack.hpp"

namespace perceptron::kernels::pack {

template <class Bits>
__device__ void transpose_tile(const WeightArguments& p, std::int64_t group, std::int64_t first_input,
                               std::int64_t first_output) {
  __shared__ Bits tile[kTile][kTile + 1];
  const int x = static_cast<int>(threadIdx.x);
  const int y = static_cast<int>(threadIdx.y);
  const Bits* from = static_cast<const Bits*>(p.weight) + group * p.group_stride + first_input + x;
#pragma unroll
  for (int step = 0; step < kTile; step += kThreadsDown) {
    const int output = y + step;
    const bool inside = first_input + x < p.inputs && first_output + output < p.outputs;
    tile[output][x] = inside ? from[(first_output + output) * p.stride] : Bits{0};
  }
  __syncthreads();
  const std::int64_t outputs = packed_outputs(p.outputs);
  Bits* to = static_cast<Bits*>(p.packed) + (group * p.inputs + first_input) * outputs + first_output + x;
#pragma unroll
  for (int step = 0; step < kTile; step += kThreadsDown) {
    const int input = y + step;
    const bool inside = first_input + input < p.inputs && first_output + x < outputs;
    if (inside) to[input * outputs] = tile[x][input];
  }
  __syncthreads();
}

template <class Bits>
__device__ void transpose(const WeightArguments& p) {
  const std::int64_t outputs = packed_outputs(p.outputs);
  for (std::int64_t group = blockIdx.z; group < p.groups; group += gridDim.z) {
    for (std::int64_t output = std::int64_t{blockIdx.y} * kTile; output < outputs;
         output += std::int64_t{gridDim.y} * kTile) {
      for (std::int64_t input = std::int64_t{blockIdx.x} * kTile; input < p.inputs;
           input += std::int64_t{gridDim.x} * kTile) {
        transpose_tile<Bits>(p, group, input, output);
      }
    }
  }
}

/// +0 where there is no bias, and for −0.
template <class A>
__device__ A bias_at(const BiasArguments& p, std::int64_t group, std::int64_t output) {
  if (p.bias == nullptr || output >= p.outputs) return 0;
  const std::int64_t index = group * p.group_stride + output;
  const A value = visit_dtype(p.dtype, [=, &p](auto stored) {
    using S = decltype(stored);
    return static_cast<A>(widened(static_cast<const S*>(p.bias)[index]));
  });
  return value == 0 ? A{0} : value;
}

template <class A>
__device__ void pack_bias(const BiasArguments& p) {
  const std::int64_t outputs = packed_outputs(p.outputs);
  for (std::int64_t group = blockIdx.y; group < p.groups; group += gridDim.y) {
    for (std::int64_t output = std::int64_t{blockIdx.x} * kBiasThreads + threadIdx.x; output < outputs;
         output += std::int64_t{gridDim.x} * kBiasThreads) {
      static_cast<A*>(p.packed)[group * outputs + output] = bias_at<A>(p, group, output);
    }
  }
}

extern "C" __global__ void pack_weight_8(const __grid_constant__ WeightArguments p) {
  transpose<std::uint64_t>(p);
}

extern "C" __global__ void pack_weight_4(const __grid_constant__ WeightArguments p) {
  transpose<std::uint32_t>(p);
}

extern "C" __global__ void pack_weight_2(const __grid_constant__ WeightArguments p) {
  transpose<std::uint16_t>(p);
}

extern "C" __global__ void pack_bias_f64(const __grid_constant__ BiasArguments p) { pack_bias<double>(p); }

extern "C" __global__ void pack_bias_f32(const __grid_constant__ BiasArguments p) { pack_bias<float>(p); }

}  // namespace perceptron::kernels::pack
