// What stands for src/cuda in a build without CUDA.
#include <fmt/format.h>

#include "perceptron/error.hpp"
#include "src/cuda/cuda_device.hpp"
#include "src/cuda/device_matrix.hpp"

namespace perceptron::cuda {

std::vector<DeviceInfo> cuda_devices() { return {}; }

std::string absence() { return "this library was built without CUDA (PERCEPTRON_CUDA=OFF)"; }

std::shared_ptr<staging::Accelerator> cuda_accelerator(int number) {
  throw DeviceMissing(fmt::format("device \"cuda:{}\": {}; use cpu, or auto", number, absence()));
}

std::unique_ptr<DeviceMatrix> device_matrix(const ConstMatrixView& /*view*/, const char* name) {
  throw DeviceMissing(fmt::format("{}: its place is device memory, but {}", name, absence()));
}

}  // namespace perceptron::cuda
