#include "src/engine/devices.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "perceptron/error.hpp"
#include "src/cpu/cpu_device.hpp"
#include "src/cuda/cuda_device.hpp"
#include "src/cuda/make_cuda_device.hpp"
#include "src/engine/checks.hpp"
#include "src/ptx/ptx_device.hpp"

namespace perceptron {

std::vector<DeviceInfo> devices() {
  std::vector<DeviceInfo> all = cuda::cuda_devices();
  const bool has_gpu = !all.empty();
  for (DeviceInfo& device : cpu::cpu_devices()) {
    device.is_default = device.is_default && !has_gpu;
    all.push_back(std::move(device));
  }
  for (DeviceInfo& device : ptx::ptx_devices()) all.push_back(std::move(device));
  return all;
}

std::string gpu_absence() { return cuda::absence(); }

namespace engine {
namespace {

std::unique_ptr<Device> make_named_device(const Options& options) {
  const std::string& name = options.device;
  if (cuda::is_device_name(name)) return cuda::make_cuda_device(options);
  if (name.starts_with("ptx")) return ptx::make_ptx_device(options);
  std::vector<std::string> names;
  for (const DeviceInfo& device : devices()) names.push_back(device.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return cpu::make_cpu_device(name, options.threads);
  }
  throw DeviceMissing(fmt::format("device \"{}\": this machine has auto, {}", name, fmt::join(names, ", ")));
}

/// A GPU where there is one, else the CPU.
std::unique_ptr<Device> make_default_device(Options options) {
  const std::vector<DeviceInfo> gpus = cuda::cuda_devices();
  options.device = gpus.empty() ? "cpu" : gpus.front().name;
  return make_named_device(options);
}

std::string choice_text(const Device& device, const std::string& asked) {
  std::string text =
      fmt::format("device {} chosen for \"{}\", {} threads", device.name(), asked, device.threads());
  if (asked == "auto" && !gpu_absence().empty()) text += fmt::format("; no GPU: {}", gpu_absence());
  return text;
}

}  // namespace

std::unique_ptr<Device> make_device(const Options& options) {
  if (options.arithmetic == Arithmetic::tensor) {
    throw Unsupported("tensor arithmetic: no device of this build offers it; use reproducible");
  }
  check_threads(options.threads);
  std::unique_ptr<Device> device =
      options.device == "auto" ? make_default_device(options) : make_named_device(options);
  if (options.log) options.log(choice_text(*device, options.device));
  return device;
}

}  // namespace engine
}  // namespace perceptron
