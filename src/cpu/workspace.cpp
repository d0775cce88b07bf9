#include "src/cpu/workspace.hpp"

#include <algorithm>
#include <limits>

#include "src/cpu/kernel_table.hpp"

namespace perceptron::cpu {
namespace {

/// Bytes of the layers between, for all rows of a chunk: about two second-level caches, so that what one
/// layer writes the next one reads from near by.
constexpr std::int64_t kHiddenBytes = std::int64_t{2} << 20;
constexpr std::int64_t kAllRows = std::numeric_limits<std::int64_t>::max();

/// Of the outputs of layers first, first + 2, … without the last layer.
std::int64_t widest_output(const std::vector<Layer>& layers, std::size_t first) {
  std::int64_t widest = 0;
  for (std::size_t index = first; index + 1 < layers.size(); index += 2) {
    widest = std::max(widest, layers[index].outputs());
  }
  return widest;
}

std::int64_t hidden_row_bytes(const std::vector<Layer>& layers) {
  return (widest_output(layers, 0) + widest_output(layers, 1)) * layers.front().groups() *
         static_cast<std::int64_t>(size_of(layers.front().weight.dtype));
}

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

// What the row_lane kernel takes of both: row_lane_run.cpp.
static_assert(kNearPanelBytes / std::int64_t{sizeof(float)} * kRowLaneOutputs <= kPieceRows * kTaskOutputs);

std::int64_t CpuWorkspace::panel_elements() { return kPieceRows * kPanelStride<float>; }
std::int64_t CpuWorkspace::sums_elements() { return kPieceRows * kTaskOutputs; }

std::size_t CpuWorkspace::bytes(const std::vector<Layer>& layers, std::int64_t rows, int threads) {
  const auto element_bytes = static_cast<std::int64_t>(size_of(widest_accumulator(layers)));
  const std::int64_t per_thread = panel_elements() + sums_elements();
  return static_cast<std::size_t>(element_bytes * (per_thread * threads + softmax_columns(layers) * rows) +
                                  hidden_row_bytes(layers) * rows);
}

std::int64_t CpuWorkspace::preferred_rows(const std::vector<Layer>& layers) {
  const auto row_bytes = static_cast<std::int64_t>(bytes(layers, 1, 0));
  return row_bytes == 0 ? kAllRows : std::max<std::int64_t>(1, kHiddenBytes / row_bytes);
}

CpuWorkspace::CpuWorkspace(const std::vector<Layer>& layers, std::int64_t rows, int threads)
    : chunk_rows_(rows), panels_(widest_accumulator(layers), threads, panel_elements() + sums_elements()) {
  if (bytes(layers, 1, 0) == 0) return;
  softmax_ = Matrix(widest_accumulator(layers), rows, softmax_columns(layers));
  for (std::size_t index : {0, 1}) {
    hidden_[index] =
        Matrix(layers.front().weight.dtype, rows, widest_output(layers, index), layers.front().groups());
  }
}

}  // namespace perceptron::cpu
