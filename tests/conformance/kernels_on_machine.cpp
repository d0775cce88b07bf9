#include <fmt/format.h>

#include "kernels/images.hpp"
#include "tests/conformance/kernel_device.hpp"

namespace perceptron::test {

std::string kernel_device(const kernels::Candidate* policy, std::uint64_t seed) {
  if (policy == nullptr) return fmt::format("ptx@{}", seed);
  return fmt::format("ptx:{}/{}@{}", policy->family, policy->policy, seed);
}

void KernelConformance::SetUp() {
  if (kernels::images().empty()) GTEST_SKIP() << "built without CUDA kernels";
}

}  // namespace perceptron::test
