// One problem's data on the device, random and the same for every contender, and the check that contenders
// agree.
#pragma once

#include <cstdint>
#include <string>

#include "bench/gpu/timing.hpp"
#include "perceptron/model.hpp"
#include "perceptron/problem.hpp"

namespace perceptron::bench::gpu {

/// What is timed: one problem on fixed device memory, prepared by one library in one way.
struct Contender {
  std::string name;
  std::string way;       ///< Which of the library's own calls, and which kernel.
  std::string includes;  ///< What is inside its time.
  Work enqueue;
};

class Workload {
 public:
  /// Everything uniform in [−1, 1), made on the device. Throws DeviceError without memory.
  Workload(const Problem& problem, const EventTimer& timer);

  const Problem& problem() const { return problem_; }
  const Gpu& gpu() const { return timer_.gpu(); }
  ConstMatrixView x() const;
  void* x_memory() { return x_.get(); }
  MatrixView y() const { return output(y_.get()); }
  /// groups × outputs × inputs, as a peer reads it.
  const void* weight() const { return weight_.get(); }
  /// groups × outputs of the problem's dtype; null where it has none.
  const void* bias() const { return bias_.get(); }
  /// The same of the accumulator type.
  const void* wide_bias() const { return wide_bias_.get(); }

  /// Copies the weights to the host.
  Model model() const;

  /// Runs it on a y of NaN and keeps its y as what others are compared with.
  void set_expected(const Contender& contender);
  /// Runs it on a y of NaN; how many elements differ from the expected by more than two orders of the sum
  /// may.
  std::int64_t count_wrong(const Contender& contender) const;

 private:
  DeviceMemory random(std::int64_t elements) const;
  MatrixView output(void* data) const;
  void run_on_nan(const Contender& contender) const;

  Problem problem_;
  const EventTimer& timer_;
  DeviceMemory x_, weight_, bias_, wide_bias_, y_, expected_;
};

/// Session::enqueue on the workload's memory, on the device that its GPU was asked for by.
Options engine_options(const Workload& workload);
Contender engine_contender(const Workload& workload);

}  // namespace perceptron::bench::gpu
