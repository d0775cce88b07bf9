// Names to devices: the one list that a new device is added to.
#pragma once

#include <memory>

#include "perceptron/options.hpp"
#include "src/engine/device.hpp"

namespace perceptron::engine {

/// The device that the options name; throws DeviceError or Unsupported with what this build and machine have.
std::unique_ptr<Device> make_device(const Options& options);

}  // namespace perceptron::engine
