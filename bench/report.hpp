// A whole comparison as a file: the JSON that bench/results keeps and bench/summary.py reads.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/comparison.hpp"
#include "bench/support/machine.hpp"

namespace perceptron::bench {

struct Report {
  Machine machine;
  std::string date;
  std::string commit;
  Clock clock = Clock::wall;  ///< Of the comparisons on one thread.
  double load_before = 0;     ///< Load average when it began.
  std::vector<int> threads;
  std::vector<Comparison> comparisons;
  std::vector<ActivationTiming> activations;
};

/// Throws std::runtime_error where the file cannot be written.
void write_json(const Report& report, const std::filesystem::path& path);

}  // namespace perceptron::bench
