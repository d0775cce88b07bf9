// The data of one problem: random operands, room for y, and the check that a contender computes the same
// thing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/peers/contender.hpp"
#include "perceptron/matrix.hpp"

namespace perceptron::bench {

/// Largest |difference| from our result that is accepted, in units of A = Σ|x||w| + |b| of the element.
inline constexpr double kAgreement = 1e-3;
/// Of y in 16 bits, whose rounding alone may be 1/256 of it where two sums fall on either side.
inline constexpr double kAgreement16 = 1e-2;

struct WorkloadOptions {
  int threads = 1;
  std::uint64_t seed = 1;
  std::int64_t sets = 1;  ///< Copies of x, each with a y of its own, through which calls go in turn.
};

class Workload {
 public:
  /// x, W and b uniform in [−1, 1], the same for the same problem and seed. rows is at least 1.
  Workload(const Problem& problem, const WorkloadOptions& options);

  const Task& task() const { return task_; }
  /// Bytes of one set's x and y.
  std::size_t moved_bytes() const;

  /// Runs it and keeps its y as what others are compared with.
  void set_expected(Contender& contender);
  /// Of problems that peers serve. Runs it on a y of NaN; throws std::runtime_error, naming the element,
  /// where it is further from the expected than kAgreement allows.
  void verify(Contender& contender);

 private:
  template <class T, class S>
  std::vector<double> magnitudes() const;
  std::vector<double> results() const;  ///< y of the first set.

  Matrix weight_, bias_;
  std::vector<Matrix> x_, y_;
  std::vector<Operands> sets_;
  Task task_;
  std::vector<double> expected_;
  std::vector<double> magnitude_;  ///< A, made when first needed.
};

}  // namespace perceptron::bench
