#include "bench/gpu/problems.hpp"

#include <fmt/format.h>

#include "kernels/linear.hpp"

namespace perceptron::bench::gpu {

GpuProblem bars_of(const Problem& problem) {
  for (const GpuProblem& listed : kGpuProblems) {
    if (Problem::parse(listed.problem) == problem) return listed;
  }
  return {};
}

double device_bytes(const Problem& p) {
  const auto count = [](std::int64_t a, std::int64_t b) {
    return static_cast<double>(a) * static_cast<double>(b);
  };
  const auto size = static_cast<double>(size_of(p.dtype));
  const double x = count(p.rows, p.inputs) * static_cast<double>(p.shared_x ? 1 : p.groups) * size;
  const double y =
      count(p.rows, p.outputs) * static_cast<double>(p.groups) * static_cast<double>(size_of(p.output_dtype));
  const double weight =
      count(p.inputs, kernels::packed_outputs(p.outputs)) * static_cast<double>(p.groups) * size;
  const double biases = 4 * static_cast<double>(p.outputs * p.groups) * static_cast<double>(sizeof(double));
  return x + 2 * y + 3 * weight + biases;
}

std::optional<FittedProblem> fit_to_memory(const Problem& problem, double available_bytes) {
  FittedProblem fitted{problem, {}};
  while (device_bytes(fitted.problem) > available_bytes) {
    if (fitted.problem.rows <= 1) return std::nullopt;
    fitted.problem.rows /= 2;
  }
  if (fitted.problem.rows != problem.rows) {
    fitted.note = fmt::format("rows cut from {} to {}: it needs {:.2f} GB, {:.2f} GB are there", problem.rows,
                              fitted.problem.rows, device_bytes(problem) / 1e9, available_bytes / 1e9);
  }
  return fitted;
}

}  // namespace perceptron::bench::gpu
