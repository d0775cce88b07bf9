#include "bench/gpu/results.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace perceptron::bench::gpu {

const Ceiling& ceiling_of(const Ceilings& ceilings, std::string_view name) {
  for (const Ceiling& ceiling : ceilings) {
    if (ceiling.name == name) return ceiling;
  }
  throw std::out_of_range(fmt::format("no ceiling {} was measured", name));
}

Bound bound_of(const Problem& problem, const Ceilings& ceilings) {
  const std::string_view fma = accumulator_of(problem.dtype) == DType::f64 ? kFmaF64 : kFmaF32;
  const double compute = flops(problem) / ceiling_of(ceilings, fma).per_second() * 1e9;
  const double memory = bytes(problem) / ceiling_of(ceilings, kCopy).per_second() * 1e9;
  return compute > memory ? Bound{std::string(fma), compute} : Bound{std::string(kCopy), memory};
}

const ContenderResult* Comparison::peer(std::string_view name) const {
  const ContenderResult* best = nullptr;
  for (std::size_t i = 1; i < results.size(); ++i) {
    const ContenderResult& peer = results[i];
    if (!name.empty() && peer.contender != name) continue;
    if (best == nullptr || peer.figure.nanoseconds.median < best->figure.nanoseconds.median) best = &peer;
  }
  return best;
}

}  // namespace perceptron::bench::gpu
