// What an Engine decided, as a value that can be printed and compared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "perceptron/export.hpp"
#include "perceptron/problem.hpp"

namespace perceptron {

/// One layer of a plan: which kernel and why.
struct LayerPlan {
  Problem problem;
  std::string kernel;  ///< "cpu:avx2/tile", "cuda:0/tile_fma_64x64_f32".
  std::string reason;
};

/// How a call of `rows` rows is carried out.
struct Plan {
  std::string device;
  int threads = 1;
  std::int64_t chunk_rows = 0;  ///< Rows that pass through all layers together.
  std::size_t scratch_bytes = 0;
  std::vector<LayerPlan> layers;
};

/// One line per fact, for people.
PERCEPTRON_API std::string to_string(const Plan& plan);

}  // namespace perceptron
