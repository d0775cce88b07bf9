// The arguments of a layer's kernel from the views that it reads and writes.
#pragma once

#include <cstdint>

#include "kernels/linear.hpp"
#include "perceptron/activation.hpp"
#include "perceptron/view.hpp"

namespace perceptron::planning {

/// As kernels/pack leaves them. Strides count elements; 0: all groups share one.
struct PackedWeights {
  const void* weight = nullptr;
  const void* bias = nullptr;
  std::int64_t weight_group_stride = 0, bias_group_stride = 0;
};

/// `activation` is none that spans a row: softmax's sums take identity.
kernels::LinearArguments linear_arguments(const ConstMatrixView& x, const PackedWeights& weights,
                                          const MatrixView& y, const Activation& activation);

}  // namespace perceptron::planning
