// A DevicePlan in words.
#include <fmt/format.h>

#include <string_view>

#include "perceptron/device_plan.hpp"

namespace perceptron {
namespace {

std::string scaled(double value, std::string_view unit) {
  constexpr std::string_view kPrefixes[]{"", "k", "M", "G", "T", "P", "E"};
  std::size_t prefix = 0;
  for (; value >= 1000 && prefix + 1 < std::size(kPrefixes); ++prefix) value /= 1000;
  return fmt::format("{:.4g} {}{}", value, kPrefixes[prefix], unit);
}

std::string duration(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.4g} µs", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.4g} ms", seconds * 1e3);
  return fmt::format("{:.4g} s", seconds);
}

std::string extent(const std::array<std::int64_t, 3>& extent) {
  return fmt::format("{} × {} × {}", extent[0], extent[1], extent[2]);
}

std::string capability_text(const DeviceTraits& traits) {
  return fmt::format("compute capability {}.{}", traits.compute_capability / 10,
                     traits.compute_capability % 10);
}

std::string traits_text(const DeviceTraits& traits) {
  return fmt::format("{}: {}, {} multiprocessors", traits.name, capability_text(traits),
                     traits.multiprocessors);
}

std::string resources_text(const DevicePlan& plan) {
  if (!plan.resources) {
    return fmt::format("unknown: this library holds no code for {} of this entry",
                       capability_text(plan.traits));
  }
  const EntryResources& resources = *plan.resources;
  return fmt::format("{} registers, {} bytes spilled, {} bytes of stack (sm_{})", resources.registers,
                     resources.spill_bytes, resources.stack_bytes, resources.architecture);
}

std::string occupancy_text(const Occupancy& occupancy) {
  return fmt::format("{} blocks per multiprocessor, limited by {}; {:.0f} % of its threads; {:.2f} waves",
                     occupancy.blocks_per_multiprocessor, occupancy.limit, 100 * occupancy.threads_share,
                     occupancy.waves);
}

std::string roofline_text(const Roofline& roofline) {
  if (roofline.launches == 0) return "none: there are no rows, nothing is launched";
  return fmt::format(
      "at least {} = max({} / {} = {}, {} / {} = {}) + {} × {}; bound by {}; estimated, not measured",
      duration(roofline.seconds()), scaled(roofline.flops, "FLOP"),
      scaled(roofline.flops_per_second, "FLOP/s"), duration(roofline.compute_seconds()),
      scaled(roofline.bytes, "B"), scaled(roofline.bytes_per_second, "B/s"),
      duration(roofline.memory_seconds()), roofline.launches, duration(roofline.seconds_per_launch),
      roofline.is_compute_bound() ? "arithmetic" : "memory");
}

}  // namespace

std::string to_string(const DevicePlan& plan) {
  std::string text;
  const auto line = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("{:<11}{}\n", name, value);
  };
  line("problem", to_string(plan.problem));
  line("GPU", traits_text(plan.traits));
  line("kernel", fmt::format("{} {}: {}{}", plan.family, plan.policy, plan.entry,
                             plan.then ? fmt::format(", then {}", *plan.then) : ""));
  line("reason", plan.reason);
  line("grid", fmt::format("{} blocks of {} threads", extent(plan.grid), extent(plan.block)));
  const std::int64_t fixed = plan.resources ? plan.resources->static_shared_bytes : 0;
  line("shared", fmt::format("{} bytes per block, {} of them dynamic", plan.dynamic_shared_bytes + fixed,
                             plan.dynamic_shared_bytes));
  line("registers", resources_text(plan));
  if (plan.occupancy) line("occupancy", occupancy_text(*plan.occupancy));
  line("time", roofline_text(plan.roofline));
  for (const RejectedPolicy& other : plan.rejected) {
    line(other.is_refusal ? "refuses" : "loses",
         fmt::format("{} {}: {}", other.family, other.policy, other.reason));
  }
  return text;
}

}  // namespace perceptron
