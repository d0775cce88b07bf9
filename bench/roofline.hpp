// What a machine can do at most, and what that leaves a problem: pure arithmetic over measured peaks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "perceptron/problem.hpp"

namespace perceptron::bench {

/// A cache or the memory: how fast bytes pass through it, on all the threads of the measurement together.
struct Level {
  std::string name;                ///< "L1", "memory".
  double capacity_bytes = 0;       ///< Of the threads together; infinite for memory.
  double read_bytes_per_ns = 0;    ///< One array read; never below the copy's.
  double copied_bytes_per_ns = 0;  ///< One array copied to another: bytes read and written both count.
};

/// Measured on `threads` threads with vectors of `lanes_f32`.
struct Peaks {
  int threads = 1;
  int lanes_f32 = 1;
  double flops_f32_per_ns = 0, flops_f64_per_ns = 0;  ///< A multiply-add is two.
  std::vector<Level> levels;                          ///< Nearest first; memory last.

  double flops_per_ns(DType dtype) const {
    return accumulator_of(dtype) == DType::f64 ? flops_f64_per_ns : flops_f32_per_ns;
  }
  /// The nearest that holds so many bytes.
  const Level& level_of(double bytes) const;
};

/// Bytes that one call moves, each operand once.
struct Traffic {
  double read = 0, written = 0;

  double bytes() const { return read + written; }
};

/// Of x and y.
Traffic traffic_of(const Problem& problem);

/// The least time in which the machine could do it.
struct Limit {
  double compute_ns = 0, memory_ns = 0;
  std::string limiter;  ///< "f32 multiply-adds", "L2", "memory".

  double nanoseconds() const { return compute_ns > memory_ns ? compute_ns : memory_ns; }
  bool is_compute_bound() const { return compute_ns > memory_ns; }
};

/// Raises each figure to the other's where that is higher: peaks of the same threads, measured twice.
Peaks better_of(Peaks peaks, const Peaks& others);

/// What is read and written in pairs goes at the copy's rate, the rest of the reads at the read's.
double memory_nanoseconds(const Traffic& traffic, const Level& level);

/// Of one call.
struct Work {
  double flops = 0;
  DType dtype = DType::f32;
  double weight_bytes = 0;  ///< Of W and b, read.
  Traffic traffic;          ///< Of x and y.

  double bytes() const { return weight_bytes + traffic.bytes(); }
};

Work work_of(const Problem& problem);

/// Where the operands lie when a call begins.
struct Placement {
  std::int64_t sets = 1;  ///< Of x and y, in turn.
  double call_bytes = 0;  ///< Of one set and the weights, which each call touches again.
  double bytes = 0;       ///< Of all sets and the weights.
};

/// The weights come from the level that holds what one call touches, x and y from the one that holds all
/// sets.
Limit limit_of(const Work& work, const Peaks& peaks, const Placement& placement);

}  // namespace perceptron::bench
