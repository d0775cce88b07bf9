// The Device on a GPU.
#pragma once

#include <memory>

#include "perceptron/options.hpp"
#include "src/engine/device.hpp"

namespace perceptron::cuda {

/// options.device is "cuda" (the first one), "cuda:N", or "cuda:N:FAMILY/POLICY", which forces the policy and
/// lays host matrices in device memory as they lie, for tests. Throws InvalidArgument for a malformed name,
/// DeviceMissing and Unsupported as cuda_accelerator().
std::unique_ptr<engine::Device> make_cuda_device(const Options& options);

}  // namespace perceptron::cuda
