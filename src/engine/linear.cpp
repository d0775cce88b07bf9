#include "perceptron/linear.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

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
  std::vector<Place> places{x.place, y.place, layer.weight.place};
  if (layer.has_bias()) places.push_back(layer.bias.place);
  const auto on_device = std::ranges::count(places, Place::device);
  if (on_device == std::ssize(places)) return device->linear(x, layer, y, stream);
  if (on_device > 0) device->catch_up(stream);
  const std::int64_t rows = engine::chunk_rows(*device, {layer}, options.memory_budget_bytes);
  const auto workspace = device->workspace({layer}, std::min(x.rows, rows));
  device->run({device->prepare(layer)}, x, y, *workspace);
}

}  // namespace perceptron
