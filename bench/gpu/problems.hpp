// What is measured where nothing else is asked for, the bars, and how a problem is cut to a GPU's memory.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "perceptron/problem.hpp"

namespace perceptron::bench::gpu {

/// Bars of 0 are none.
struct GpuProblem {
  std::string_view problem;
  double least_share = 0;         ///< Of the ceiling that binds it.
  double least_ratio = 0;         ///< Time of `against` ÷ ours.
  std::string_view against = {};  ///< A contender; empty: the fastest peer.
};

/// row_dot on at least 4 GB of x, weight_stream on at least 64 MB of W, tile_fma, and then what has no bar
/// yet. 16-bit peers use tensor cores, which reproducible arithmetic does not: their ratio is no bar.
inline constexpr std::array kGpuProblems{
    GpuProblem{.problem = "1048576x1024x1:f32:relu", .least_share = 0.9},
    GpuProblem{.problem = "1048576x1024x4:f32:relu", .least_share = 0.9},
    GpuProblem{.problem = "1048576x1024x16:f32:relu", .least_share = 0.9},
    GpuProblem{.problem = "2097152x1024x1:bf16:relu", .least_share = 0.9},
    GpuProblem{.problem = "2097152x1024x4:bf16:relu", .least_share = 0.9},
    GpuProblem{.problem = "2097152x1024x16:bf16:relu", .least_share = 0.9},
    GpuProblem{.problem = "1x4096x4096:f32:relu", .least_share = 0.85},
    GpuProblem{.problem = "1x16384x8192:f32:relu", .least_share = 0.85},
    GpuProblem{.problem = "1x8192x8192:bf16:relu", .least_share = 0.85},
    GpuProblem{.problem = "4096x4096x4096:f32:gelu", .least_ratio = 1.0},
    GpuProblem{.problem = "8192x8192x8192:f32:gelu", .least_ratio = 1.0},
    GpuProblem{.problem = "4096x4096x4096:f64:gelu", .least_ratio = 0.9, .against = "cublaslt-fma"},
    GpuProblem{.problem = "4096x4096x4096:bf16:gelu_tanh"},
    GpuProblem{.problem = "4096x4096x4096:f16:relu"},
    GpuProblem{.problem = "1024x1024x1024:f32:relu"},
    GpuProblem{.problem = "256x784x512:f32:relu"},
    GpuProblem{.problem = "65536x784x128:f32:relu"},
    GpuProblem{.problem = "65536x32x32:f32:relu"},
    GpuProblem{.problem = "64@1024x16x16:f32:relu"},
};

/// From host arrays to host arrays: 1 GiB in and little out; 1 GiB in and as much out.
inline constexpr std::array<std::string_view, 2> kHostProblems{"262144x1024x16:f32:relu",
                                                               "262144x1024x1024:f32:relu"};
inline constexpr double kLeastHostShare = 0.95;

/// One small launch: what enqueueing costs.
inline constexpr std::string_view kEnqueueProblem = "1x64x16:f32:relu";
inline constexpr double kMostLaunchRatio = 1.2;

/// The listed problem's bars; none for others.
GpuProblem bars_of(const Problem& problem);

/// Device memory that a comparison takes: x, bias, two y, and the weights as they come, on their way and
/// packed.
double device_bytes(const Problem& problem);

struct FittedProblem {
  Problem problem;
  std::string note;  ///< What was cut and why; empty: nothing.
};

/// Rows halved until the problem fits into so many bytes; nothing where one row does not.
std::optional<FittedProblem> fit_to_memory(const Problem& problem, double available_bytes);

}  // namespace perceptron::bench::gpu
