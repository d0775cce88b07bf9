// A comparison for people: one aligned line per problem as it is measured, and the bars at the end.
#pragma once

#include <string>
#include <vector>

#include "bench/report.hpp"

namespace perceptron::bench {

std::string table_header();
std::string table_line(const Comparison& comparison);
std::string activation_line(const ActivationTiming& timing);

/// One line per thread count: the geometric mean of ratio over its problems.
std::vector<std::string> geometric_means(const Report& report);
/// One line per bar that is missed, naming problem, bar and what was measured.
std::vector<std::string> missed_bars(const Report& report);

}  // namespace perceptron::bench
