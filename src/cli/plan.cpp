// `perceptron plan`: which kernel computes a problem and why, on a device of this machine or on a GPU of
// given traits, without computing anything.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "perceptron/device_plan.hpp"
#include "perceptron/error.hpp"
#include "src/cli/exit_code.hpp"
#include "src/cli/memory_need.hpp"
#include "src/cli/verbs.hpp"

namespace perceptron::cli {
namespace {

using Json = nlohmann::ordered_json;

struct PlanOptions {
  std::string problem;
  std::string device = "auto";
  std::optional<std::string> traits;
  bool is_json = false;
};

constexpr const char* kPlanExamples = R"(Examples:
  perceptron plan 65536x784x128:f32:relu --traits h200
  perceptron plan 64@1024x16x16:bf16-f32:leaky_relu=0.1 --traits my_gpu.json --json
  perceptron plan 1x4096x1024:f32:softmax --device cpu

The "traits" of the JSON output are a traits file.)";

Json to_value(const EntryResources& resources) {
  return {{"architecture", resources.architecture},
          {"registers", resources.registers},
          {"static_shared_bytes", resources.static_shared_bytes},
          {"stack_bytes", resources.stack_bytes},
          {"spill_bytes", resources.spill_bytes}};
}

Json to_value(const Occupancy& occupancy) {
  return {{"blocks_per_multiprocessor", occupancy.blocks_per_multiprocessor},
          {"limit", occupancy.limit},
          {"threads_share", occupancy.threads_share},
          {"waves", occupancy.waves}};
}

Json to_value(const Roofline& roofline) {
  return {{"is_estimate", true},
          {"seconds", roofline.seconds()},
          {"compute_seconds", roofline.compute_seconds()},
          {"memory_seconds", roofline.memory_seconds()},
          {"is_compute_bound", roofline.is_compute_bound()},
          {"flops", roofline.flops},
          {"flops_per_second", roofline.flops_per_second},
          {"bytes", roofline.bytes},
          {"bytes_per_second", roofline.bytes_per_second},
          {"launches", roofline.launches},
          {"seconds_per_launch", roofline.seconds_per_launch}};
}

template <class T>
Json to_value(const std::optional<T>& known) {
  return known ? to_value(*known) : Json(nullptr);
}

Json rejected_of(const DevicePlan& plan) {
  Json list = Json::array();
  for (const RejectedPolicy& other : plan.rejected) {
    list.push_back({{"family", other.family},
                    {"policy", other.policy},
                    {"is_refusal", other.is_refusal},
                    {"reason", other.reason}});
  }
  return list;
}

/// The planner's; a policy that the device's name forces, which rejects none, serves all rows.
std::vector<RowRange> ranges_of(const DevicePlan& plan) {
  if (plan.rejected.empty()) return {{1, plan.family, plan.policy}};
  return row_ranges(plan.problem, plan.traits);
}

/// "from row 1 tile_fma 32x32, from row 4097 tile_fma 64x64", the first few.
std::string row_ranges_text(const DevicePlan& plan) {
  constexpr std::size_t kShown = 6;
  const std::vector<RowRange> ranges = ranges_of(plan);
  std::string text;
  for (std::size_t index = 0; index < std::min(kShown, ranges.size()); ++index) {
    const RowRange& range = ranges[index];
    text +=
        fmt::format("{}from {} {} {}", index == 0 ? "" : ", ", range.first_row, range.family, range.policy);
  }
  if (ranges.size() > kShown) text += fmt::format(", and {} more ranges (--json)", ranges.size() - kShown);
  return text;
}

Json row_ranges_of(const DevicePlan& plan) {
  Json list = Json::array();
  for (const RowRange& range : ranges_of(plan)) {
    list.push_back({{"first_row", range.first_row}, {"family", range.family}, {"policy", range.policy}});
  }
  return list;
}

Json to_value(const DevicePlan& plan) {
  return {{"problem", to_string(plan.problem)},
          {"traits", Json::parse(to_json(plan.traits))},
          {"family", plan.family},
          {"policy", plan.policy},
          {"entry", plan.entry},
          {"then", plan.then ? Json(*plan.then) : Json(nullptr)},
          {"reason", plan.reason},
          {"grid", plan.grid},
          {"block", plan.block},
          {"dynamic_shared_bytes", plan.dynamic_shared_bytes},
          {"resources", to_value(plan.resources)},
          {"occupancy", to_value(plan.occupancy)},
          {"roofline", to_value(plan.roofline)},
          {"rejected", rejected_of(plan)},
          {"row_ranges", row_ranges_of(plan)}};
}

void print(const Json& json) { fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace)); }

void print_line(const char* name, const std::string& value) { fmt::print("{:<11}{}\n", name, value); }

void print(const DevicePlan& plan) {
  fmt::print("{}", to_string(plan));
  print_line("rows", row_ranges_text(plan));
}

void plan_by_traits(const PlanOptions& options, const Problem& problem) {
  const DevicePlan plan = plan_on(problem, load_device_traits(*options.traits));
  options.is_json ? print(to_value(plan)) : print(plan);
}

Json to_value(const LocalPlan& plan) {
  Json value = {{"problem", to_string(plan.layer.problem)},
                {"device", plan.device},
                {"kernel", plan.layer.kernel},
                {"reason", plan.layer.reason}};
  if (plan.gpu) value.update(to_value(*plan.gpu));
  return value;
}

void plan_by_device(const PlanOptions& options, const Problem& problem) {
  Options engine;
  engine.device = options.device;
  const LocalPlan plan = plan_on(problem, engine);
  if (options.is_json) return print(to_value(plan));
  print_line("device", plan.device);
  if (plan.gpu) return print(*plan.gpu);
  print_line("problem", to_string(plan.layer.problem));
  print_line("kernel", plan.layer.kernel);
  print_line("reason", plan.layer.reason);
}

int plan(const PlanOptions& options) {
  const Problem problem = Problem::parse(options.problem);
  refuse_uncountable(problem);
  options.traits ? plan_by_traits(options, problem) : plan_by_device(options, problem);
  return kDone;
}

}  // namespace

void add_plan(CLI::App& app, Action& action) {
  CLI::App* verb = app.add_subcommand("plan", "Show which kernel computes a problem, and why");
  auto options = std::make_shared<PlanOptions>();
  verb->add_option("PROBLEM", options->problem, "As 65536x784x128:f32:relu")->required();
  CLI::Option* device =
      verb->add_option("--device", options->device, "auto, cpu, or another name of `perceptron info`");
  verb->add_option("--traits", options->traits,
                   "A GPU that need not be there: h200, h100, a100 or a JSON file of traits")
      ->excludes(device);
  verb->add_flag("--json", options->is_json, "Print JSON");
  verb->footer(fmt::format("{}\nA PROBLEM is {}.", kPlanExamples, kProblemGrammar));
  verb->callback([options, &action] { action = [options] { return plan(*options); }; });
}

}  // namespace perceptron::cli
