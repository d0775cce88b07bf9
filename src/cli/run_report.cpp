#include "src/cli/run_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "perceptron/version.hpp"
#include "src/cli/counted.hpp"

namespace perceptron::cli {
namespace {

using Json = nlohmann::ordered_json;

/// From file to file: reading, computing and writing; the model was loaded before, and a check is no work.
double per_second(double amount, const RunReport& report) {
  const Seconds& seconds = report.seconds;
  const double work = seconds.read + seconds.compute + seconds.write;
  return work > 0 ? amount / work : 0;
}

std::string duration(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.0f} µs", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.1f} ms", seconds * 1e3);
  return fmt::format("{:.2f} s", seconds);
}

std::string times(const RunReport& report) {
  const Seconds& seconds = report.seconds;
  std::string text = fmt::format("{}: load {}, read {}, compute {}, write {}", duration(seconds.total),
                                 duration(seconds.load), duration(seconds.read), duration(seconds.compute),
                                 duration(seconds.write));
  if (report.check) text += fmt::format(", check {}", duration(seconds.check));
  return text;
}

std::string verdict_line(const Verdict& verdict) {
  constexpr std::string_view kQuestion = "bit-identical to the reference";
  if (verdict.passed()) return fmt::format("{}: yes ({} elements)\n", kQuestion, verdict.checked);
  return fmt::format("{}: NO ({})\n", kQuestion, to_string(verdict));
}

Json to_value(const Seconds& seconds) {
  return {{"load", seconds.load},   {"read", seconds.read},   {"compute", seconds.compute},
          {"write", seconds.write}, {"check", seconds.check}, {"total", seconds.total}};
}

Json to_value(const std::optional<Verdict>& check) {
  if (!check) return nullptr;
  return {{"passed", check->passed()}, {"checked", check->checked}, {"mismatches", check->mismatches}};
}

Json layers_of(const Plan& plan) {
  Json layers = Json::array();
  for (const LayerPlan& layer : plan.layers) {
    layers.push_back({{"problem", to_string(layer.problem)}, {"kernel", layer.kernel}});
  }
  return layers;
}

}  // namespace

std::string to_text(const RunReport& report) {
  std::string text;
  const auto line = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("{:<8}{}\n", name, value);
  };
  const auto layers = static_cast<std::int64_t>(report.plan.layers.size());
  line("model", fmt::format("{}: {}, {}, {}{}", report.model, counted(layers, "layer"),
                            counted(report.inputs, "input"), counted(report.outputs, "output"),
                            report.groups > 1 ? fmt::format(", {} groups", report.groups) : ""));
  line("input", fmt::format("{}: {}", report.input, counted(report.rows, "row")));
  line("output", report.output);
  line("device", fmt::format("{}, {}", report.plan.device, counted(report.plan.threads, "thread")));
  if (!report.gpu_absence.empty()) line("no GPU", report.gpu_absence);
  line("rate", fmt::format("{:.0f} rows/s, {:.3f} GB/s, read, computed and written",
                           per_second(static_cast<double>(report.rows), report),
                           per_second(report.bytes, report) * 1e-9));
  line("time", times(report));
  if (report.check) text += verdict_line(*report.check);
  return text;
}

std::string to_json(const RunReport& report) {
  const Json json = {
      {"version", version()},
      {"model", report.model},
      {"input", report.input},
      {"output", report.output},
      {"device", report.plan.device},
      {"threads", report.plan.threads},
      {"gpu_absence", report.gpu_absence},
      {"groups", report.groups},
      {"rows", report.rows},
      {"inputs", report.inputs},
      {"outputs", report.outputs},
      {"layers", layers_of(report.plan)},
      {"seconds", to_value(report.seconds)},
      {"rows_per_s", per_second(static_cast<double>(report.rows), report)},
      {"gbytes_per_s", per_second(report.bytes, report) * 1e-9},
      {"check", to_value(report.check)},
  };
  // Paths are bytes and need not be UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

ExitCode exit_code(const RunReport& report) {
  return report.check && !report.check->passed() ? kCheckFailed : kDone;
}

}  // namespace perceptron::cli
