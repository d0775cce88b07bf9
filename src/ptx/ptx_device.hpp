// The Device that executes the kernels' compiled PTX on the CPU, watched: for tests and for judging kernels,
// never for speed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "perceptron/options.hpp"
#include "src/engine/device.hpp"

namespace perceptron::ptx {

/// "ptx", "ptx:FAMILY/POLICY", either with "@SEED": the policy is forced where it is named, and the seed (0)
/// fixes every choice of the machine. threads: blocks at once, 0: one per core. Throws DeviceError where the
/// library was built without kernels or the name is none of ours; a layer's problem that a forced policy
/// refuses is Unsupported.
std::unique_ptr<engine::Device> make_ptx_device(const std::string& name, int threads);

/// One, or none where the library was built without kernels.
std::vector<DeviceInfo> ptx_devices();

}  // namespace perceptron::ptx
