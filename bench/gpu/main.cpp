// perceptron_gpu_bench: see README.md.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

#include "bench/gpu/command_line.hpp"
#include "bench/gpu/report.hpp"
#include "bench/gpu/run.hpp"
#include "perceptron/error.hpp"

namespace perceptron::bench::gpu {
namespace {

enum ExitCode : int { kDone = 0, kWrong = 1, kBadInput = 2, kFailure = 3, kNoSuchDevice = 77 };

int fail(ExitCode code, std::string_view what) {
  fmt::print(stderr, "perceptron_gpu_bench: {}\n", what);
  return code;
}

void print(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) fmt::print("{}\n", line);
}

/// Before minutes of measuring, not after them.
void require_writable(const std::string& path) {
  if (!path.empty() && !std::ofstream(path, std::ios::app)) {
    throw std::runtime_error(fmt::format("{}: cannot be written", path));
  }
}

int run_command(int argc, char** argv) {
  int exit_code = kDone;
  const auto line = parse_command_line(argc, argv, exit_code);
  if (!line) return exit_code;
  if (line->is_list) {
    print(list_lines());
    return kDone;
  }
  const Gpu gpu = open_gpu(line->device);
  require_writable(line->json);
  const Report report = run(*line, gpu);
  if (!line->json.empty()) write_json(report, line->json);
  print(table(report));
  return report.wrong.empty() ? kDone : kWrong;
}

}  // namespace
}  // namespace perceptron::bench::gpu

int main(int argc, char** argv) {
  using namespace perceptron::bench::gpu;
  try {
    return run_command(argc, argv);
  } catch (const perceptron::DeviceMissing& error) {
    return fail(kNoSuchDevice, fmt::format("no device: {}", error.what()));
  } catch (const perceptron::InvalidArgument& error) {
    return fail(kBadInput, error.what());
  } catch (const std::exception& error) {
    return fail(kFailure, error.what());
  }
}
