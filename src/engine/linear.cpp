#include "perceptron/linear.hpp"

#include "src/engine/checks.hpp"
#include "src/engine/devices.hpp"

namespace perceptron {

void linear(ConstMatrixView x, const Layer& layer, MatrixView y, const Options& options, Stream) {
  engine::check_layer(layer, "linear");
  engine::check_call(x, layer, y, layer);
  const auto device = engine::make_device(options);
  const auto workspace = device->workspace({layer}, x.rows);
  device->run(*device->prepare(layer), x, y, *workspace);
}

}  // namespace perceptron
