#include "src/engine/devices.hpp"

#include <fmt/format.h>

#include "perceptron/error.hpp"
#include "src/cpu/cpu_device.hpp"

namespace perceptron {

std::vector<DeviceInfo> devices() { return cpu::cpu_devices(); }

namespace engine {

std::unique_ptr<Device> make_device(const Options& options) {
  if (options.arithmetic == Arithmetic::tensor) {
    throw Unsupported("tensor arithmetic: no device of this build offers it; use reproducible");
  }
  if (options.threads < 0) {
    throw InvalidArgument(fmt::format("threads is {}, expected 0 (one per core) or more", options.threads));
  }
  std::unique_ptr<Device> device =
      cpu::make_cpu_device(options.device == "auto" ? "cpu" : options.device, options.threads);
  if (options.log) {
    options.log(fmt::format("device {} chosen for \"{}\", {} threads", device->name(), options.device,
                            device->threads()));
  }
  return device;
}

}  // namespace engine
}  // namespace perceptron
