// The GPUs of this machine. Also there where the library was built without CUDA: then there are none, and the
// reason says so. No CUDA header is needed to read this.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "perceptron/options.hpp"
#include "src/staging/accelerator.hpp"

namespace perceptron::cuda {

class CudaAccelerator;

/// What a device's name asks for: "cuda", "cuda:N" or "cuda:N:POLICY".
struct DeviceName {
  int number = 0;
  std::string policy;  ///< "tile_fma/64x64", unread; empty: planning decides.
};

/// True for what parse_device_name() judges.
bool is_device_name(const std::string& name);
/// Throws InvalidArgument for a name that is malformed; whether there is such a device is not looked at.
DeviceName parse_device_name(const std::string& name);

/// Every GPU that the library can use, "cuda:0" first, described for people; empty where there is none. Never
/// throws.
std::vector<DeviceInfo> cuda_devices();

/// One line: why there is no GPU that the library can use. Empty where there is one.
std::string absence();

/// Throws DeviceMissing where there is no such device, with the reason, and Unsupported where its compute
/// capability is too low.
std::shared_ptr<staging::Accelerator> cuda_accelerator(int number);

/// The same object by its own type; not there in a build without CUDA.
std::shared_ptr<CudaAccelerator> accelerator_of(int number);

}  // namespace perceptron::cuda
