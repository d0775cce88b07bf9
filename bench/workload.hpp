// The data of one problem: random operands, room for y, and the check that a contender computes the same
// thing.
#pragma once

#include <cstddef>
#include <vector>

#include "bench/peers/contender.hpp"
#include "perceptron/matrix.hpp"

namespace perceptron::bench {

/// Largest |difference| from our result that is accepted, in units of A = Σ|x||w| + |b| of the element.
inline constexpr double kAgreement = 1e-3;

class Workload {
 public:
  /// x, W and b uniform in [−1, 1], the same for the same problem. Throws InvalidArgument where the problem
  /// is not one group of f32 with bias and an element-wise activation, or has no rows.
  Workload(const Problem& problem, int threads);

  const Task& task() const { return task_; }
  /// Bytes of x and y.
  std::size_t moved_bytes() const { return x_.size_bytes() + y_.size_bytes(); }

  /// Runs it and keeps its y as what others are compared with.
  void set_expected(Contender& contender);
  /// Runs it on a y of NaN; throws std::runtime_error, naming the element, where it is further from the
  /// expected than kAgreement allows.
  void verify(Contender& contender);

 private:
  std::vector<float> magnitudes() const;

  Matrix x_, weight_, bias_, y_;
  Task task_;
  std::vector<float> expected_;
  std::vector<float> magnitude_;  ///< A, made when first needed.
};

}  // namespace perceptron::bench
