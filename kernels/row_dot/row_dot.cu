// The entries of row_dot: one per shape and storage type.
#include "kernels/row_dot/row_dot.cuh"

using namespace perceptron;
using namespace perceptron::kernels;
using namespace perceptron::kernels::row_dot;

extern "C" __global__ void __launch_bounds__(kThreads, k128x1.blocks_per_multiprocessor)
    row_dot_128x1_f64(const __grid_constant__ LinearArguments p) {
  compute_rows<double, k128x1>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k128x1.blocks_per_multiprocessor)
    row_dot_128x1_f32(const __grid_constant__ LinearArguments p) {
  compute_rows<float, k128x1>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k128x1.blocks_per_multiprocessor)
    row_dot_128x1_f16(const __grid_constant__ LinearArguments p) {
  compute_rows<Float16, k128x1>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k128x1.blocks_per_multiprocessor)
    row_dot_128x1_bf16(const __grid_constant__ LinearArguments p) {
  compute_rows<BFloat16, k128x1>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k128x4.blocks_per_multiprocessor)
    row_dot_128x4_f64(const __grid_constant__ LinearArguments p) {
  compute_rows<double, k128x4>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k128x4.blocks_per_multiprocessor)
    row_dot_128x4_f32(const __grid_constant__ LinearArguments p) {
  compute_rows<float, k128x4>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k128x4.blocks_per_multiprocessor)
    row_dot_128x4_f16(const __grid_constant__ LinearArguments p) {
  compute_rows<Float16, k128x4>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k128x4.blocks_per_multiprocessor)
    row_dot_128x4_bf16(const __grid_constant__ LinearArguments p) {
  compute_rows<BFloat16, k128x4>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k256x8.blocks_per_multiprocessor)
    row_dot_256x8_f64(const __grid_constant__ LinearArguments p) {
  compute_rows<double, k256x8>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k256x8.blocks_per_multiprocessor)
    row_dot_256x8_f32(const __grid_constant__ LinearArguments p) {
  compute_rows<float, k256x8>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k256x8.blocks_per_multiprocessor)
    row_dot_256x8_f16(const __grid_constant__ LinearArguments p) {
  compute_rows<Float16, k256x8>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k256x8.blocks_per_multiprocessor)
    row_dot_256x8_bf16(const __grid_constant__ LinearArguments p) {
  compute_rows<BFloat16, k256x8>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k256x16.blocks_per_multiprocessor)
    row_dot_256x16_f64(const __grid_constant__ LinearArguments p) {
  compute_rows<double, k256x16>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k256x16.blocks_per_multiprocessor)
    row_dot_256x16_f32(const __grid_constant__ LinearArguments p) {
  compute_rows<float, k256x16>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k256x16.blocks_per_multiprocessor)
    row_dot_256x16_f16(const __grid_constant__ LinearArguments p) {
  compute_rows<Float16, k256x16>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k256x16.blocks_per_multiprocessor)
    row_dot_256x16_bf16(const __grid_constant__ LinearArguments p) {
  compute_rows<BFloat16, k256x16>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k512x4.blocks_per_multiprocessor)
    row_dot_512x4_f64(const __grid_constant__ LinearArguments p) {
  compute_rows<double, k512x4>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k512x4.blocks_per_multiprocessor)
    row_dot_512x4_f32(const __grid_constant__ LinearArguments p) {
  compute_rows<float, k512x4>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k512x4.blocks_per_multiprocessor)
    row_dot_512x4_f16(const __grid_constant__ LinearArguments p) {
  compute_rows<Float16, k512x4>(p);
}

extern "C" __global__ void __launch_bounds__(kThreads, k512x4.blocks_per_multiprocessor)
    row_dot_512x4_bf16(const __grid_constant__ LinearArguments p) {
  compute_rows<BFloat16, k512x4>(p);
}
