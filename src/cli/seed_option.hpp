// --seed, of every verb that makes data.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace perceptron::cli {

void add_seed(CLI::App* verb, std::uint64_t& seed, const std::string& help);

}  // namespace perceptron::cli
