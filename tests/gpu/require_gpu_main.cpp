// main() of tests that need a GPU from their first line on: where there is none they end with exit code 77,
// "skipped", or fail where the environment says PERCEPTRON_REQUIRE_GPU=1.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/gpu/require_gpu.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const std::string reason = perceptron::cuda::absence();
  if (reason.empty()) return RUN_ALL_TESTS();
  std::fprintf(stderr, "no GPU: %s\n", reason.c_str());
  return perceptron::test::is_gpu_required() ? 1 : 77;
}
