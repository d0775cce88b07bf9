// What a device says of a problem, without weights.
#include "perceptron/device_plan.hpp"
#include "src/engine/devices.hpp"

namespace perceptron {

LayerPlan plan_on(const Problem& problem, const Options& options) {
  Options quiet = options;
  quiet.arithmetic = problem.arithmetic;
  return engine::make_device(quiet)->plan(problem);
}

}  // namespace perceptron
