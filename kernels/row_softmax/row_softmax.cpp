// How the kernels of row_softmax are launched.
#include "kernels/row_softmax/row_softmax.hpp"

namespace perceptron::kernels::row_softmax {

Launch launch(const SoftmaxArguments& arguments, DType accumulator) {
  Launch launch;
  launch.family = "row_softmax";
  launch.entry = accumulator == DType::f64 ? "row_softmax_f64" : "row_softmax_f32";
  launch.grid.x = blocks((arguments.rows + kWarps - 1) / kWarps, kLargestGridX);
  launch.grid.y = blocks(arguments.groups, kLargestGridYZ);
  launch.block = {32, kWarps};
  launch.arguments = ArgumentBytes(arguments);
  return launch;
}

}  // namespace perceptron::kernels::row_softmax
