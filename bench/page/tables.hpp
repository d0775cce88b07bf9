// The tables of the page, each a section; empty where there is nothing to show.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/findings.hpp"

namespace perceptron::bench {

std::string results_section(const Findings& findings);
/// Rows per second, percentiles, staging and compute of each model, and of everything on a GPU.
std::string end_to_end_section(const Findings& findings);
/// Counts of each status, and the cases that failed.
std::string validation_section(const nlohmann::json& validation);

}  // namespace perceptron::bench
