// How the kernels of row_softmax are launched.
#include "kernels/row_softmax/row_softmax.hpp"

#include <algorithm>

namespace perceptron::kernels::row_softmax {

namespace {

constexpr std::uint32_t blocks(std::int64_t count, std::int64_t limit) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 1, limit));
}

}  // namespace

Launch launch(const SoftmaxArguments& arguments, DType accumulator) {
  Launch launch;
  launch.family = "row_softmax";
  launch.entry = accumulator == DType::f64 ? "row_softmax_f64" : "row_softmax_f32";
  launch.grid.x = blocks((arguments.rows + kWarps - 1) / kWarps, 0x7FFFFFFF);
  launch.grid.y = blocks(arguments.groups, 65535);
  launch.block = {32, kWarps};
  launch.arguments = ArgumentBytes(arguments);
  return launch;
}

}  // namespace perceptron::kernels::row_softmax
