#include "bench/commands.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/cpu_linear.hpp"
#include "bench/report.hpp"
#include "bench/table.hpp"

namespace perceptron::bench {
namespace {

struct CommandLine {
  bool compare = false;
  std::vector<std::string> problems;
  std::vector<int> threads{1, 2};
  ComparisonOptions options;
  bool processor_time = false;
  std::string json;
  bool strict = false;
};

void add_options(CLI::App& app, CommandLine& line) {
  app.add_flag("--compare", line.compare, "Compare with the peers in interleaved rounds");
  app.add_option("--problems", line.problems, "RxIxO or whole problem strings; default: the listed twelve")
      ->delimiter(',');
  app.add_option("--threads", line.threads, "Thread counts")->delimiter(',')->check(CLI::PositiveNumber);
  app.add_option("--seconds", line.options.seconds, "Measured time per contender and problem")
      ->check(CLI::PositiveNumber);
  app.add_option("--json", line.json, "Write the results to this file");
  app.add_flag("--processor-time", line.processor_time,
               "One-thread comparisons by the thread's processor time: for work on a busy machine");
  app.add_flag("--strict", line.strict, "Exit code 1 where a bar is missed");
}

void print(const std::string& line) { std::cout << line << '\n' << std::flush; }

std::vector<Problem> problems_of(const CommandLine& line) {
  std::vector<Problem> problems;
  for (const std::string& text : line.problems) problems.push_back(parse_cpu_problem(text));
  if (!problems.empty()) return problems;
  for (const CpuProblem& listed : kCpuProblems) problems.push_back(parse_cpu_problem(listed.shape));
  return problems;
}

/// Before an hour of measuring, not after it.
void require_writable(const std::string& path) {
  if (!path.empty() && !std::ofstream(path, std::ios::app)) {
    throw std::runtime_error(fmt::format("{}: cannot be written", path));
  }
}

void measure_activations(int threads, const ComparisonOptions& options, Report& report) {
  for (ActivationTiming& timing :
       compare_activations(parse_cpu_problem(kActivationShape), threads, options)) {
    print(activation_line(timing));
    report.activations.push_back(std::move(timing));
  }
}

/// The activation rows come with their shape: a choice of problems without it leaves them out.
Report measure(const CommandLine& line) {
  const std::vector<Problem> problems = problems_of(line);
  Report report{
      this_machine(), utc_date(), source_commit(), line.options.clock, load_average(), line.threads, {}, {}};
  print(fmt::format("{}, {} cores, {}, {}, load {:.2f}, commit {}", report.machine.cpu, report.machine.cores,
                    report.machine.kernel, report.machine.compiler, report.load_before, report.commit));
  print(table_header());
  for (const int threads : line.threads) {
    for (const Problem& problem : problems) {
      report.comparisons.push_back(compare(problem, threads, bars_of(problem).with_copy, line.options));
      print(table_line(report.comparisons.back()));
    }
    if (std::ranges::find(problems, parse_cpu_problem(kActivationShape)) != problems.end()) {
      measure_activations(threads, line.options, report);
    }
  }
  return report;
}

}  // namespace

int run_comparison(int argc, char** argv) {
  CommandLine line;
  CLI::App app("Times the engine against the peers of this build", "perceptron_bench");
  add_options(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  require_writable(line.json);
  if (line.processor_time) line.options.clock = Clock::processor;
  const Report report = measure(line);
  for (const std::string& text : geometric_means(report)) print(text);
  const std::vector<std::string> missed = missed_bars(report);
  for (const std::string& text : missed) print(text);
  if (missed.empty()) print("every bar is met");
  if (!line.json.empty()) write_json(report, line.json);
  return line.strict && !missed.empty() ? 1 : 0;
}

int run_google_benchmark(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  register_cpu_linear();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace perceptron::bench
