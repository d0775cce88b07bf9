// The public calls: checks, threads over rows, pieces of what lies on a GPU, and layers one after another.
// Judging itself is in judge.hpp.
#include "perceptron/validate.hpp"

#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "perceptron/error.hpp"
#include "perceptron/matrix.hpp"
#include "src/cuda/device_matrix.hpp"
#include "src/engine/checks.hpp"
#include "src/reference/canonical.hpp"
#include "src/reference/float_environment.hpp"
#include "src/reference/judge.hpp"
#include "src/reference/uncertain_row.hpp"
#include "src/reference/verdict.hpp"

namespace perceptron {
namespace {

/// Rows that are computed by the reference at a time.
constexpr std::int64_t kRowsAtOnce = 64;
/// Of x and y on a GPU, in host memory at a time.
constexpr std::int64_t kPieceBytes = std::int64_t{64} << 20;

/// A stack and the arithmetic that it is judged by.
struct Judge {
  const std::vector<Layer>& layers;
  DType output;  ///< Of y.
  Arithmetic arithmetic;

  DType output_of(std::size_t index) const {
    return index + 1 == layers.size() ? output : layers[index + 1].weight.dtype;
  }
  reference::Contract contract(std::size_t index) const {
    return {layers[index].activation, layers[index].weight.dtype, output_of(index), arithmetic};
  }
};

/// What the reference hands to the last layer for some rows; of one layer: nothing, that is x.
Matrix run_hidden_layers(ConstMatrixView x, const Judge& judge) {
  Matrix input;
  for (std::size_t index = 0; index + 1 < judge.layers.size(); ++index) {
    const Layer& layer = judge.layers[index];
    Matrix output(judge.output_of(index), x.rows, layer.outputs(), layer.groups());
    reference::canonical(x, layer, output.view());
    input = std::move(output);
    x = std::as_const(input).view();
  }
  return input;
}

void run_reference(const ConstMatrixView& x, const Judge& judge, const MatrixView& y) {
  const Matrix hidden = run_hidden_layers(x, judge);
  reference::canonical(hidden.empty() ? x : hidden.view(), judge.layers.back(), y);
}

/// What the interval test says of the last layer, whose input is the reference's. Throws Unsupported where no
/// bound is known.
void explain(Mismatch& mismatch, const ConstMatrixView& x, const Judge& judge) {
  const std::size_t last = judge.layers.size() - 1;
  const ConstMatrixView row = x.row_range(mismatch.row, 1);
  const Matrix hidden = run_hidden_layers(row, judge);
  const ConstMatrixView input = hidden.empty() ? row : hidden.view();
  const auto z = reference::preactivations(input, judge.layers[last], mismatch.group, 0);
  reference::Contract contract = judge.contract(last);
  contract.arithmetic = Arithmetic::tensor;
  const auto allowed = reference::accepted_row(z, contract);
  reference::explain(mismatch, {mismatch.group, mismatch.row, z, allowed}, contract);
}

void explain_failures(Verdict& verdict, const ConstMatrixView& x, const Judge& judge) {
  for (Mismatch& failure : verdict.failures) {
    try {
      explain(failure, x, judge);
    } catch (const Unsupported&) {
      failure.z = failure.lo = failure.hi = std::numeric_limits<double>::quiet_NaN();
      failure.z_bound = std::numeric_limits<double>::infinity();
    }
  }
  if (verdict.first) verdict.first = verdict.failures.front();
}

Verdict compare_rows(const ConstMatrixView& x, const Judge& judge, const ConstMatrixView& y) {
  Verdict verdict;
  for (std::int64_t row = 0; row < x.rows; row += kRowsAtOnce) {
    const std::int64_t count = std::min(kRowsAtOnce, x.rows - row);
    Matrix expected(y.dtype, count, y.columns, y.groups);
    run_reference(x.row_range(row, count), judge, expected.view());
    verdict.add(reference::compare_bits(expected.view(), y.row_range(row, count)), row);
  }
  return verdict;
}

/// One row of one group through all layers, and into the verdict.
void judge_row(Verdict& verdict, const ConstMatrixView& x, const Judge& judge, const ConstMatrixView& y,
               std::int64_t group) {
  auto z = reference::preactivations(x, judge.layers.front(), group, 0);
  auto allowed = reference::accepted_row(z, judge.contract(0));
  for (std::size_t index = 1; index < judge.layers.size(); ++index) {
    const Layer& layer = judge.layers[index];
    const auto input = reference::UncertainRow::of(allowed, layer.weight.dtype);
    z = input ? input->preactivations(layer, group) : reference::unknown_row(layer);
    allowed = reference::accepted_row(z, judge.contract(index));
  }
  reference::judge_row(verdict, {group, 0, z, allowed}, y, judge.contract(judge.layers.size() - 1));
}

Verdict judge_rows(const ConstMatrixView& x, const Judge& judge, const ConstMatrixView& y) {
  Verdict verdict;
  for (std::int64_t row = 0; row < x.rows; ++row) {
    const ConstMatrixView x_row = x.row_range(row, 1), y_row = y.row_range(row, 1);
    Verdict part = reference::verdict_on(y_row, judge.arithmetic);
    for (std::int64_t group = 0; group < y.groups; ++group) judge_row(part, x_row, judge, y_row, group);
    verdict.add(part, row);
  }
  return verdict;
}

Verdict validate_rows(const ConstMatrixView& x, const Judge& judge, const ConstMatrixView& y) {
  const reference::FloatEnvironment environment;  // Under flush-to-zero all subnormals would be equal.
  return judge.arithmetic == Arithmetic::reproducible ? compare_rows(x, judge, y) : judge_rows(x, judge, y);
}

/// On the threads of the arena in which it is called, as everything below.
Verdict validate_on_host(const ConstMatrixView& x, const Judge& judge, const ConstMatrixView& y) {
  const std::int64_t grain = judge.arithmetic == Arithmetic::reproducible ? kRowsAtOnce : 1;
  const auto range = tbb::blocked_range<std::int64_t>(0, x.rows, static_cast<std::size_t>(grain));
  const auto body = [&](const tbb::blocked_range<std::int64_t>& rows, Verdict verdict) {
    const std::int64_t first = rows.begin(), count = rows.end() - rows.begin();
    verdict.add(validate_rows(x.row_range(first, count), judge, y.row_range(first, count)), first);
    return verdict;
  };
  const auto join = [](Verdict left, const Verdict& right) {
    left.add(right, 0);
    return left;
  };
  Verdict verdict = tbb::parallel_reduce(range, Verdict{}, body, join);
  if (judge.arithmetic == Arithmetic::reproducible) explain_failures(verdict, x, judge);
  return verdict;
}

Matrix reference_output(const ConstMatrixView& x, const Judge& judge, const ConstMatrixView& y) {
  Matrix expected(y.dtype, x.rows, y.columns, y.groups);
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, x.rows, kRowsAtOnce), [&](const auto& rows) {
    const reference::FloatEnvironment environment;
    const std::int64_t first = rows.begin(), count = rows.end() - rows.begin();
    run_reference(x.row_range(first, count), judge, expected.view().row_range(first, count));
  });
  return expected;
}

