// The public calls: checks, threads over rows, and layers one after another. Judging itself is in judge.hpp.
#include "perceptron/validate.hpp"

#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "perceptron/error.hpp"
#include "perceptron/matrix.hpp"
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

/// The reference's output of the first `count` layers for some rows; of none: nothing.
Matrix run_reference(ConstMatrixView x, const Judge& judge, std::size_t count) {
  Matrix input;
  for (std::size_t index = 0; index < count; ++index) {
    const Layer& layer = judge.layers[index];
    Matrix output(judge.output_of(index), x.rows, layer.outputs(), layer.groups());
    reference::canonical(x, layer, output.view());
    input = std::move(output);
    x = std::as_const(input).view();
  }
  return input;
}

/// What the interval test says of the last layer, whose input is the reference's. Throws Unsupported where no
/// bound is known.
void explain(Mismatch& mismatch, const ConstMatrixView& x, const Judge& judge) {
  const std::size_t last = judge.layers.size() - 1;
  const ConstMatrixView row = x.row_range(mismatch.row, 1);
  const Matrix before = run_reference(row, judge, last);
  const ConstMatrixView input = last == 0 ? row : before.view();
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
    const Matrix expected = run_reference(x.row_range(row, count), judge, judge.layers.size());
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

void check(const ConstMatrixView& x, const std::vector<Layer>& layers, const ConstMatrixView& y) {
  MatrixView writable(const_cast<void*>(y.data), y.dtype, y.rows, y.columns);
  writable = writable.with_stride(y.stride).with_groups(y.groups, y.group_stride);
  writable.place = y.place;
  engine::check_call(x, layers.front(), writable, layers.back());
  engine::check_on_host(x, "x");
  engine::check_on_host(y, "y");
}

Verdict validate_stack(const ConstMatrixView& x, const std::vector<Layer>& layers, const ConstMatrixView& y,
                       const ValidateOptions& options) {
  check(x, layers, y);
  const Judge judge{layers, y.dtype, options.arithmetic};
  tbb::task_arena arena(options.threads > 0 ? options.threads : tbb::task_arena::automatic);
  return arena.execute([&] {
    const std::int64_t grain = options.arithmetic == Arithmetic::reproducible ? kRowsAtOnce : 1;
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
    Verdict verdict = reference::verdict_on(y.row_range(0, 0), options.arithmetic);
    verdict.add(tbb::parallel_reduce(range, Verdict{}, body, join), 0);
    if (options.arithmetic == Arithmetic::reproducible) {
      explain_failures(verdict, x, judge);
    }
    return verdict;
  });
}

std::vector<Layer> layers_of(const Model& model) {
  std::vector<Layer> layers;
  for (std::size_t index = 0; index < model.layer_count(); ++index) layers.push_back(model.layer(index));
  return layers;
}

}  // namespace

Verdict validate(ConstMatrixView x, const Layer& layer, ConstMatrixView y, const ValidateOptions& options) {
  engine::check_layer(layer, "layer");
  engine::check_on_host(layer, "layer");
  return validate_stack(x, {layer}, y, options);
}

Verdict validate(ConstMatrixView x, const Model& model, ConstMatrixView y, const ValidateOptions& options) {
  return validate_stack(x, layers_of(model), y, options);
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
    throw InvalidArgument(fmt::format("validate_layers: {} outputs for a model of {} layers; one for each",
                                      outputs.size(), model.layer_count()));
  }
  std::vector<Verdict> verdicts;
  for (std::size_t index = 0; index < outputs.size(); ++index) {
    verdicts.push_back(
        validate(index == 0 ? x : outputs[index - 1], model.layer(index), outputs[index], options));
  }
  return verdicts;
}

}  // namespace perceptron
