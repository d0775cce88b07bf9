// The entries of weight_stream: one per policy and storage type.
#include "kernels/weight_stream/weight_stream.cuh"

using namespace perceptron;
using namespace perceptron::kernels;
using namespace perceptron::kernels::weight_stream;

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows1.blocks_per_multiprocessor)
    weight_stream_1_f64(const __grid_constant__ LinearArguments p) {
  compute_tiles<double, kRows1>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows1.blocks_per_multiprocessor)
    weight_stream_1_f32(const __grid_constant__ LinearArguments p) {
  compute_tiles<float, kRows1>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows1.blocks_per_multiprocessor)
    weight_stream_1_f16(const __grid_constant__ LinearArguments p) {
  compute_tiles<Float16, kRows1>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows1.blocks_per_multiprocessor)
    weight_stream_1_bf16(const __grid_constant__ LinearArguments p) {
  compute_tiles<BFloat16, kRows1>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows4.blocks_per_multiprocessor)
    weight_stream_4_f64(const __grid_constant__ LinearArguments p) {
  compute_tiles<double, kRows4>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows4.blocks_per_multiprocessor)
    weight_stream_4_f32(const __grid_constant__ LinearArguments p) {
  compute_tiles<float, kRows4>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows4.blocks_per_multiprocessor)
    weight_stream_4_f16(const __grid_constant__ LinearArguments p) {
  compute_tiles<Float16, kRows4>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows4.blocks_per_multiprocessor)
    weight_stream_4_bf16(const __grid_constant__ LinearArguments p) {
  compute_tiles<BFloat16, kRows4>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows8.blocks_per_multiprocessor)
    weight_stream_8_f64(const __grid_constant__ LinearArguments p) {
  compute_tiles<double, kRows8>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows8.blocks_per_multiprocessor)
    weight_stream_8_f32(const __grid_constant__ LinearArguments p) {
  compute_tiles<float, kRows8>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows8.blocks_per_multiprocessor)
    weight_stream_8_f16(const __grid_constant__ LinearArguments p) {
  compute_tiles<Float16, kRows8>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows8.blocks_per_multiprocessor)
    weight_stream_8_bf16(const __grid_constant__ LinearArguments p) {
  compute_tiles<BFloat16, kRows8>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows16.blocks_per_multiprocessor)
    weight_stream_16_f64(const __grid_constant__ LinearArguments p) {
  compute_tiles<double, kRows16>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows16.blocks_per_multiprocessor)
    weight_stream_16_f32(const __grid_constant__ LinearArguments p) {
  compute_tiles<float, kRows16>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows16.blocks_per_multiprocessor)
    weight_stream_16_f16(const __grid_constant__ LinearArguments p) {
  compute_tiles<Float16, kRows16>(p);
}

extern "C" __global__ void __launch_bounds__(kMostThreads, kRows16.blocks_per_multiprocessor)
    weight_stream_16_bf16(const __grid_constant__ LinearArguments p) {
  compute_tiles<BFloat16, kRows16>(p);
}
