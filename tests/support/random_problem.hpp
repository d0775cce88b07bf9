// Views over random data for tests: strided, grouped and misaligned memory between guard zones.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "perceptron/layer.hpp"
#include "perceptron/problem.hpp"
#include "perceptron/view.hpp"

namespace perceptron::test {

/// How the memory of a problem is laid out.
struct Layout {
  std::int64_t x_padding = 0;  ///< Elements between the rows.
  std::int64_t y_padding = 0;
  std::int64_t w_padding = 0;
  std::int64_t offset = 0;  ///< Elements by which every base is moved off its alignment.
};

/// What the values are.
enum class Data { normal, wide_range, subnormal, specials };

/// Memory of one operand: filled with a NaN pattern, so that everything around its elements is a guard.
class Storage {
 public:
  Storage(DType dtype, std::int64_t elements, std::int64_t offset)
      : dtype_(dtype),
        offset_(offset + kGuard),
        bytes_(static_cast<std::size_t>(elements + offset + 2 * kGuard) * size_of(dtype), std::byte{0xFF}) {}
  void* data() { return bytes_.data() + static_cast<std::size_t>(offset_) * size_of(dtype_); }
  const std::vector<std::byte>& bytes() const { return bytes_; }

  static constexpr std::int64_t kGuard = 64;

 private:
  DType dtype_;
  std::int64_t offset_;
  std::vector<std::byte> bytes_;
};

/// Operands of a problem with random contents; the same seed gives the same contents.
class RandomProblem {
 public:
  RandomProblem(const Problem& problem, std::uint64_t seed, const Layout& layout = {},
                Data data = Data::normal)
      : problem_(problem),
        layout_(layout),
        x_(problem.dtype, (problem.shared_x ? 1 : problem.groups) * problem.rows * x_stride(), layout.offset),
        w_(problem.dtype, problem.groups * problem.outputs * w_stride(), layout.offset),
        b_(problem.dtype, problem.groups * problem.outputs, layout.offset),
        y_(problem.output_dtype, problem.groups * problem.rows * y_stride(), layout.offset),
        random_(seed),
        data_(data) {
    fill(x(), 1.0);
    fill(layer().weight, 1.0 / std::sqrt(static_cast<double>(problem.inputs)));
    if (problem.has_bias) fill(layer().bias, 0.5);
  }

  const Problem& problem() const { return problem_; }
  ConstMatrixView x() {
    ConstMatrixView view(x_.data(), problem_.dtype, problem_.rows, problem_.inputs);
    return view.with_stride(x_stride())
        .with_groups(problem_.groups, problem_.shared_x ? 0 : problem_.rows * x_stride());
  }
  MatrixView y() { return y_view(y_); }
  MatrixView y_view(Storage& storage) {
    MatrixView view(storage.data(), problem_.output_dtype, problem_.rows, problem_.outputs);
    return view.with_stride(y_stride()).with_groups(problem_.groups, problem_.rows * y_stride());
  }
  Layer layer() {
    Layer layer;
    layer.weight = ConstMatrixView(w_.data(), problem_.dtype, problem_.outputs, problem_.inputs)
                       .with_stride(w_stride())
                       .with_groups(problem_.groups, problem_.outputs * w_stride());
    if (problem_.has_bias) {
      layer.bias = ConstMatrixView(b_.data(), problem_.dtype, 1, problem_.outputs)
                       .with_groups(problem_.groups, problem_.outputs);
    }
    layer.activation = problem_.activation;
    return layer;
  }
  /// Fresh memory for y, guards and elements all NaN.
  Storage make_output() const {
    return Storage(problem_.output_dtype, problem_.groups * problem_.rows * y_stride(), layout_.offset);
  }

 private:
  std::int64_t x_stride() const { return problem_.inputs + layout_.x_padding; }
  std::int64_t y_stride() const { return problem_.outputs + layout_.y_padding; }
  std::int64_t w_stride() const { return problem_.inputs + layout_.w_padding; }

  double value(double scale) {
    const double normal = normal_(random_) * scale;
    switch (data_) {
      case Data::normal: return normal;
      case Data::wide_range: return std::ldexp(normal, static_cast<int>(random_() % 41) - 20);
      case Data::subnormal: return normal * (problem_.dtype == DType::f64 ? 1e-160 : 1e-22);
      case Data::specials: break;
    }
    switch (random_() % 97) {
      case 0: return INFINITY;
      case 1: return -INFINITY;
      case 2: return NAN;
      case 3: return -0.0;
      default: return normal;
    }
  }

  void fill(const ConstMatrixView& view, double scale) {
    visit_dtype(view.dtype, [&]<class T>(T) {
      for (std::int64_t group = 0; group < (view.group_stride == 0 ? 1 : view.groups); ++group) {
        for (std::int64_t row = 0; row < view.rows; ++row) {
          auto* to = static_cast<T*>(const_cast<void*>(view.element(group, row)));
          for (std::int64_t column = 0; column < view.columns; ++column)
            to[column] = static_cast<T>(value(scale));
        }
      }
    });
  }

  Problem problem_;
  Layout layout_;
  Storage x_, w_, b_, y_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  Data data_;
};

}  // namespace perceptron::test
