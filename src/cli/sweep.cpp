#include "src/cli/sweep.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "perceptron/device_plan.hpp"
#include "perceptron/error.hpp"
#include "src/cli/interrupt.hpp"
#include "src/cli/memory_need.hpp"

namespace perceptron::cli {
namespace {

/// Every policy that planning knows, "tile_fma/64x64", in its order.
std::vector<std::string> policies() {
  const DevicePlan plan = plan_on(Problem::parse("64x64x64:f32:relu"), load_device_traits("h100"));
  std::vector<std::string> names{fmt::format("{}/{}", plan.family, plan.policy)};
  for (const RejectedPolicy& other : plan.rejected)
    names.push_back(fmt::format("{}/{}", other.family, other.policy));
  std::ranges::sort(names);
  return names;
}

std::string default_device() {
  for (const DeviceInfo& device : devices()) {
    if (device.is_default) return device.name;
  }
  return "cpu";
}

/// DeviceMissing where there is no such device.
void require(const std::string& device) {
  Options options;
  options.device = device;
  plan_on(Problem::parse("1x1x1:f32:relu"), options);
}

void add_policies(std::vector<std::string>& names, const std::string& device, const std::string& family) {
  std::set<std::string> families;
  const std::size_t before = names.size();
  for (const std::string& policy : policies()) {
    const std::string own = policy.substr(0, policy.find('/'));
    families.insert(own);
    if (family.empty() || own == family) names.push_back(fmt::format("{}:{}", device, policy));
  }
  if (names.size() == before) {
    throw InvalidArgument(
        fmt::format("{} has no kernels of the family \"{}\"; expected one of: {} (pack runs in every "
                    "problem, row_softmax in those with softmax)",
                    device, family, fmt::join(families, ", ")));
  }
}

/// The interesting kind for every problem, or all kinds in the full suite.
bool checks_invariance(const SweepOptions& options, DataKind kind) {
  return options.suite == Suite::full || kind == DataKind::cancelling;
}

std::vector<Problem> problems_of(const SweepOptions& options) {
  return options.problems.empty() ? problems_of(options.suite, options.dtypes) : options.problems;
}

}  // namespace

std::vector<std::string> kernels_of(const SweepOptions& options) {
  const std::string device = options.device == "auto" ? default_device() : options.device;
  const bool is_gpu =
      device == "cuda" || (device.starts_with("cuda:") && device.find('/') == std::string::npos);
  std::vector<std::string> names;
  try {
    require(device);
  } catch (const Unsupported&) {  // It is there, and its one policy serves other problems.
  }
  if (device == "cpu") {
    for (const DeviceInfo& target : devices()) {
      if (target.name.starts_with("cpu:")) names.push_back(target.name);
    }
    return names;
  }
  if (device != "ptx" && !is_gpu) return {device};
  if (options.family.empty()) names.push_back(device);
  add_policies(names, device == "cuda" ? "cuda:0" : device, options.family);
  return names;
}

std::int64_t DeviceResult::count(Status status) const {
  return std::ranges::count_if(cases, [status](const CaseResult& result) { return result.status == status; });
}

std::int64_t cases_per_device(const SweepOptions& options) {
  return static_cast<std::int64_t>(problems_of(options).size() * options.kinds.size());
}

DeviceResult sweep(const SweepOptions& options, const std::string& device,
                   const std::function<void()>& after_case) {
  DeviceResult found{device, {}};
  for (const Problem& problem : problems_of(options)) {
    for (const DataKind kind : options.kinds) {
      stop_if_interrupted();
      Case asked;
      asked.problem = problem;
      asked.kind = kind;
      asked.device = device;
      asked.family = options.family;
      asked.seed = options.seed;
      asked.threads = options.threads;
      asked.arithmetic = options.arithmetic;
      asked.checks_invariance = checks_invariance(options, kind);
      found.cases.push_back(check(asked));
      after_case();
    }
  }
  return found;
}

std::string reproduction(const Case& of, Suite suite) {
  std::string command = fmt::format("perceptron validate --device {} --problem {} --data {} --seed {}",
                                    of.device, to_string(of.problem), to_string(of.kind), of.seed);
  if (suite == Suite::full) command += " --suite full";
  if (of.arithmetic == Arithmetic::tensor) command += " --arithmetic tensor";
  if (of.threads != 0) command += fmt::format(" --threads {}", of.threads);
  return command;
}

}  // namespace perceptron::cli
