// What is timed: one problem on fixed buffers, prepared by one library in one way. The engine and every peer
// implement it; peers.hpp finds the peers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "perceptron/problem.hpp"

namespace perceptron::bench {

/// One call's x, rows × inputs of the problem's dtype, and y, rows × outputs of its output dtype; each group
/// behind the one before, the first aligned to 64 bytes.
struct Operands {
  const void* x = nullptr;
  void* y = nullptr;
};

/// A problem with its buffers. Everybody reads the same x and writes the same y.
struct Task {
  Problem problem;
  int threads = 1;
  const void* weight = nullptr;    ///< outputs × inputs of each group.
  const void* bias = nullptr;      ///< outputs of each group; zeros, for peers, where the problem has none.
  std::span<const Operands> sets;  ///< At least one; calls go through them in turn.

  // Of a group. T: the element type of the problem's dtype, of y that of its output dtype.
  template <class T>
  const T* weight_of(std::int64_t group) const {
    return static_cast<const T*>(weight) + group * problem.outputs * problem.inputs;
  }
  template <class T>
  const T* bias_of(std::int64_t group) const {
    return static_cast<const T*>(bias) + group * problem.outputs;
  }
  template <class T>
  const T* x_of(std::size_t set, std::int64_t group) const {
    return static_cast<const T*>(sets[set].x) +
           (problem.shared_x ? 0 : group * problem.rows * problem.inputs);
  }
  template <class T>
  T* y_of(std::size_t set, std::int64_t group) const {
    return static_cast<T*>(sets[set].y) + group * problem.rows * problem.outputs;
  }
};

/// f32 throughout, or f64.
inline bool has_one_float_dtype(const Problem& problem) {
  return problem.dtype == problem.output_dtype &&
         (problem.dtype == DType::f32 || problem.dtype == DType::f64);
}

/// Construction prepares whatever may be prepared (packing, code generation, scratch memory).
class Contender {
 public:
  virtual ~Contender() = default;
  virtual std::string name() const = 0;
  /// Which of the library's own calls this is, "" where there is only one.
  virtual std::string way() const { return {}; }
  /// y = f(x·Wᵀ + b) of that set, complete in its y on return.
  virtual void run(std::size_t set) = 0;
};

using Contenders = std::vector<std::unique_ptr<Contender>>;

}  // namespace perceptron::bench
