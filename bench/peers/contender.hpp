// What is timed: one problem on fixed buffers, prepared by one library in one way. The engine and every peer
// implement it; peers.hpp lists the peers.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "perceptron/problem.hpp"

namespace perceptron::bench {

/// A problem of one group with bias, f32, with its buffers, all aligned to 64 bytes. Everybody reads the same
/// x and writes the same y.
struct Task {
  Problem problem;
  int threads = 1;
  const float* weight = nullptr;  ///< outputs × inputs.
  const float* bias = nullptr;    ///< outputs.
  const float* x = nullptr;       ///< rows × inputs.
  float* y = nullptr;             ///< rows × outputs.
};

/// Construction prepares whatever may be prepared (packing, code generation, scratch memory).
class Contender {
 public:
  virtual ~Contender() = default;
  virtual std::string name() const = 0;
  /// Which of the library's own calls this is, "" where there is only one.
  virtual std::string way() const { return {}; }
  /// y = f(x·Wᵀ + b), complete in y on return.
  virtual void run() = 0;
};

using Contenders = std::vector<std::unique_ptr<Contender>>;

}  // namespace perceptron::bench
