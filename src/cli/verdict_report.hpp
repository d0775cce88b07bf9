// Verdicts on the outputs of a stack as text, and as JSON, where what is not finite becomes null.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "perceptron/validate.hpp"

namespace perceptron::cli {

nlohmann::ordered_json to_value(const Verdict& verdict);

/// "PASSED 4500 elements, …", and what is to be said of it; of several layers each.
std::string to_text(const std::vector<Verdict>& verdicts);
std::string to_json(const std::vector<Verdict>& verdicts);

}  // namespace perceptron::cli
