// A run as a file, in the shape of bench/results, and as a short table.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/gpu/results.hpp"
#include "bench/support/figures.hpp"

namespace perceptron::bench::gpu {

Json to_json(const Report& report);

/// Whole or not at all. Throws std::runtime_error where the file cannot be written.
void write_json(const Report& report, const std::filesystem::path& path);

/// Ceilings, problems, host arrays, enqueueing, what was left out, and the bars that were missed.
std::vector<std::string> table(const Report& report);

/// One line per bar of problems.hpp that a figure missed.
std::vector<std::string> missed_bars(const Report& report);

}  // namespace perceptron::bench::gpu
