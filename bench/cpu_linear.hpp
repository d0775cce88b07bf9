// One layer on the CPU: which problems are compared, and the bars that the comparison is held against.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "bench/comparison.hpp"

namespace perceptron::bench {

struct CpuProblem {
  std::string_view shape;
  double least_ratio = 0.95;    ///< Best peer's time ÷ ours.
  double most_nanoseconds = 0;  ///< Of ours; 0: no bar.
  bool with_copy = false;       ///< Bound by memory: compared with memcpy too.
};

/// One chain of 64 dependent multiply-adds is 69 ns, and the contract's order leaves no way round it: hence
/// the bars of 1x64x10.
inline constexpr std::array kCpuProblems{
    CpuProblem{"1024x1024x1024"},
    CpuProblem{"256x784x512"},
    CpuProblem{"2048x784x128"},
    CpuProblem{"16x1024x4096"},
    CpuProblem{"1x1024x4096"},
    CpuProblem{.shape = "1000000x2x1", .with_copy = true},
    CpuProblem{.shape = "200000x64x1", .with_copy = true},
    CpuProblem{"100000x64x10"},
    CpuProblem{.shape = "1x64x10", .least_ratio = 0.4, .most_nanoseconds = 250},
    CpuProblem{"1x784x128"},
    CpuProblem{"65536x32x32"},
    CpuProblem{"4096x4096x16"},
};
inline constexpr std::string_view kActivationShape = "256x784x512";

inline constexpr double kLeastGeometricMean = 1.25;
inline constexpr double kMostActivationRatio = 1.3;
inline constexpr double kLeastCopyShare = 0.8;

/// The listed problem of that shape with relu in f32, the general bars where there is none.
CpuProblem bars_of(const Problem& problem);

/// "RxIxO" or a whole problem string.
Problem parse_cpu_problem(std::string_view text);

/// Registers one Google Benchmark per (problem, threads, contender):
/// "65536x32x32:f32:relu/threads:1/perceptron".
void register_cpu_linear();

}  // namespace perceptron::bench
