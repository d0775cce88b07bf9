// The loops that show what a core can do at most: multiply-adds that touch registers alone, and reads of one
// array. Compiled once per instruction set, as the library's kernels are.
#pragma once

#include <cstddef>

namespace perceptron::bench {

struct PeakLoops {
  int lanes_f32 = 1;  ///< Of one vector.
  /// Each does `turns` turns of independent vector multiply-adds and returns how many elements were
  /// multiplied.
  double (*multiply_add_f32)(std::size_t turns) = nullptr;
  double (*multiply_add_f64)(std::size_t turns) = nullptr;
  /// Reads `bytes` bytes once, a multiple of 1024; the result depends on each.
  std::size_t (*read)(const void* from, std::size_t bytes) = nullptr;
};

namespace avx512 {
PeakLoops peak_loops();
}
namespace avx2 {
PeakLoops peak_loops();
}
namespace baseline {
PeakLoops peak_loops();
}

}  // namespace perceptron::bench
