// The problems that a suite of validation is made of.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "perceptron/problem.hpp"

namespace perceptron::cli {

enum class Suite : std::uint8_t { quick, full };
/// Throws InvalidArgument.
Suite parse_suite(std::string_view name);
std::string_view to_string(Suite suite);

/// Shapes at the edges of tiles, blocks and vectors; every activation, every dtype in and out, groups, shared
/// x, no bias; of these dtypes.
std::vector<Problem> problems_of(Suite suite, const std::vector<DType>& dtypes);

}  // namespace perceptron::cli
