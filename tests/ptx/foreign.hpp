// The argument struct of the kernels in foreign.cu.
#pragma once

#include <cstdint>

namespace perceptron::foreign {

struct Arguments {
  const std::int32_t* keys = nullptr;
  const std::int64_t* values = nullptr;
  std::int32_t* sorted_keys = nullptr;
  std::int64_t* sums = nullptr;
  std::int32_t count = 0;
};

inline constexpr int kThreads = 128, kItems = 5;  ///< Items per thread, in blocked order.

}  // namespace perceptron::foreign
