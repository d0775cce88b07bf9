// Describes what the rules chose: launch, resources from the build, occupancy, estimate.
#include "perceptron/device_plan.hpp"

#include "kernels/resources.hpp"
#include "perceptron/error.hpp"
#include "src/engine/checks.hpp"
#include "src/planning/occupancy.hpp"
#include "src/planning/planning.hpp"

namespace perceptron {
namespace {

/// Between two kernels of one stream. An estimate: published figures are 1 to 2 µs in a graph.
constexpr double kSecondsPerLaunch = 2e-6;

std::optional<EntryResources> resources_of(std::string_view entry, const DeviceTraits& traits) {
  const kernels::Resources* const found = planning::usable_resources(entry, traits);
  if (found == nullptr) return std::nullopt;
  return EntryResources{std::string(found->architecture), found->registers, found->static_shared_bytes,
                        found->stack_bytes, found->spill_bytes};
}

Roofline roofline_of(const Problem& problem, const DeviceTraits& traits) {
  const DType accumulator = accumulator_of(problem.dtype);
  Roofline roofline;
  roofline.flops_per_second =
      2 * traits.clock_hz * static_cast<double>(traits.multiprocessors) *
      static_cast<double>(accumulator == DType::f64 ? traits.f64_fma_per_clock : traits.f32_fma_per_clock);
  roofline.bytes_per_second = traits.memory_bytes_per_second;
  roofline.seconds_per_launch = kSecondsPerLaunch;
  roofline.launches = 0;
  if (problem.rows == 0) return roofline;
  roofline.launches = 1;
  roofline.flops = flops(problem);
  roofline.bytes = bytes(problem);
  if (problem.activation.kind == ActivationKind::softmax) {
    roofline.launches = 2;
    roofline.bytes += 2.0 * static_cast<double>(problem.groups) * static_cast<double>(problem.rows) *
                      static_cast<double>(problem.outputs) * static_cast<double>(size_of(accumulator));
  }
  return roofline;
}

void describe_launch(const kernels::Launch& launch, DevicePlan& plan) {
  plan.entry = launch.entry;
  plan.grid = {launch.grid.x, launch.grid.y, launch.grid.z};
  plan.block = {launch.block.x, launch.block.y, launch.block.z};
  plan.dynamic_shared_bytes = launch.shared_bytes;
  plan.resources = resources_of(launch.entry, plan.traits);
  if (!plan.resources) return;
  plan.occupancy = planning::occupancy(planning::needs_of(launch, plan.traits), plan.traits,
                                       static_cast<double>(launch.grid.count()));
}

}  // namespace

DevicePlan planning::describe(const Problem& problem, const DeviceTraits& traits, const Choice& choice) {
  DevicePlan plan;
  plan.problem = problem;
  plan.traits = traits;
  plan.family = choice.candidate->family;
  plan.policy = choice.candidate->policy;
  plan.reason = choice.reason;
  if (problem.activation.kind == ActivationKind::softmax) plan.then = "row_softmax";
  describe_launch(planning::launch_of(problem, *choice.candidate), plan);
  plan.roofline = roofline_of(problem, traits);
  for (const Rejection& rejection : choice.rejections) {
    plan.rejected.push_back({std::string(rejection.candidate->family),
                             std::string(rejection.candidate->policy), rejection.is_refusal,
                             rejection.reason});
  }
  return plan;
}

DevicePlan plan_on(const Problem& problem, const DeviceTraits& traits) {
  engine::check_problem(problem);
  const planning::Choice choice = planning::choose(problem, traits);
  if (choice.candidate == nullptr) throw Unsupported(planning::refusal_text(problem, choice));
  return planning::describe(problem, traits, choice);
}

std::vector<RowRange> row_ranges(const Problem& layer, const DeviceTraits& traits) {
  engine::check_problem(layer);
  std::vector<RowRange> ranges;
  for (const planning::PolicyRange& range : planning::policy_table(layer, traits)) {
    if (range.candidate == nullptr) {
      throw Unsupported(planning::refusal_text(layer, planning::choose(layer, traits)));
    }
    ranges.push_back(
        {range.first_row, std::string(range.candidate->family), std::string(range.candidate->policy)});
  }
  return ranges;
}

}  // namespace perceptron
