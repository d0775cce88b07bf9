#include "perceptron/linear.hpp"

#include <algorithm>

#include "src/engine/checks.hpp"
#include "src/engine/devices.hpp"

namespace perceptron {

void linear(ConstMatrixView x, const Layer& layer, MatrixView y, const Options& options, Stream stream) {
  engine::check_layer(layer, "linear");
  engine::check_call(x, layer, y, layer);
  const auto device = engine::make_device(options);
  engine::check_places(layer, "linear", *device);
  engine::check_place(x, "x", *device);
  engine::check_place(y, "y", *device);
  if (x.rows == 0) return;
  const bool is_on_device = x.place == Place::device && y.place == Place::device &&
                            layer.weight.place == Place::device &&
                            (!layer.has_bias() || layer.bias.place == Place::device);
  if (is_on_device) return device->linear(x, layer, y, stream);
  const std::int64_t rows = engine::chunk_rows(*device, {layer}, options.memory_budget_bytes);
  const auto workspace = device->workspace({layer}, std::min(x.rows, rows));
  device->run({device->prepare(layer)}, x, y, *workspace);
}

}  // namespace perceptron
