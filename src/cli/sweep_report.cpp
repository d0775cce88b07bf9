#include "src/cli/sweep_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "perceptron/version.hpp"
#include "src/cli/verdict_report.hpp"

namespace perceptron::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Cases of a device whose findings are printed in full; of all others the reproducing line.
constexpr int kDescribed = 5;

std::string indented(const std::string& text) {
  std::string lines = "    ";
  for (const char character : text) {
    lines += character;
    if (character == '\n') lines += "    ";
  }
  lines.erase(lines.find_last_not_of(" \n") + 1);
  return lines + "\n";
}

std::string name_of(const CaseResult& result) {
  return fmt::format(
      "{}, {} data, on {}{}", to_string(result.of.problem), to_string(result.of.kind), result.of.device,
      result.kernel.empty() || result.kernel == result.of.device ? "" : fmt::format(" ({})", result.kernel));
}

std::string case_text(const CaseResult& result, Suite suite, bool is_described) {
  std::string text = fmt::format("  {} {}\n", to_string(result.status), name_of(result));
  if (is_described) {
    for (const std::string& reason : result.reasons) text += indented(reason);
  }
  return text + fmt::format("    reproduce: {}\n", reproduction(result.of, suite));
}

std::string cases_text(const DeviceResult& result, Status status, Suite suite) {
  std::string text;
  int described = 0;
  for (const CaseResult& one : result.cases) {
    if (one.status == status) text += case_text(one, suite, described++ < kDescribed);
  }
  return text;
}

std::string skipped_text(const DeviceResult& result) {
  const auto is_skipped = [](const CaseResult& one) { return one.status == Status::skipped; };
  const auto first = std::ranges::find_if(result.cases, is_skipped);
  if (first == result.cases.end()) return "";
  return fmt::format("  SKIPPED {}, as {}\n", result.count(Status::skipped), first->reasons.front());
}

std::string counts_text(const std::vector<std::int64_t>& counts) {
  std::string text;
  for (std::size_t status = 0; status < kStatuses.size(); ++status) {
    if (counts[status] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts[status], kStatuses[status]);
  }
  return text.empty() ? "no cases" : text;
}

std::vector<std::int64_t> counts_of(const DeviceResult& result) {
  std::vector<std::int64_t> counts;
  for (std::size_t status = 0; status < kStatuses.size(); ++status) {
    counts.push_back(result.count(static_cast<Status>(status)));
  }
  return counts;
}

double seconds_of(const DeviceResult& result) {
  double seconds = 0;
  for (const CaseResult& one : result.cases) seconds += one.seconds;
  return seconds;
}

std::int64_t elements_of(const DeviceResult& result) {
  std::int64_t elements = 0;
  for (const CaseResult& one : result.cases) elements += one.elements();
  return elements;
}

/// The largest share of an interval that was used by what passed, of outputs as wide as their sums: where
/// they are narrower, most intervals hold one or two values.
double worst_share(const DeviceResult& result) {
  double worst = 0;
  for (const CaseResult& one : result.cases) {
    const Problem& problem = one.of.problem;
    const bool is_narrow = !widens_exactly(accumulator_of(problem.dtype), problem.output_dtype);
    if (is_narrow || one.status != Status::passed || !one.interval || !one.interval->worst) continue;
    worst = std::max(worst, one.interval->worst->share);
  }
  return worst;
}

Json case_value(const CaseResult& result, Suite suite) {
  Json value = {{"problem", to_string(result.of.problem)},
                {"data", to_string(result.of.kind)},
                {"device", result.of.device},
                {"kernel", result.kernel},
                {"status", to_string(result.status)},
                {"reasons", result.reasons},
                {"seconds", result.seconds}};
  if (result.bits) value["bits"] = to_value(*result.bits);
  if (result.interval) value["interval"] = to_value(*result.interval);
  value["reproduce"] = reproduction(result.of, suite);
  return value;
}

}  // namespace

std::string to_text(const DeviceResult& result, Suite suite) {
  std::string text = fmt::format("{:<26} {}; {} elements, at most {:.2g} of an interval used, {:.1f} s\n",
                                 result.device, counts_text(counts_of(result)), elements_of(result),
                                 worst_share(result), seconds_of(result));
  text += cases_text(result, Status::failed, suite);
  text += cases_text(result, Status::mistrusted, suite);
  return text + skipped_text(result);
}

std::string summary(const std::vector<DeviceResult>& results, double seconds) {
  std::vector<std::int64_t> totals(kStatuses.size());
  for (const DeviceResult& result : results) {
    const std::vector<std::int64_t> counts = counts_of(result);
    for (std::size_t status = 0; status < totals.size(); ++status) totals[status] += counts[status];
  }
  return fmt::format("{:<26} {} in {:.1f} s\n", "together", counts_text(totals), seconds);
}

std::string to_json(const std::vector<DeviceResult>& results, const SweepOptions& options, double seconds) {
  Json cases = Json::array(), totals = Json::object();
  for (const std::string_view status : kStatuses) totals[std::string(status)] = 0;
  for (const DeviceResult& result : results) {
    for (const CaseResult& one : result.cases) {
      cases.push_back(case_value(one, options.suite));
      Json& total = totals[std::string(to_string(one.status))];
      total = total.get<std::int64_t>() + 1;
    }
  }
  const Json json = {{"version", version()},
                     {"build", build_description()},
                     {"device", options.device},
                     {"suite", options.problems.empty() ? to_string(options.suite) : "none"},
                     {"arithmetic", to_string(options.arithmetic)},
                     {"seed", options.seed},
                     {"seconds", seconds},
                     {"totals", totals},
                     {"cases", cases}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace perceptron::cli
