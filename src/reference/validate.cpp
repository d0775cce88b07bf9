#include "perceptron/validate.hpp"

#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>
#include <utility>

#include "perceptron/matrix.hpp"
#include "src/engine/checks.hpp"
#include "src/reference/canonical.hpp"
#include "src/reference/float_environment.hpp"

namespace perceptron {
namespace {

/// Rows that are computed by the reference at a time.
constexpr std::int64_t kRowsAtOnce = 64;

template <class T>
bool has_same_bits(T a, T b) {
  const double wide_a = static_cast<double>(a), wide_b = static_cast<double>(b);
  if (std::isnan(wide_a) || std::isnan(wide_b)) return std::isnan(wide_a) && std::isnan(wide_b);
  return wide_a == wide_b && std::signbit(wide_a) == std::signbit(wide_b);
}

/// The first in the order of rows, then groups, then columns.
bool comes_before(const Mismatch& a, const Mismatch& b) {
  return std::tuple(a.row, a.group, a.column) < std::tuple(b.row, b.group, b.column);
}

Verdict compare(const ConstMatrixView& expected, const ConstMatrixView& found) {
  Verdict verdict;
  visit_dtype(found.dtype, [&]<class T>(T) {
    for (std::int64_t group = 0; group < found.groups; ++group) {
      for (std::int64_t row = 0; row < found.rows; ++row) {
        const auto* want = static_cast<const T*>(expected.element(group, row));
        const auto* have = static_cast<const T*>(found.element(group, row));
        for (std::int64_t column = 0; column < found.columns; ++column) {
          if (has_same_bits(want[column], have[column])) continue;
          ++verdict.mismatches;
          const Mismatch mismatch{group, row, column, static_cast<double>(want[column]),
                                  static_cast<double>(have[column])};
          if (!verdict.first || comes_before(mismatch, *verdict.first)) verdict.first = mismatch;
        }
      }
    }
  });
  verdict.checked = found.groups * found.rows * found.columns;
  return verdict;
}

Verdict merge(Verdict a, const Verdict& b) {
  if (b.first && (!a.first || comes_before(*b.first, *a.first))) a.first = b.first;
  a.checked += b.checked;
  a.mismatches += b.mismatches;
  return a;
}

/// The reference's output of a stack for some rows.
Matrix run_reference(ConstMatrixView x, const std::vector<Layer>& layers, DType output_dtype) {
  Matrix input;
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const Layer& layer = layers[index];
    const DType dtype = index + 1 == layers.size() ? output_dtype : layers[index + 1].weight.dtype;
    Matrix output(dtype, x.rows, layer.outputs(), layer.groups());
    reference::canonical(x, layer, output.view());
    input = std::move(output);
    x = std::as_const(input).view();
  }
  return input;
}

Verdict validate_rows(const ConstMatrixView& x, const std::vector<Layer>& layers, const ConstMatrixView& y) {
  const reference::FloatEnvironment environment;  // Under flush-to-zero all subnormals would be equal.
  Verdict verdict;
  for (std::int64_t row = 0; row < x.rows; row += kRowsAtOnce) {
    const std::int64_t count = std::min(kRowsAtOnce, x.rows - row);
    const Matrix expected = run_reference(x.row_range(row, count), layers, y.dtype);
    Verdict part = compare(expected.view(), y.row_range(row, count));
    if (part.first) part.first->row += row;
    verdict = merge(verdict, part);
  }
  return verdict;
}

Verdict validate_stack(const ConstMatrixView& x, const std::vector<Layer>& layers, const ConstMatrixView& y,
                       int threads) {
  MatrixView writable(const_cast<void*>(y.data), y.dtype, y.rows, y.columns);
  writable = writable.with_stride(y.stride).with_groups(y.groups, y.group_stride);
  writable.place = y.place;
  engine::check_call(x, layers.front(), writable, layers.back());
  engine::check_on_host(x, "x");
  engine::check_on_host(y, "y");
  tbb::task_arena arena(threads > 0 ? threads : tbb::task_arena::automatic);
  return arena.execute([&] {
    const auto range = tbb::blocked_range<std::int64_t>(0, x.rows, kRowsAtOnce);
    const auto body = [&](const tbb::blocked_range<std::int64_t>& rows, Verdict verdict) {
      const std::int64_t first = rows.begin(), count = rows.end() - rows.begin();
      Verdict part = validate_rows(x.row_range(first, count), layers, y.row_range(first, count));
      if (part.first) part.first->row += first;
      return merge(verdict, part);
    };
    return tbb::parallel_reduce(range, Verdict{}, body, merge);
  });
}

}  // namespace

Verdict validate(ConstMatrixView x, const Layer& layer, ConstMatrixView y) {
  engine::check_layer(layer, "layer");
  engine::check_on_host(layer, "layer");
  return validate_stack(x, {layer}, y, 1);
}

Verdict validate(ConstMatrixView x, const Model& model, ConstMatrixView y, int threads) {
  std::vector<Layer> layers;
  for (std::size_t index = 0; index < model.layer_count(); ++index) layers.push_back(model.layer(index));
  return validate_stack(x, layers, y, threads);
}

std::string to_string(const Verdict& verdict) {
  if (verdict.passed())
    return fmt::format("{} elements, all bit-identical to the reference", verdict.checked);
  const Mismatch& first = *verdict.first;
  return fmt::format(
      "{} of {} elements differ from the reference; first at group {}, row {}, column {}: expected {}, found "
      "{}",
      verdict.mismatches, verdict.checked, first.group, first.row, first.column, first.expected, first.found);
}

}  // namespace perceptron
