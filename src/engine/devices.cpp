#include "src/engine/devices.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "perceptron/error.hpp"
#include "src/cpu/cpu_device.hpp"
#include "src/ptx/ptx_device.hpp"

namespace perceptron {

std::vector<DeviceInfo> devices() {
  std::vector<DeviceInfo> all = cpu::cpu_devices();
  for (const DeviceInfo& device : ptx::ptx_devices()) all.push_back(device);
  return all;
}

namespace engine {
namespace {

std::unique_ptr<Device> make_named_device(const Options& options) {
  const std::string& name = options.device;
  const int threads = options.threads;
  if (name == "auto") return cpu::make_cpu_device("cpu", threads);
  if (name.starts_with("ptx")) return ptx::make_ptx_device(options);
  std::vector<std::string> names;
  for (const DeviceInfo& device : devices()) names.push_back(device.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) return cpu::make_cpu_device(name, threads);
  throw DeviceMissing(fmt::format("device \"{}\": this machine has auto, {}", name, fmt::join(names, ", ")));
}

}  // namespace

std::unique_ptr<Device> make_device(const Options& options) {
  if (options.arithmetic == Arithmetic::tensor) {
    throw Unsupported("tensor arithmetic: no device of this build offers it; use reproducible");
  }
  if (options.threads < 0) {
    throw InvalidArgument(fmt::format("threads is {}, expected 0 (one per core) or more", options.threads));
  }
  std::unique_ptr<Device> device = make_named_device(options);
  if (options.log) {
    options.log(fmt::format("device {} chosen for \"{}\", {} threads", device->name(), options.device,
                            device->threads()));
  }
  return device;
}

}  // namespace engine
}  // namespace perceptron
