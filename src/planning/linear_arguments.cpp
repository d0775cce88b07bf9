#include "src/planning/linear_arguments.hpp"

#include <numeric>

namespace perceptron::planning {
namespace {

/// Widest of 16, 8, 4, 2 that divides the address of every row. The address of data that are null divides
/// all.
std::int32_t vector_bytes(const ConstMatrixView& x) {
  const auto size = static_cast<std::uint64_t>(size_of(x.dtype));
  std::uint64_t common = reinterpret_cast<std::uintptr_t>(x.data) % 256 + 256;
  if (x.rows > 1) common = std::gcd(common, static_cast<std::uint64_t>(x.stride) * size);
  if (x.groups > 1) common = std::gcd(common, static_cast<std::uint64_t>(x.group_stride) * size);
  return static_cast<std::int32_t>(std::gcd(common, std::uint64_t{16}));
}

}  // namespace

kernels::LinearArguments linear_arguments(const ConstMatrixView& x, const PackedWeights& weights,
                                          const MatrixView& y, const Activation& activation) {
  kernels::LinearArguments arguments{};
  arguments.x = x.data;
  arguments.weight = weights.weight;
  arguments.bias = weights.bias;
  arguments.y = y.data;
  arguments.rows = x.rows;
  arguments.inputs = x.columns;
  arguments.outputs = y.columns;
  arguments.groups = y.groups;
  arguments.x_stride = x.stride;
  arguments.x_group_stride = x.group_stride;
  arguments.weight_group_stride = weights.weight_group_stride;
  arguments.bias_group_stride = weights.bias_group_stride;
  arguments.y_stride = y.stride;
  arguments.y_group_stride = y.group_stride;
  arguments.activation = activation.kind;
  const bool is_wide = accumulator_of(x.dtype) == DType::f64;
  arguments.parameter = is_wide ? activation.parameter : static_cast<float>(activation.parameter);
  arguments.output_dtype = y.dtype;
  arguments.x_vector_bytes = vector_bytes(x);
  return arguments;
}

}  // namespace perceptron::planning
