// What one `perceptron run` did, as a value, and its two faces: text for people and JSON for programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "perceptron/plan.hpp"
#include "perceptron/validate.hpp"
#include "src/cli/exit_code.hpp"

namespace perceptron::cli {

/// Wall-clock time of each part. `total` covers the whole verb, and so a little more than the parts together.
struct Seconds {
  double load = 0;  ///< Model read and made ready on the device.
  double read = 0;
  double compute = 0;
  double write = 0;
  double check = 0;
  double total = 0;
};

struct RunReport {
  std::string model;
  std::string input;
  std::string output;
  std::int64_t groups = 1;
  std::int64_t rows = 0;  ///< Of each group.
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  double bytes = 0;  ///< Of x and y as computed, all groups together.
  Plan plan;
  std::string gpu_absence;  ///< Why "auto" did not choose a GPU; empty where it did, or was not asked.
  Seconds seconds;
  std::optional<Verdict> check;  ///< Where --check was given.
};

/// Several lines, each ended.
std::string to_text(const RunReport& report);
std::string to_json(const RunReport& report);
ExitCode exit_code(const RunReport& report);

}  // namespace perceptron::cli
