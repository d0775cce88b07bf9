#include "src/cuda/probe.hpp"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include "src/cuda/check.hpp"

namespace perceptron::cuda {
namespace {

struct RatesRow {
  std::int64_t compute_capability;
  FmaRates rates;
};

/// "CUDA C++ Programming Guide" 13.0, "Throughput of Native Arithmetic Instructions": add, multiply and
/// multiply-add of 32 and 64 bits. 10.3 is derived: the 1.3 TFLOPS of FP64 that NVIDIA states for B300 are 2
/// per multiprocessor and clock.
constexpr RatesRow kRates[] = {
    {80, {64, 32}},   {86, {128, 2}},  {89, {128, 2}},  {90, {128, 64}},
    {100, {128, 64}}, {103, {128, 2}}, {120, {128, 2}},
};

/// For estimates alone, where the driver keeps a clock to itself: CUDA then says 0.
constexpr double kUnknownClockHz = 1e9;
double clock_hz(cudaDeviceAttr name, int device_number) {
  const int kilohertz = attribute(name, device_number);
  return kilohertz > 0 ? 1e3 * kilohertz : kUnknownClockHz;
}

}  // namespace

FmaRates fma_per_clock(std::int64_t compute_capability) {
  FmaRates rates = kRates[0].rates;
  for (const RatesRow& row : kRates) {
    if (row.compute_capability <= compute_capability) rates = row.rates;
  }
  return rates;
}

double memory_bytes_per_second(double clock_hz, std::int64_t bus_bits) {
  return 2 * clock_hz * static_cast<double>(bus_bits) / 8;
}

int attribute(cudaDeviceAttr name, int device_number) {
  int value = 0;
  const cudaError_t result = cudaDeviceGetAttribute(&value, name, device_number);
  if (result != cudaSuccess) {
    check(result, fmt::format("asking cuda:{} for attribute {}", device_number, static_cast<int>(name)));
  }
  return value;
}

DeviceTraits probe(int device_number) {
  const auto ask = [device_number](cudaDeviceAttr name) { return attribute(name, device_number); };
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, device_number), fmt::format("probing cuda:{}", device_number));
  DeviceTraits traits;
  traits.name = properties.name;
  traits.memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem);
  traits.compute_capability =
      10 * ask(cudaDevAttrComputeCapabilityMajor) + ask(cudaDevAttrComputeCapabilityMinor);
  traits.multiprocessors = ask(cudaDevAttrMultiProcessorCount);
  traits.clock_hz = clock_hz(cudaDevAttrClockRate, device_number);
  const FmaRates rates = fma_per_clock(traits.compute_capability);
  traits.f32_fma_per_clock = rates.f32;
  traits.f64_fma_per_clock = rates.f64;
  traits.memory_bytes_per_second = memory_bytes_per_second(
      clock_hz(cudaDevAttrMemoryClockRate, device_number), ask(cudaDevAttrGlobalMemoryBusWidth));
  traits.l2_bytes = ask(cudaDevAttrL2CacheSize);
  traits.shared_bytes_per_multiprocessor = ask(cudaDevAttrMaxSharedMemoryPerMultiprocessor);
  traits.shared_bytes_per_block = ask(cudaDevAttrMaxSharedMemoryPerBlockOptin);
  traits.registers_per_multiprocessor = ask(cudaDevAttrMaxRegistersPerMultiprocessor);
  traits.threads_per_multiprocessor = ask(cudaDevAttrMaxThreadsPerMultiProcessor);
  traits.blocks_per_multiprocessor = ask(cudaDevAttrMaxBlocksPerMultiprocessor);
  return traits;
}

}  // namespace perceptron::cuda