/// Rows of y on a GPU, which compares their bits; only where some are wrong does y come to the host.
Verdict compare_on_device(const ConstMatrixView& x, const Judge& judge, cuda::DeviceMatrix& y_matrix,
                          const ConstMatrixView& y, std::int64_t first) {
  const Matrix expected = reference_output(x, judge, y);
  const bool is_right = y_matrix.has_bits(first, expected.view());
  const Matrix found = is_right ? Matrix() : y_matrix.rows(first, x.rows);
  Verdict verdict = reference::compare_bits(expected.view(), is_right ? expected.view() : found.view());
  explain_failures(verdict, x, judge);
  return verdict;
}

/// One of x and y, or both, on a GPU: in pieces of rows.
Verdict validate_in_pieces(const ConstMatrixView& x, const Judge& judge, const ConstMatrixView& y) {
  const auto on_device = [](const ConstMatrixView& view, const char* name) {
    return view.place == Place::device ? cuda::device_matrix(view, name) : nullptr;
  };
  const auto x_matrix = on_device(x, "x"), y_matrix = on_device(y, "y");
  const auto row_bytes = [](const ConstMatrixView& view) {
    return view.groups * view.columns * static_cast<std::int64_t>(size_of(view.dtype));
  };
  const std::int64_t rows_at_once =
      std::max(kRowsAtOnce, kPieceBytes / std::max<std::int64_t>(1, row_bytes(x) + row_bytes(y)));
  Verdict verdict;
  for (std::int64_t first = 0; first < x.rows; first += rows_at_once) {
    const std::int64_t count = std::min(rows_at_once, x.rows - first);
    ConstMatrixView x_rows = x.row_range(first, count), y_rows = y.row_range(first, count);
    const auto bring = [&](cuda::DeviceMatrix* device, ConstMatrixView& view) {
      if (device == nullptr) return Matrix();
      Matrix rows = device->rows(first, count);
      view = std::as_const(rows).view().with_groups(view.groups,
                                                    view.group_stride == 0 ? 0 : count * view.columns);
      return rows;
    };
    const Matrix x_brought = bring(x_matrix.get(), x_rows);
    if (y_matrix && judge.arithmetic == Arithmetic::reproducible) {
      verdict.add(compare_on_device(x_rows, judge, *y_matrix, y_rows, first), first);
      continue;
    }
    const Matrix y_brought = bring(y_matrix.get(), y_rows);
    verdict.add(validate_on_host(x_rows, judge, y_rows), first);
  }
  return verdict;
}

