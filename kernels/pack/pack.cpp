// How the kernels of pack are launched.
#include "kernels/pack/pack.hpp"

namespace perceptron::kernels::pack {

Launch pack_weight(const WeightArguments& arguments, DType storage) {
  const std::size_t bytes = size_of(storage);
  Launch launch;
  launch.family = "pack";
  launch.entry = bytes == 8 ? "pack_weight_8" : bytes == 4 ? "pack_weight_4" : "pack_weight_2";
  launch.grid.x = blocks((arguments.inputs + kTile - 1) / kTile, kLargestGridX);
  launch.grid.y = blocks((packed_outputs(arguments.outputs) + kTile - 1) / kTile, kLargestGridYZ);
  launch.grid.z = blocks(arguments.groups, kLargestGridYZ);
  launch.block = {kTile, kThreadsDown};
  launch.arguments = ArgumentBytes(arguments);
  return launch;
}

Launch pack_bias(const BiasArguments& arguments, DType accumulator) {
  Launch launch;
  launch.family = "pack";
  launch.entry = accumulator == DType::f64 ? "pack_bias_f64" : "pack_bias_f32";
  launch.grid.x =
      blocks((packed_outputs(arguments.outputs) + kBiasThreads - 1) / kBiasThreads, kLargestGridX);
  launch.grid.y = blocks(arguments.groups, kLargestGridYZ);
  launch.block.x = kBiasThreads;
  launch.arguments = ArgumentBytes(arguments);
  return launch;
}

}  // namespace perceptron::kernels::pack
