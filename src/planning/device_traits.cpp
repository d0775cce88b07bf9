// The GPUs that planning knows, with the document behind each figure.
#include "perceptron/device_traits.hpp"

namespace perceptron {
namespace {

/// What devices of compute capability 8.0 and 9.0 share: CUDA C++ Programming Guide 13.0, "Technical
/// Specifications per Compute Capability".
DeviceTraits common() {
  DeviceTraits traits;
  traits.registers_per_multiprocessor = 65536;
  traits.threads_per_multiprocessor = 2048;
  traits.blocks_per_multiprocessor = 32;
  return traits;
}

DeviceTraits a100() {
  DeviceTraits traits = common();
  traits.name = "a100";
  traits.compute_capability = 80;
  // "NVIDIA A100 Tensor Core GPU Architecture", V1.0, table 4: multiprocessors, boost clock, L2; 64 FP32 and
  // 32 FP64 cores per multiprocessor.
  traits.multiprocessors = 108;
  traits.clock_hz = 1.410e9;
  traits.l2_bytes = std::int64_t{40} << 20;
  traits.f32_fma_per_clock = 64;
  traits.f64_fma_per_clock = 32;
  // "NVIDIA A100 Tensor Core GPU" datasheet, A100 80GB SXM.
  traits.memory_bytes = 80'000'000'000;
  traits.memory_bytes_per_second = 2.039e12;
  // CUDA C++ Programming Guide 13.0, compute capability 8.0: 164 KiB, of which a block may have 163.
  traits.shared_bytes_per_multiprocessor = 164 << 10;
  traits.shared_bytes_per_block = 163 << 10;
  return traits;
}

DeviceTraits h100() {
  DeviceTraits traits = common();
  traits.name = "h100";
  traits.compute_capability = 90;
  // "NVIDIA H100 Tensor Core GPU Architecture", H100 SXM5: multiprocessors, L2; 128 FP32 and 64 FP64 cores
  // per multiprocessor.
  traits.multiprocessors = 132;
  traits.l2_bytes = std::int64_t{50} << 20;
  traits.f32_fma_per_clock = 128;
  traits.f64_fma_per_clock = 64;
  // "NVIDIA H100 Tensor Core GPU" datasheet, H100 SXM: memory; 67 TFLOPS of FP32 are 132 · 128 · 2 at 1.98
  // GHz.
  traits.clock_hz = 1.980e9;
  traits.memory_bytes = 80'000'000'000;
  traits.memory_bytes_per_second = 3.35e12;
  // CUDA C++ Programming Guide 13.0, compute capability 9.0: 228 KiB, of which a block may have 227.
  traits.shared_bytes_per_multiprocessor = 228 << 10;
  traits.shared_bytes_per_block = 227 << 10;
  return traits;
}

DeviceTraits h200() {
  DeviceTraits traits = h100();
  traits.name = "h200";
  // "NVIDIA H200 Tensor Core GPU" datasheet, H200 SXM: memory; the same 67 TFLOPS of FP32 and 34 of FP64 as
  // H100.
  traits.memory_bytes = 141'000'000'000;
  traits.memory_bytes_per_second = 4.8e12;
  return traits;
}

}  // namespace

const std::vector<DeviceTraits>& known_device_traits() {
  static const std::vector<DeviceTraits> kKnown{h200(), h100(), a100()};
  return kKnown;
}

}  // namespace perceptron
