#include "bench/roofline.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace perceptron::bench {

const Level& Peaks::level_of(double bytes) const {
  const auto holds = [bytes](const Level& level) { return bytes <= level.capacity_bytes; };
  const auto found = std::ranges::find_if(levels, holds);
  return found == levels.end() ? levels.back() : *found;
}

Traffic traffic_of(const Problem& problem) {
  const auto element = [](DType dtype) { return static_cast<double>(size_of(dtype)); };
  const auto rows = static_cast<double>(problem.rows), groups = static_cast<double>(problem.groups);
  return {
      (problem.shared_x ? 1 : groups) * rows * static_cast<double>(problem.inputs) * element(problem.dtype),
      groups * rows * static_cast<double>(problem.outputs) * element(problem.output_dtype)};
}

Peaks better_of(Peaks peaks, const Peaks& others) {
  const auto raise = [](double& value, double other) { value = std::max(value, other); };
  raise(peaks.flops_f32_per_ns, others.flops_f32_per_ns);
  raise(peaks.flops_f64_per_ns, others.flops_f64_per_ns);
  for (std::size_t index = 0; index < peaks.levels.size(); ++index) {
    raise(peaks.levels[index].read_bytes_per_ns, others.levels[index].read_bytes_per_ns);
    raise(peaks.levels[index].copied_bytes_per_ns, others.levels[index].copied_bytes_per_ns);
  }
  return peaks;
}

double memory_nanoseconds(const Traffic& traffic, const Level& level) {
  const double paired = 2 * std::min(traffic.read, traffic.written);
  const double lone_writes = std::max(0.0, traffic.written - traffic.read);
  const double lone_reads = std::max(0.0, traffic.read - traffic.written);
  return (paired + lone_writes) / level.copied_bytes_per_ns + lone_reads / level.read_bytes_per_ns;
}

Work work_of(const Problem& problem) {
  const Traffic traffic = traffic_of(problem);
  return {flops(problem), problem.dtype, bytes(problem) - traffic.bytes(), traffic};
}

Limit limit_of(const Work& work, const Peaks& peaks, const Placement& placement) {
  const Level& near = peaks.level_of(placement.call_bytes);
  const Level& far = peaks.level_of(placement.bytes);
  const double weights_ns = memory_nanoseconds({work.weight_bytes, 0}, near);
  const double operands_ns = memory_nanoseconds(work.traffic, far);
  Limit limit;
  limit.compute_ns = work.flops / peaks.flops_per_ns(work.dtype);
  limit.memory_ns = weights_ns + operands_ns;
  limit.limiter = limit.is_compute_bound()
                      ? fmt::format("{} multiply-adds", to_string(accumulator_of(work.dtype)))
                      : (weights_ns > operands_ns ? near : far).name;
  return limit;
}

}  // namespace perceptron::bench
