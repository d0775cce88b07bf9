// Weights and biases packed by plain loops, as kernels/linear.hpp lays them out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "kernels/linear.hpp"
#include "perceptron/layer.hpp"
#include "perceptron/view.hpp"

namespace perceptron::mutate {

/// The weights as kernels/linear.hpp lays them out.
inline std::vector<std::byte> pack_weight(const ConstMatrixView& weight) {
  const std::int64_t padded = kernels::packed_outputs(weight.rows);
  const std::size_t size = size_of(weight.dtype);
  std::vector<std::byte> packed(static_cast<std::size_t>(weight.groups * weight.columns * padded) * size);
  for (std::int64_t group = 0; group < weight.groups; ++group) {
    for (std::int64_t n = 0; n < weight.rows; ++n) {
      const auto* row = static_cast<const std::byte*>(weight.element(group, n));
      for (std::int64_t k = 0; k < weight.columns; ++k) {
        const std::int64_t to = (group * weight.columns + k) * padded + n;
        std::copy_n(row + static_cast<std::size_t>(k) * size, size,
                    &packed[static_cast<std::size_t>(to) * size]);
      }
    }
  }
  return packed;
}

template <class A>
std::vector<std::byte> pack_bias(const Layer& layer, std::int64_t groups) {
  const std::int64_t padded = kernels::packed_outputs(layer.outputs());
  std::vector<A> packed(static_cast<std::size_t>(groups * padded), A{0});
  if (layer.has_bias()) {
    visit_dtype(layer.bias.dtype, [&]<class T>(T) {
      for (std::int64_t group = 0; group < groups; ++group) {
        const auto* row = static_cast<const T*>(layer.bias.element(group, 0));
        for (std::int64_t n = 0; n < layer.outputs(); ++n) {
          packed[static_cast<std::size_t>(group * padded + n)] = static_cast<A>(row[n]) + A{0};
        }
      }
    });
  }
  const auto bytes = std::as_bytes(std::span(packed));
  return {bytes.begin(), bytes.end()};
}

inline std::vector<std::byte> pack_bias(const Layer& layer, std::int64_t groups, DType accumulator) {
  return accumulator == DType::f64 ? pack_bias<double>(layer, groups) : pack_bias<float>(layer, groups);
}

}  // namespace perceptron::mutate
