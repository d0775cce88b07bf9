// The report as one page: HTML with its style and pictures inside, nothing fetched, for a phone, a desk and
// paper.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bench/findings.hpp"

namespace perceptron::bench {

/// `validation`: what `perceptron validate --json` wrote, an object with "totals".
std::string to_html(const Findings& findings, const std::optional<nlohmann::json>& validation);

}  // namespace perceptron::bench
