// What a device says of a problem, without weights.
#include "perceptron/device_plan.hpp"
#include "src/engine/checks.hpp"
#include "src/engine/devices.hpp"

namespace perceptron {

LocalPlan plan_on(const Problem& problem, const Options& options) {
  engine::check_problem(problem);
  Options quiet = options;
  quiet.arithmetic = problem.arithmetic;
  const auto device = engine::make_device(quiet);
  return {device->name(), device->plan(problem), device->gpu_plan(problem)};
}

}  // namespace perceptron
