#include "bench/peers/onnx_model.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

namespace perceptron::bench {
namespace {

/// A message of Protocol Buffers: fields one behind the other, each a key and a number or counted bytes
/// (protobuf.dev/programming-guides/encoding). The names behind the numbers are onnx.proto's.
class Message {
 public:
  Message& number(std::uint64_t field, std::uint64_t value) {
    varint(field << 3);
    varint(value);
    return *this;
  }
  Message& bytes(std::uint64_t field, std::string_view value) {
    varint(field << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(std::uint64_t field, const Message& value) { return bytes(field, value.bytes_); }
  std::string take() && { return std::move(bytes_); }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

/// A message has at most 2 GiB; a tenth is left to everything that is not weights.
constexpr std::int64_t kMostWeightBytes = (std::int64_t{1} << 31) / 10 * 9;
constexpr std::uint64_t kFloat = 1;  // TensorProto.DataType
constexpr std::uint64_t kInt = 2;    // AttributeProto.AttributeType
constexpr std::uint64_t kIrVersion = 7,
                        kOpsetVersion = 13;  // Of ONNX 1.8: every ONNX Runtime since 1.6 reads it.

/// "" for identity.
std::optional<std::string_view> operator_of(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::identity: return "";
    case ActivationKind::relu: return "Relu";
    case ActivationKind::sigmoid: return "Sigmoid";
    case ActivationKind::tanh: return "Tanh";
    default: return std::nullopt;
  }
}

/// A constant tensor: dims, data_type, name, raw_data (little-endian).
Message tensor(std::string_view name, std::initializer_list<std::int64_t> sizes, const float* values) {
  Message result;
  std::size_t count = 1;
  for (const std::int64_t size : sizes) {
    result.number(1, static_cast<std::uint64_t>(size));
    count *= static_cast<std::size_t>(size);
  }
  result.number(2, kFloat).bytes(8, name);
  return result.bytes(9, {reinterpret_cast<const char*>(values), count * sizeof(float)});
}

/// An input or output of the graph: ValueInfoProto of a TypeProto.Tensor of a TensorShapeProto.
Message value(std::string_view name, std::int64_t rows, std::int64_t columns) {
  Message shape;
  for (const std::int64_t size : {rows, columns}) {
    shape.message(1, Message().number(1, static_cast<std::uint64_t>(size)));
  }
  const Message type = Message().message(1, Message().number(1, kFloat).message(2, shape));
  return Message().bytes(1, name).message(2, type);
}

Message gemm(std::string_view output, WeightOrder order) {
  Message node;
  node.bytes(1, "x").bytes(1, "weight").bytes(1, "bias").bytes(2, output).bytes(4, "Gemm");
  if (order == WeightOrder::outputs_by_inputs) {
    node.message(5, Message().bytes(1, "transB").number(3, 1).number(20, kInt));
  }
  return node;
}

}  // namespace

bool can_be_onnx_model(const Problem& problem) {
  const std::int64_t weights = problem.inputs * problem.outputs * static_cast<std::int64_t>(sizeof(float));
  return problem.groups == 1 && problem.dtype == DType::f32 && problem.output_dtype == DType::f32 &&
         operator_of(problem.activation.kind) && weights < kMostWeightBytes;
}

std::string onnx_model(const Problem& problem, const float* weight, const float* bias, WeightOrder order) {
  const std::string_view activation = operator_of(problem.activation.kind).value();
  Message graph;
  graph.message(1, gemm(activation.empty() ? "y" : "z", order));
  if (!activation.empty()) graph.message(1, Message().bytes(1, "z").bytes(2, "y").bytes(4, activation));
  graph.bytes(2, "layer");
  const bool is_given = order == WeightOrder::outputs_by_inputs;
  graph.message(5, is_given ? tensor("weight", {problem.outputs, problem.inputs}, weight)
                            : tensor("weight", {problem.inputs, problem.outputs}, weight));
  graph.message(5, tensor("bias", {problem.outputs}, bias));
  graph.message(11, value("x", problem.rows, problem.inputs));
  graph.message(12, value("y", problem.rows, problem.outputs));
  Message model;
  model.number(1, kIrVersion).message(8, Message().bytes(1, "").number(2, kOpsetVersion)).message(7, graph);
  return std::move(model).take();
}

}  // namespace perceptron::bench
