// What a sweep found: text for people, JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "src/cli/sweep.hpp"

namespace perceptron::cli {

/// One device: a line of counts, then every case that did not pass. Ended lines.
std::string to_text(const DeviceResult& result, Suite suite);
/// All together: one line.
std::string summary(const std::vector<DeviceResult>& results, double seconds);
std::string to_json(const std::vector<DeviceResult>& results, const SweepOptions& options, double seconds);

}  // namespace perceptron::cli
