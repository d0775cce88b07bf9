// One fully connected layer as the bytes of an ONNX model, which is what ONNX Runtime loads.
#pragma once

#include <string>

#include "perceptron/problem.hpp"

namespace perceptron::bench {

/// False where no ONNX operator has the activation's definition, and where the weights exceed the 2 GiB of a
/// message of Protocol Buffers.
bool can_be_onnx_model(const Problem& problem);

enum class WeightOrder { outputs_by_inputs, inputs_by_outputs };

/// The model f(Gemm(x, weight, bias)) with input "x" [rows, inputs] and output "y" [rows, outputs], both f32;
/// weight and bias are constants in it, `weight` in that order. Format: onnx.proto of ONNX, opset 13.
std::string onnx_model(const Problem& problem, const float* weight, const float* bias, WeightOrder order);

}  // namespace perceptron::bench
