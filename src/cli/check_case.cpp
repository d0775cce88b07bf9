#include "src/cli/check_case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "perceptron/device_plan.hpp"
#include "perceptron/engine.hpp"
#include "perceptron/error.hpp"
#include "src/cli/interrupt.hpp"
#include "src/cli/invariance.hpp"
#include "src/engine/stopwatch.hpp"

namespace perceptron::cli {
namespace {

using engine::timed;

bool is_ptx(const std::string& device) {
  return device == "ptx" || device.starts_with("ptx:") || device.starts_with("ptx@");
}

/// As plans name kernels: "cpu:avx2/tile", "ptx/tile_fma_64x64_f32".
bool is_of_family(const std::string& kernel, const std::string& family) {
  return family.empty() || kernel.find("/" + family) != std::string::npos;
}

/// The machine that executes PTX makes the choices of the data's seed.
Options options_of(const Case& asked) {
  Options options;
  options.device = asked.device;
  options.threads = asked.threads;
  options.arithmetic = asked.problem.arithmetic;
  const bool has_seed = asked.device.find('@') != std::string::npos;
  if (is_ptx(asked.device) && !has_seed) options.device += fmt::format("@{}", asked.seed);
  return options;
}

void fail(CaseResult& result, std::string reason) {
  result.status = Status::failed;
  result.reasons.push_back(std::move(reason));
}

/// Rows between two looks for an interrupt.
constexpr std::int64_t kPieceRows = 256;

Verdict verdict_on(const Operands& operands, const ConstMatrixView& y, const ValidateOptions& by) {
  if (y.rows <= kPieceRows) return validate(operands.x(), operands.layer(), y, by);
  Verdict verdict;
  for (std::int64_t first = 0; first < y.rows; first += kPieceRows) {
    stop_if_interrupted();
    const std::int64_t count = std::min(kPieceRows, y.rows - first);
    const ConstMatrixView x = operands.x().row_range(first, count);
    verdict.add(validate(x, operands.layer(), y.row_range(first, count), by), first);
  }
  return verdict;
}

/// Sums of many inputs have no interval; then bits decide alone.
std::optional<Verdict> interval_verdict(const Operands& operands, const ConstMatrixView& y,
                                        const Case& asked) {
  try {
    return verdict_on(operands, y, {Arithmetic::tensor, asked.threads});
  } catch (const Unsupported&) {
    if (asked.arithmetic == Arithmetic::tensor) throw;
    return std::nullopt;
  }
}

void judge(CaseResult& result, const Operands& operands, const ConstMatrixView& y) {
  const Case& asked = result.of;
  if (asked.arithmetic == Arithmetic::reproducible) {
    result.bits = verdict_on(operands, y, {asked.arithmetic, asked.threads});
  }
  result.interval = interval_verdict(operands, y, asked);
  const bool is_wrong_in_bits = result.bits && !result.bits->passed();
  if (is_wrong_in_bits) fail(result, describe(*result.bits));
  if (!result.interval || result.interval->passed()) return;
  fail(result, is_wrong_in_bits ? to_string(*result.interval) : describe(*result.interval));
}

void run(CaseResult& result, const Operands& operands, const Options& options) {
  Matrix y = operands.make_output();
  Engine engine(Model({operands.layer()}), options);
  engine.run(operands.x(), y);
  judge(result, operands, y.view());
  if (!result.of.checks_invariance) return;
  for (std::string& broken : broken_invariances(operands, y.view(), options)) fail(result, std::move(broken));
}

void check_on(CaseResult& result, const Options& options) {
  const Case& asked = result.of;
  try {
    result.kernel = plan_on(asked.problem, options).layer.kernel;
  } catch (const Unsupported& refusal) {
    result.status = Status::skipped;
    result.reasons.emplace_back(refusal.what());
    return;
  }
  if (!is_of_family(result.kernel, asked.family)) {
    result.status = Status::skipped;
    result.reasons.push_back(fmt::format("{} is not of the family {}", result.kernel, asked.family));
    return;
  }
  const Operands operands(asked.problem, asked.kind, asked.seed);
  try {
    run(result, operands, options);
  } catch (const Unsupported& refusal) {
    result.status = Status::skipped;
    result.reasons.emplace_back(refusal.what());
  } catch (const KernelError& fault) {
    fail(result, fault.what());
  } catch (const DeviceError& error) {
    if (!is_ptx(asked.device)) throw;
    fail(result, error.what());
  }
  if (result.status != Status::passed) return;
  const std::string doubt = mistrust(result.bits ? *result.bits : *result.interval);
  if (doubt.empty()) return;
  result.status = Status::mistrusted;
  result.reasons.push_back(doubt);
}

}  // namespace

CaseResult check(const Case& asked) {
  CaseResult result;
  result.of = asked;
  timed(result.seconds, [&] { check_on(result, options_of(asked)); });
  return result;
}

}  // namespace perceptron::cli