Verdict validate_stack(const ConstMatrixView& x, const std::vector<Layer>& layers, const ConstMatrixView& y,
                       const ValidateOptions& options) {
  engine::check_call(x, layers.front(), y, layers.back());
  engine::check_threads(options.threads);
  if (x.rows == 0) return reference::verdict_on(y, options.arithmetic);
  const Judge judge{layers, y.dtype, options.arithmetic};
  const bool is_on_host = x.place == Place::host && y.place == Place::host;
  const int most_threads = tbb::info::default_concurrency();
  tbb::task_arena arena(options.threads > 0 ? std::min(options.threads, most_threads) : most_threads);
  return arena.execute(
      [&] { return is_on_host ? validate_on_host(x, judge, y) : validate_in_pieces(x, judge, y); });
}

}  // namespace

Verdict validate(ConstMatrixView x, const Layer& layer, ConstMatrixView y, const ValidateOptions& options) {
  engine::check_layer(layer, "layer");
  engine::check_on_host(layer, "layer");
  return validate_stack(x, {layer}, y, options);
}

Verdict validate(ConstMatrixView x, const Model& model, ConstMatrixView y, const ValidateOptions& options) {
  return validate_stack(x, model.layers(), y, options);
}

Verdict validate(ConstMatrixView x, const Layer& layer, ConstMatrixView y) {
  return validate(x, layer, y, ValidateOptions(Arithmetic::reproducible, 1));
}

Verdict validate(ConstMatrixView x, const Model& model, ConstMatrixView y, int threads) {
  return validate(x, model, y, ValidateOptions(Arithmetic::reproducible, threads));
}

std::vector<Verdict> validate_layers(ConstMatrixView x, const Model& model,
                                     std::span<const ConstMatrixView> outputs,
                                     const ValidateOptions& options) {
  if (outputs.size() != model.layer_count()) {
    throw InvalidArgument(
        fmt::format("validate_layers: layers of the model: {}, outputs: {}; expected as many",
                    model.layer_count(), outputs.size()));
  }
  std::vector<Verdict> verdicts;
  for (std::size_t index = 0; index < outputs.size(); ++index) {
    verdicts.push_back(
        validate(index == 0 ? x : outputs[index - 1], model.layer(index), outputs[index], options));
  }
  return verdicts;
}

}  // namespace perceptron
