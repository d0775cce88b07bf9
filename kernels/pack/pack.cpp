// How the kernels of pack are launched.
#include "kernels/pack/pack.hpp"

#include <algorithm>

namespace perceptron::kernels::pack {

namespace {

constexpr std::uint32_t blocks(std::int64_t count, std::int64_t limit) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 1, limit));
}

}  // namespace

Launch pack_weight(const WeightArguments& arguments, DType storage) {
  const std::size_t bytes = size_of(storage);
  Launch launch;
  launch.family = "pack";
  launch.entry = bytes == 8 ? "pack_weight_8" : bytes == 4 ? "pack_weight_4" : "pack_weight_2";
  launch.grid.x = blocks((arguments.inputs + kTile - 1) / kTile, 0x7FFFFFFF);
  launch.grid.y = blocks((packed_outputs(arguments.outputs) + kTile - 1) / kTile, 65535);
  launch.grid.z = blocks(arguments.groups, 65535);
  launch.block = {kTile, kThreadsDown};
  launch.arguments = ArgumentBytes(arguments);
  return launch;
}

Launch pack_bias(const BiasArguments& arguments, DType accumulator) {
  Launch launch;
  launch.family = "pack";
  launch.entry = accumulator == DType::f64 ? "pack_bias_f64" : "pack_bias_f32";
  launch.grid.x = blocks((packed_outputs(arguments.outputs) + kBiasThreads - 1) / kBiasThreads, 0x7FFFFFFF);
  launch.grid.y = blocks(arguments.groups, 65535);
  launch.block.x = kBiasThreads;
  launch.arguments = ArgumentBytes(arguments);
  return launch;
}

}  // namespace perceptron::kernels::pack
