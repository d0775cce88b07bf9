// The Device without a GPU: SIMD kernels in the contract's order, so its bits are the reference's.
#pragma once

#include <memory>
#include <string>

#include "perceptron/options.hpp"
#include "src/engine/device.hpp"

namespace perceptron::cpu {

/// "cpu" is the best target of this machine, "cpu:NAME" that one; throws DeviceError with the list of names
/// where the machine lacks it. threads = 0: one per core.
std::unique_ptr<engine::Device> make_cpu_device(const std::string& name, int threads);

/// The CPU and each of its targets.
std::vector<DeviceInfo> cpu_devices();

}  // namespace perceptron::cpu
