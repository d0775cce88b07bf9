// The Device that executes the kernels' compiled PTX on the CPU, watched: for tests and for judging kernels,
// never for speed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "perceptron/options.hpp"
#include "src/engine/device.hpp"

namespace perceptron::ptx {

/// options.device is "ptx" or "ptx:FAMILY/POLICY", either with "@SEED": the policy is forced where it is
/// named, and the seed (0) fixes every choice of the machine. options.threads: blocks at once, 0: one per
/// core. Host matrices keep their strides and alignment in the machine's memory. Throws DeviceMissing where
/// the library was built without kernels or the name is none of ours; a layer that a forced policy refuses is
/// Unsupported.
std::unique_ptr<engine::Device> make_ptx_device(const Options& options);

/// One, or none where the library was built without kernels.
std::vector<DeviceInfo> ptx_devices();

}  // namespace perceptron::ptx
