#include "src/staging/scratch.hpp"

#include <algorithm>

#include "src/staging/device_layer.hpp"

namespace perceptron::staging {
namespace {

std::size_t output_bytes(const Layer& layer, DType dtype) {
  return static_cast<std::size_t>(layer.outputs() * layer.groups()) * size_of(dtype);
}

DeviceBuffer buffer_for(Accelerator& accelerator, std::size_t bytes, const char* name, Queue queue) {
  return bytes == 0 ? DeviceBuffer() : DeviceBuffer(accelerator, {bytes, name}, queue);
}

}  // namespace

ScratchSizes::ScratchSizes(const std::vector<Layer>& layers) {
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const Layer& layer = layers[index];
    const DType storage = layer.weight.dtype;
    if (index + 1 < layers.size()) {
      hidden[index % 2] = std::max(hidden[index % 2], output_bytes(layer, storage));
    }
    if (layer.activation.kind == ActivationKind::softmax) {
      sums = std::max(sums, output_bytes(layer, accumulator_of(storage)));
    }
  }
}

Scratch::Scratch(Accelerator& accelerator, const ScratchSizes& sizes, std::int64_t rows, Queue queue)
    : rows_(sizes.row_bytes() == 0 ? 0 : rows) {
  const auto count = static_cast<std::size_t>(rows);
  for (std::size_t index : {0, 1}) {
    hidden_[index] = buffer_for(accelerator, sizes.hidden[index] * count, "hidden layer", queue);
  }
  sums_ = buffer_for(accelerator, sizes.sums * count, "sums", queue);
}

void Scratch::enqueue(Queue queue, const engine::ReadyLayers& layers, const ConstMatrixView& x,
                      const MatrixView& y) const {
  const std::int64_t most = rows_ == 0 ? x.rows : rows_;
  for (std::int64_t row = 0; row < x.rows; row += std::min(most, x.rows - row)) {
    const std::int64_t count = std::min(most, x.rows - row);
    enqueue_chunk(queue, layers, x.row_range(row, count), y.row_range(row, count));
  }
}

void Scratch::enqueue_chunk(Queue queue, const engine::ReadyLayers& layers, const ConstMatrixView& x,
                            const MatrixView& y) const {
  ConstMatrixView input = x;
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const auto& layer = static_cast<const DeviceLayer&>(*layers[index]);
    MatrixView output = y;
    if (index + 1 < layers.size()) {
      const std::int64_t columns = layer.shape().outputs();
      output = MatrixView(hidden_[index % 2].data(), x.dtype, x.rows, columns)
                   .with_groups(y.groups, x.rows * columns);
    }
    layer.launch(queue, input, output, sums_.data());
    input = output;
  }
}

}  // namespace perceptron::staging
