#include "bench/gpu/gpu.hpp"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <array>

#include "bench/gpu/cuda_objects.hpp"
#include "bench/gpu/nvml.hpp"
#include "src/cuda/cuda_device.hpp"
#include "src/cuda/probe.hpp"

namespace perceptron::bench::gpu {
namespace {

/// CUDA writes 13.1 as 13010.
std::string cuda_version(int number) { return fmt::format("{}.{}", number / 1000, number % 1000 / 10); }

void ask_runtime(Gpu& gpu) {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, gpu.number), "asking for a device's properties");
  gpu.name = properties.name;
  gpu.compute_capability = 10 * properties.major + properties.minor;
  gpu.multiprocessors = properties.multiProcessorCount;
  gpu.memory_bytes = properties.totalGlobalMem;
  gpu.l2_bytes = static_cast<std::size_t>(properties.l2CacheSize);
  gpu.most_clock_mhz = cuda::attribute(cudaDevAttrClockRate, gpu.number) / 1e3;
  gpu.memory_clock_mhz = cuda::attribute(cudaDevAttrMemoryClockRate, gpu.number) / 1e3;
  std::array<char, 32> bus_id{};
  check(cudaDeviceGetPCIBusId(bus_id.data(), static_cast<int>(bus_id.size()), gpu.number),
        "asking for a device's bus number");
  gpu.bus_id = bus_id.data();
  int driver = 0, runtime = 0;
  check(cudaDriverGetVersion(&driver), "asking for the driver's version");
  check(cudaRuntimeGetVersion(&runtime), "asking for the runtime's version");
  gpu.driver = "CUDA " + cuda_version(driver);
  gpu.runtime = cuda_version(runtime);
  gpu.toolkit = cuda_version(CUDART_VERSION);
}

}  // namespace

Gpu open_gpu(const std::string& device) {
  Gpu gpu;
  gpu.device = device;
  gpu.number = cuda::parse_device_name(device).number;
  cuda::accelerator_of(gpu.number);  // Throws where there is none, and says why.
  check(cudaSetDevice(gpu.number), "making a device the current one");
  ask_runtime(gpu);
  const Nvml nvml(gpu.bus_id);
  if (const std::string driver = nvml.driver(); !driver.empty()) gpu.driver = driver;
  gpu.power_limit_watts = nvml.power_limit_watts();
  gpu.temperature_celsius = nvml.temperature_celsius();
  return gpu;
}

}  // namespace perceptron::bench::gpu
