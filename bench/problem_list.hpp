// The fixed list that `perceptron bench` measures where no problem is named: what one report is compared with
// the next by.
#pragma once

#include <array>
#include <string_view>

namespace perceptron::bench {

inline constexpr std::array<std::string_view, 60> kProblemList{
    // The shapes of the comparison with peers.
    "1024x1024x1024:f32:relu", "256x784x512:f32:relu", "2048x784x128:f32:relu", "16x1024x4096:f32:relu",
    "1x1024x4096:f32:relu", "1000000x2x1:f32:relu", "200000x64x1:f32:relu", "100000x64x10:f32:relu",
    "1x64x10:f32:relu", "1x784x128:f32:relu", "65536x32x32:f32:relu", "4096x4096x16:f32:relu",
    // The same in the other dtypes: of compute, of memory, of latency.
    "1024x1024x1024:f64:relu", "1024x1024x1024:f16:relu", "1024x1024x1024:bf16:relu",  //
    "256x784x512:f64:relu", "256x784x512:f16:relu", "256x784x512:bf16:relu",           //
    "1x1024x4096:f64:relu", "1x1024x4096:f16:relu", "1x1024x4096:bf16:relu",           //
    "200000x64x1:f64:relu", "200000x64x1:f16:relu", "200000x64x1:bf16:relu",           //
    "1x64x10:f64:relu", "1x64x10:f16:relu", "1x64x10:bf16:relu",                       //
    "65536x32x32:f64:relu", "65536x32x32:f16:relu", "65536x32x32:bf16:relu",
    // Activations on one shape.
    "256x784x512:f32:identity", "256x784x512:f32:step", "256x784x512:f32:sigmoid", "256x784x512:f32:tanh",
    "256x784x512:f32:gelu", "256x784x512:f32:silu", "256x784x512:f32:softplus", "256x784x512:f32:mish",
    "256x784x512:f32:softmax", "256x784x512:f64:sigmoid",
    // Layers of networks.
    "65536x784x128:f32:relu", "65536x128x10:f32:softmax", "1x4096x4096:f32:relu", "32x4096x4096:f32:relu",
    "512x768x3072:f32:gelu_tanh", "512x3072x768:f32:identity", "128x2048x1000:f32:softmax",
    "512x768x3072:bf16:gelu_tanh", "1024x512x512:bf16-f32:silu",
    // Many perceptrons at once.
    "64@1024x16x16:f32:relu", "64@1024x16x16:f32:relu:sharedx", "1000@1x32x32:f32:tanh",
    "16@256x128x128:bf16-f32:leaky_relu=0.1", "8@64x256x256:f64:relu",
    // Sizes that fit nothing.
    "1023x1021x127:f32:relu", "100000x3x2:f32:step", "17x129x33:f32:relu:nobias", "5x4099x7:f32:relu",
    "1x1x1:f32:step", "333333x7x3:f64:sigmoid"};

/// What `--sweep` varies where no problem is named.
inline constexpr std::string_view kSweptProblem = "1x1024x1024:f32:relu";

}  // namespace perceptron::bench
