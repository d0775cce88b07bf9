// One policy of one kernel family, as planning, devices and tests see it: a name, what it refuses, how it is
// launched. CUDA-free. kernels/families.hpp lists all of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kernels/launch.hpp"
#include "kernels/linear.hpp"
#include "perceptron/problem.hpp"

namespace perceptron::kernels {

struct Candidate {
  std::string_view family;  ///< "tile_fma"
  std::string_view policy;  ///< "128x128"
  /// "tile_fma_128x128_f32"; static storage.
  std::string_view (*entry)(DType storage);
  /// Why this policy cannot compute the problem: what it needs and what was found; nothing where it can.
  std::optional<std::string> (*refusal)(const Problem&);
  /// For a problem that is not refused.
  Launch (*launch)(const LinearArguments&, DType storage);
  int tile_rows = 0;     ///< Rows of y that one block computes at a time.
  int tile_outputs = 0;  ///< Outputs of y that one block computes at a time.
};

}  // namespace perceptron::kernels
