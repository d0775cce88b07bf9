#include "bench/gpu/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/gpu/problems.hpp"
#include "bench/support/machine.hpp"
#include "perceptron/error.hpp"

namespace perceptron::bench::gpu {
namespace {

constexpr const char* kFooter =
    R"(A PROBLEM is [G@]ROWSxINPUTSxOUTPUTS:dtype[-outdtype]:activation[=a][:nobias][:sharedx];
one that is too large for the device has its rows halved until it fits, and the report says so.
Exit codes: 0 done, 1 a contender's results are wrong, 2 bad usage, 3 failure, 77 no such device.)";

void add_options(CLI::App& app, CommandLine& line, std::vector<std::string>& problems,
                 std::vector<std::string>& host_problems) {
  app.add_option("PROBLEM", problems, "Measure these on device memory instead of the list");
  app.add_option("--host", host_problems, "Measure these from host arrays instead of the listed ones")
      ->type_name("PROBLEM")
      ->allow_extra_args(false);
  app.add_option("--device", line.device, "cuda:N, or cuda:N:FAMILY/POLICY to force a kernel");
  app.add_option("--seconds", line.seconds, "Limit of the whole run")->check(CLI::Range(1.0, 86400.0));
  app.add_option("--json", line.json, "Write the results to this file");
  app.add_option("--commit", line.commit, "What the results are of; default: the source tree's commit")
      ->envname("PERCEPTRON_COMMIT");
  app.add_option("--cublas", line.cublas_folders, "Look for libcublasLt and libcublas here first")
      ->type_name("FOLDER")
      ->allow_extra_args(false);
  app.add_flag("--list", line.is_list, "List the problems and their bars");
  app.footer(kFooter);
}

template <class List>
std::vector<Problem> parsed(const List& texts) {
  std::vector<Problem> problems;
  for (const std::string_view text : texts) {
    problems.push_back(Problem::parse(text));
    if (problems.back().rows == 0) throw InvalidArgument(fmt::format("{}: no rows, nothing to time", text));
  }
  return problems;
}

std::string bars_text(const GpuProblem& listed) {
  if (listed.least_share > 0)
    return fmt::format("at least {:.0f} % of its ceiling", 100 * listed.least_share);
  if (listed.least_ratio == 0) return "no bar";
  return fmt::format("at least {:.2f} times the speed of {}", listed.least_ratio,
                     listed.against.empty() ? "the fastest peer" : listed.against);
}

std::string size_text(std::string_view text) {
  const Problem problem = Problem::parse(text);
  return fmt::format("{:<30} {:>9.3f} GB {:>9.1f} GFLOP", text, bytes(problem) / 1e9, flops(problem) / 1e9);
}

}  // namespace

std::optional<CommandLine> parse_command_line(int argc, char** argv, int& exit_code) {
  CommandLine line;
  std::vector<std::string> problems, host_problems;
  CLI::App app("Times the engine on a GPU beside cuBLASLt and cuBLAS, against ceilings of the same run",
               "perceptron_gpu_bench");
  add_options(app, line, problems, host_problems);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  const bool is_default = problems.empty() && host_problems.empty();
  line.problems = parsed(problems);
  line.host_problems = parsed(host_problems);
  if (is_default) {
    for (const GpuProblem& listed : kGpuProblems) line.problems.push_back(Problem::parse(listed.problem));
    line.host_problems = parsed(kHostProblems);
  }
  if (line.commit.empty()) line.commit = source_commit();
  return line;
}

std::vector<std::string> list_lines() {
  std::vector<std::string> lines;
  for (const GpuProblem& listed : kGpuProblems) {
    lines.push_back(size_text(listed.problem) + "  device memory; " + bars_text(listed));
  }
  for (const std::string_view text : kHostProblems) {
    lines.push_back(size_text(text) +
                    fmt::format("  host arrays; at least {:.0f} % of pinned copies", 100 * kLeastHostShare));
  }
  lines.push_back(size_text(kEnqueueProblem) +
                  fmt::format("  enqueue; at most {:.1f} bare launches", kMostLaunchRatio));
  return lines;
}

}  // namespace perceptron::bench::gpu
