// Tests that need a GPU: skipped with the reason where there is none, failed with it where the environment
// says PERCEPTRON_REQUIRE_GPU=1.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "src/cuda/cuda_device.hpp"

namespace perceptron::test {

inline bool is_gpu_required() {
  const char* value = std::getenv("PERCEPTRON_REQUIRE_GPU");
  return value != nullptr && std::string_view(value) == "1";
}

/// The base of such tests; they run on cuda:0.
class GpuTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string reason = cuda::absence();
    if (reason.empty()) return;
    if (is_gpu_required()) FAIL() << "PERCEPTRON_REQUIRE_GPU=1, but " << reason;
    GTEST_SKIP() << "no GPU: " << reason;
  }
};

}  // namespace perceptron::test
