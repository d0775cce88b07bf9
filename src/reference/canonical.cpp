#include "src/reference/canonical.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/epilogue/activation.hpp"
#include "src/reference/float_environment.hpp"

namespace perceptron::reference {
namespace {

template <class A>
[[gnu::always_inline]] inline A dot_of(const A* x, const A* w, std::int64_t inputs) {
  A total = 0;
  for (std::int64_t first = 0; first < inputs; first += kSumBlock) {
    const std::int64_t end = std::min(first + kSumBlock, inputs);
    A sum = 0;
    for (std::int64_t k = first; k < end; ++k) sum = std::fma(x[k], w[k], sum);
    total = first == 0 ? sum : total + sum;
  }
  return total;
}

// The same code with the instruction instead of a call of the C library, which has the same result four times
// slower.
#if defined(__x86_64__)
__attribute__((target("fma"))) float dot_fused(const float* x, const float* w, std::int64_t inputs) {
  return dot_of(x, w, inputs);
}
__attribute__((target("fma"))) double dot_fused(const double* x, const double* w, std::int64_t inputs) {
  return dot_of(x, w, inputs);
}
bool has_fma() {
  static const bool has = __builtin_cpu_supports("fma");
  return has;
}
#else
template <class A>
A dot_fused(const A* x, const A* w, std::int64_t inputs) {
  return dot_of(x, w, inputs);
}
bool has_fma() { return false; }
#endif

template <class A>
void widen(const void* from, DType dtype, std::int64_t count, A* to) {
  visit_dtype(dtype, [&]<class Stored>(Stored) {
    const auto* values = static_cast<const Stored*>(from);
    std::transform(values, values + count, to, [](Stored value) { return static_cast<A>(value); });
  });
}

template <class A>
void store(const A* values, DType dtype, std::int64_t count, void* to) {
  visit_dtype(dtype, [&]<class Stored>(Stored) {
    std::transform(values, values + count, static_cast<Stored*>(to),
                   [](A value) { return static_cast<Stored>(value); });
  });
}

template <class A>
void canonical_of(const ConstMatrixView& x, const Layer& layer, const MatrixView& y) {
  const std::int64_t inputs = layer.inputs(), outputs = layer.outputs();
  std::vector<A> input(static_cast<std::size_t>(inputs)), row(static_cast<std::size_t>(outputs));
  std::vector<A> weights(static_cast<std::size_t>(inputs * outputs)), bias(static_cast<std::size_t>(outputs));
  for (std::int64_t group = 0; group < layer.groups(); ++group) {
    for (std::int64_t o = 0; o < outputs; ++o) {
      widen(layer.weight.element(group, o), layer.weight.dtype, inputs, weights.data() + o * inputs);
    }
    if (layer.has_bias()) widen(layer.bias.element(group, 0), layer.bias.dtype, outputs, bias.data());
    for (std::int64_t r = 0; r < x.rows; ++r) {
      widen(x.element(group, r), x.dtype, inputs, input.data());
      for (std::int64_t o = 0; o < outputs; ++o) {
        const auto index = static_cast<std::size_t>(o);
        // A stored −0 counts as +0, and so z is never −0.
        const A addend = bias[index] == 0 ? A{0} : bias[index];
        row[index] = dot(input.data(), weights.data() + o * inputs, inputs) + addend;
      }
      if (layer.activation.kind == ActivationKind::softmax) {
        epilogue::softmax_row(row.data(), row.data(), outputs);
      } else {
        for (A& z : row) z = epilogue::activate(layer.activation, z);
      }
      store(row.data(), y.dtype, outputs, y.element(group, r));
    }
  }
}

}  // namespace

float dot(const float* x, const float* w, std::int64_t inputs) {
  return has_fma() ? dot_fused(x, w, inputs) : dot_of(x, w, inputs);
}
double dot(const double* x, const double* w, std::int64_t inputs) {
  return has_fma() ? dot_fused(x, w, inputs) : dot_of(x, w, inputs);
}

void canonical(const ConstMatrixView& x, const Layer& layer, const MatrixView& y) {
  const FloatEnvironment environment;
  if (accumulator_of(layer.weight.dtype) == DType::f64) {
    canonical_of<double>(x, layer, y);
  } else {
    canonical_of<float>(x, layer, y);
  }
}

}  // namespace perceptron::reference
