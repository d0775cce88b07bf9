// The one argument struct of the kernels in calls.cu, whose launches call_test.cpp describes.
#pragma once

#include <cstdint>

namespace perceptron::calls {

/// One value per thread.
struct Arguments {
  const float* x = nullptr;
  float* y = nullptr;
  std::int32_t limit = 0;
};

inline constexpr int kThreads = 64, kValues = 4;

}  // namespace perceptron::calls
