// The entries of tile_fma: one per policy and storage type.
#include "kernels/tile_fma/tile_fma.cuh"

using namespace perceptron;
using namespace perceptron::kernels;
using namespace perceptron::kernels::tile_fma;

extern "C" __global__ void __launch_bounds__(k128x128.threads(), k128x128.blocks_per_multiprocessor)
    tile_fma_128x128_f32(const __grid_constant__ LinearArguments p) {
  compute_tiles<float, k128x128>(p);
}

extern "C" __global__ void __launch_bounds__(k128x128.threads(), k128x128.blocks_per_multiprocessor)
    tile_fma_128x128_f16(const __grid_constant__ LinearArguments p) {
  compute_tiles<Float16, k128x128>(p);
}

extern "C" __global__ void __launch_bounds__(k128x128.threads(), k128x128.blocks_per_multiprocessor)
    tile_fma_128x128_bf16(const __grid_constant__ LinearArguments p) {
  compute_tiles<BFloat16, k128x128>(p);
}

extern "C" __global__ void __launch_bounds__(k128x64.threads(), k128x64.blocks_per_multiprocessor)
    tile_fma_128x64_f64(const __grid_constant__ LinearArguments p) {
  compute_tiles<double, k128x64>(p);
}

extern "C" __global__ void __launch_bounds__(k64x64.threads(), k64x64.blocks_per_multiprocessor)
    tile_fma_64x64_f64(const __grid_constant__ LinearArguments p) {
  compute_tiles<double, k64x64>(p);
}

extern "C" __global__ void __launch_bounds__(k64x64.threads(), k64x64.blocks_per_multiprocessor)
    tile_fma_64x64_f32(const __grid_constant__ LinearArguments p) {
  compute_tiles<float, k64x64>(p);
}

extern "C" __global__ void __launch_bounds__(k64x64.threads(), k64x64.blocks_per_multiprocessor)
    tile_fma_64x64_f16(const __grid_constant__ LinearArguments p) {
  compute_tiles<Float16, k64x64>(p);
}

extern "C" __global__ void __launch_bounds__(k64x64.threads(), k64x64.blocks_per_multiprocessor)
    tile_fma_64x64_bf16(const __grid_constant__ LinearArguments p) {
  compute_tiles<BFloat16, k64x64>(p);
}

extern "C" __global__ void __launch_bounds__(k32x32.threads(), k32x32.blocks_per_multiprocessor)
    tile_fma_32x32_f64(const __grid_constant__ LinearArguments p) {
  compute_tiles<double, k32x32>(p);
}

extern "C" __global__ void __launch_bounds__(k32x32.threads(), k32x32.blocks_per_multiprocessor)
    tile_fma_32x32_f32(const __grid_constant__ LinearArguments p) {
  compute_tiles<float, k32x32>(p);
}

extern "C" __global__ void __launch_bounds__(k32x32.threads(), k32x32.blocks_per_multiprocessor)
    tile_fma_32x32_f16(const __grid_constant__ LinearArguments p) {
  compute_tiles<Float16, k32x32>(p);
}

extern "C" __global__ void __launch_bounds__(k32x32.threads(), k32x32.blocks_per_multiprocessor)
    tile_fma_32x32_bf16(const __grid_constant__ LinearArguments p) {
  compute_tiles<BFloat16, k32x32>(p);
}
