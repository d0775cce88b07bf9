#include "src/cpu/workspace.hpp"

#include <algorithm>

#include "src/cpu/kernel_table.hpp"

namespace perceptron::cpu {
namespace {

DType widest_accumulator(const std::vector<Layer>& layers) {
  const bool has_f64 = std::any_of(layers.begin(), layers.end(),
                                   [](const Layer& layer) { return layer.weight.dtype == DType::f64; });
  return has_f64 ? DType::f64 : DType::f32;
}

/// Columns of all groups of the widest softmax layer.
std::int64_t softmax_columns(const std::vector<Layer>& layers) {
  std::int64_t columns = 0;
  for (const Layer& layer : layers) {
    if (layer.activation.kind == ActivationKind::softmax) {
      columns = std::max(columns, layer.outputs() * layer.groups());
    }
  }
  return columns;
}

}  // namespace

std::int64_t CpuWorkspace::panel_elements() { return kTaskRows * kPanelStride<float>; }
std::int64_t CpuWorkspace::sums_elements() { return kTaskRows * kTaskOutputs; }

std::size_t CpuWorkspace::bytes(const std::vector<Layer>& layers, std::int64_t rows, int threads) {
  const auto element_bytes = static_cast<std::int64_t>(size_of(widest_accumulator(layers)));
  const std::int64_t per_thread = panel_elements() + sums_elements();
  return static_cast<std::size_t>(element_bytes * (per_thread * threads + softmax_columns(layers) * rows));
}

CpuWorkspace::CpuWorkspace(const std::vector<Layer>& layers, std::int64_t rows, int threads)
    : panels_(widest_accumulator(layers), threads, panel_elements() + sums_elements()),
      softmax_(widest_accumulator(layers), rows, softmax_columns(layers)) {}

}  // namespace perceptron::cpu
