// Small formulas over the sizes of a problem, for the grid of a launch: "ceil(outputs/16)".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace perceptron::cli {

using Names = std::map<std::string, std::int64_t, std::less<>>;

/// Whole numbers, names, + − × ÷, a sign, brackets and ceil(…), exactly; the result is whole. Throws
/// InvalidArgument that gives the text, the place and the names there are.
std::int64_t evaluate(std::string_view text, const Names& names);

}  // namespace perceptron::cli
