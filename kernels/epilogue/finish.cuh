// What every kernel does with a finished sum, once per entry: bias, activation, rounding to the output dtype,
// store. The formulas are those of the host (formulas.inl over the scalar lane), so the bits are too.
#pragma once

#include <cstdint>

#include "kernels/epilogue/activation.hpp"
#include "kernels/epilogue/convert.cuh"
#include "kernels/linear.hpp"

namespace perceptron::kernels {

/// f(z) in the accumulator type; softmax counts as identity (row_softmax follows). Every call inlines
/// seventeen formulas, some 900 instructions of PTX: call it from one loop of an entry that is not unrolled.
template <class A>
__device__ A activated(ActivationKind kind, A z, A parameter) {
  return visit_activation(kind, [=](auto constant) -> A {
    if constexpr (constant() == ActivationKind::softmax) {
      return z;
    } else {
      return epilogue::Formula<constant()>::template apply<epilogue::ScalarLane<A>>(z, parameter);
    }
  });
}

/// Rounds the value to dtype and stores it as element `index` of y.
template <class A>
__device__ void store_narrowed(void* y, DType dtype, std::int64_t index, A value) {
  visit_dtype(dtype, [=](auto stored) {
    using S = decltype(stored);
    static_cast<S*>(y)[index] = narrowed<S>(value);
  });
}

/// Element `index` of y = f(z).
template <class A>
__device__ void finish_at(const LinearArguments& p, std::int64_t index, A z) {
  store_narrowed(p.y, p.output_dtype, index, activated(p.activation, z, static_cast<A>(p.parameter)));
}

/// y[group, row, output] = f(total + bias). The packed bias is never −0, so neither is z.
template <class A>
__device__ void finish(const LinearArguments& p, std::int64_t group, std::int64_t row, std::int64_t output,
                       A total) {
  const A bias = static_cast<const A*>(p.bias)[group * p.bias_group_stride + output];
  finish_at(p, group * p.y_group_stride + row * p.y_stride + output, total + bias);
}

}  // namespace perceptron::kernels
