// `perceptron info`: the build and the devices of this machine, for choosing one and for bug reports.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "perceptron/options.hpp"
#include "perceptron/version.hpp"
#include "src/cli/exit_code.hpp"
#include "src/cli/verbs.hpp"

namespace perceptron::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kInfoExamples = R"(Examples:
  perceptron info
  perceptron info --json)";

void print_text() {
  fmt::print("perceptron {}\n{}\n\n", version(), build_description());
  fmt::print("{:<14} {:<10} {:<8} {}\n", "device", "f32 lanes", "default", "hardware");
  for (const DeviceInfo& device : devices()) {
    fmt::print("{:<14} {:<10} {:<8} {}\n", device.name, device.lanes_f32, device.is_default ? "yes" : "",
               device.description);
  }
  if (const std::string reason = gpu_absence(); !reason.empty()) fmt::print("\nno GPU: {}\n", reason);
}

void print_json() {
  Json list = Json::array();
  Json chosen;
  for (const DeviceInfo& device : devices()) {
    list.push_back({{"name", device.name},
                    {"description", device.description},
                    {"lanes_f32", device.lanes_f32},
                    {"is_default", device.is_default}});
    if (device.is_default) chosen = device.name;
  }
  const Json json = {{"version", version()},
                     {"build", build_description()},
                     {"default_device", chosen},
                     {"devices", list},
                     {"gpu_absence", gpu_absence()}};
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

void add_info(CLI::App& app, Action& action) {
  CLI::App* verb = app.add_subcommand("info", "Show version, build and devices");
  auto is_json = std::make_shared<bool>(false);
  verb->add_flag("--json", *is_json, "Print JSON");
  verb->footer(kInfoExamples);
  verb->callback([is_json, &action] {
    action = [is_json] {
      *is_json ? print_json() : print_text();
      return kDone;
    };
  });
}

}  // namespace perceptron::cli
