// Operands of one layer for the tests of src/reference: values as doubles, already rounded to a storage type,
// and the same in that type.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

#include "perceptron/layer.hpp"
#include "perceptron/matrix.hpp"

namespace perceptron::test {

enum class Kind { normal, positive, cancelling, wide, subnormal };
inline constexpr Kind kKinds[] = {Kind::normal, Kind::positive, Kind::cancelling, Kind::wide,
                                  Kind::subnormal};
inline constexpr DType kAllDTypes[] = {DType::f64, DType::f32, DType::f16, DType::bf16};

constexpr std::string_view to_string(Kind kind) {
  constexpr std::string_view kNames[] = {"normal", "positive", "cancelling", "wide", "subnormal"};
  return kNames[static_cast<int>(kind)];
}

/// Every kind, and parameters of every sign.
inline std::vector<Activation> every_activation() {
  std::vector<Activation> all{{ActivationKind::leaky_relu, -0.5}, {ActivationKind::elu, -1.5}};
  for (std::size_t kind = 0; kind < kActivations.size(); ++kind) {
    all.emplace_back(static_cast<ActivationKind>(kind));
  }
  return all;
}

struct Shape {
  std::int64_t rows = 1;
  std::int64_t inputs = 1;
  std::int64_t outputs = 1;
};

inline Matrix stored(const std::vector<double>& values, std::int64_t columns, DType dtype) {
  return copy(ConstMatrixView(values.data(), static_cast<std::int64_t>(values.size()) / columns, columns),
              dtype);
}

inline std::vector<double> rounded(const std::vector<double>& values, DType dtype) {
  const Matrix wide = copy(stored(values, 1, dtype).view(), DType::f64);
  const auto* first = static_cast<const double*>(wide.data());
  return {first, first + values.size()};
}

/// Operands whose memory in the storage type lives as long as they do.
class Samples {
 public:
  Samples(const Shape& shape, DType dtype, Kind kind, std::uint64_t seed) : shape(shape), dtype(dtype) {
    std::mt19937_64 random(seed);
    fill(x, shape.rows, kind, random, false);
    fill(w, shape.outputs, kind, random, true);
    std::normal_distribution<double> normal;
    const double scale = kind == Kind::subnormal ? subnormal_scale() * subnormal_scale() : 1;
    for (std::int64_t output = 0; output < shape.outputs; ++output) b.push_back(normal(random) * scale);
    if (kind == Kind::positive)
      for (double& value : b) value = std::fabs(value);
    store();
  }

  Samples(const Samples& other) : shape(other.shape), dtype(other.dtype), x(other.x), w(other.w), b(other.b) {
    store();
  }

  /// To be called after the values were changed.
  void store() {
    x = rounded(x, dtype);
    w = rounded(w, dtype);
    b = rounded(b, dtype);
    stored_x_ = stored(x, shape.inputs, dtype);
    stored_w_ = stored(w, shape.inputs, dtype);
    stored_b_ = stored(b, shape.outputs, dtype);
  }

  ConstMatrixView x_view() const { return stored_x_.view(); }
  Layer layer(const Activation& activation, bool has_bias = true) const {
    return {stored_w_.view(), has_bias ? stored_b_.view() : ConstMatrixView(), activation};
  }

  Shape shape;
  DType dtype;
  std::vector<double> x, w, b;

 private:
  /// Its square is near the bottom of the accumulator, where there is room for that.
  double subnormal_scale() const {
    switch (dtype) {
      case DType::f64: return 0x1p-535;
      case DType::f16: return 0x1p-20;
      default: return 0x1p-72;
    }
  }

  int spread() const { return dtype == DType::f64 ? 200 : dtype == DType::f16 ? 5 : 25; }

  /// In cancelling data the second half of every row repeats the first, with turned signs in w, but for
  /// noise.
  void fill(std::vector<double>& to, std::int64_t rows, Kind kind, std::mt19937_64& random,
            bool turns) const {
    std::normal_distribution<double> normal;
    std::uniform_int_distribution<int> exponent(-spread(), spread());
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::size_t first = to.size();
      for (std::int64_t k = 0; k < shape.inputs; ++k) {
        const double value = normal(random);
        const std::int64_t half = (shape.inputs + 1) / 2;
        switch (kind) {
          case Kind::normal: to.push_back(value); break;
          case Kind::positive: to.push_back(std::fabs(value) + 0.5); break;
          case Kind::wide: to.push_back(std::ldexp(value, exponent(random))); break;
          case Kind::subnormal:
            to.push_back(std::ldexp(value * subnormal_scale(), exponent(random) / 8));
            break;
          case Kind::cancelling:
            to.push_back(k < half ? value
                                  : to[first + static_cast<std::size_t>(k - half)] * (turns ? -1 : 1) +
                                        (k % 64 == 0 ? 1e-3 * value : 0));
        }
      }
    }
  }

  Matrix stored_x_, stored_w_, stored_b_;
};

}  // namespace perceptron::test
