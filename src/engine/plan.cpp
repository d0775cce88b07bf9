#include "perceptron/plan.hpp"

#include <fmt/format.h>

namespace perceptron {

std::string to_string(const Plan& plan) {
  std::string text = fmt::format("device {}, {} threads, {} rows per chunk, {} bytes of scratch\n",
                                 plan.device, plan.threads, plan.chunk_rows, plan.scratch_bytes);
  for (std::size_t index = 0; index < plan.layers.size(); ++index) {
    const LayerPlan& layer = plan.layers[index];
    text +=
        fmt::format("layer {}: {} by {}: {}\n", index, to_string(layer.problem), layer.kernel, layer.reason);
  }
  return text;
}

}  // namespace perceptron
