#include <fmt/format.h>

#include "tests/conformance/kernel_device.hpp"

namespace perceptron::test {

std::string kernel_device(const kernels::Candidate* policy, std::uint64_t) {
  if (policy == nullptr) return "cuda:0";
  return fmt::format("cuda:0:{}/{}", policy->family, policy->policy);
}

void KernelConformance::SetUp() {}  // require_gpu_main.cpp has looked.

}  // namespace perceptron::test
