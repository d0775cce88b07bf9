// What perceptron_gpu_bench was asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "perceptron/problem.hpp"

namespace perceptron::bench::gpu {

struct CommandLine {
  std::vector<Problem> problems;       ///< On device memory.
  std::vector<Problem> host_problems;  ///< On host arrays.
  std::string device = "cuda:0";
  std::string json;  ///< Empty: no file.
  double seconds = 240;
  std::string commit;
  std::vector<std::string> cublas_folders;  ///< Searched first.
  bool is_list = false;
};

/// Sets `exit_code` and returns nothing where the program ends here: after --help, or on bad usage, which has
/// been told on standard error. Throws InvalidArgument for a malformed problem.
std::optional<CommandLine> parse_command_line(int argc, char** argv, int& exit_code);

/// Every listed problem with its size and bars.
std::vector<std::string> list_lines();

}  // namespace perceptron::bench::gpu
