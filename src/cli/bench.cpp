// `perceptron bench`: how fast problems and models run on this machine, against its limits and, where asked,
// against what one would use instead. This file reads the arguments and prints the results; bench/ measures.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "bench/findings.hpp"
#include "bench/problem_list.hpp"
#include "bench/request.hpp"
#include "bench/support/peaks.hpp"
#include "perceptron/error.hpp"
#include "src/cli/bench_reports.hpp"
#include "src/cli/exit_code.hpp"
#include "src/cli/interrupt.hpp"
#include "src/cli/memory_need.hpp"
#include "src/cli/model_input.hpp"
#include "src/cli/progress.hpp"
#include "src/cli/seed_option.hpp"
#include "src/cli/verbs.hpp"

namespace perceptron::cli {
namespace {

using bench::Findings;
using bench::Request;

struct BenchOptions {
  bench::Words words;
  BenchPaths paths;
  std::optional<std::string> activations;
  bool is_listing = false;
  bool is_quiet = false;
};

constexpr const char* kBenchExamples = R"(Examples:
  perceptron bench                                           the fixed list of 60 problems
  perceptron bench 65536x784x128:f32:relu 1x64x10:f32:relu --threads 1,2 --peers
  perceptron bench 1x784x128:f32:relu --sweep rows=1:65536:x2 --peers=onednn --html report.html
  perceptron bench --model model.safetensors --rows 1,64,4096 --json new.json
  perceptron bench --list

A sweep is rows|inputs|outputs|groups=FIRST:LAST:xFACTOR|+STEP, of each problem that is named.
x and y go through sets in turn that together pass twice the last cache (at most 1024 sets); with --resident
one set is used again and again. Weights stay. The limit is what this machine's multiply-adds and the cache or memory
that holds the data allow, measured at the start.
Two result files are compared by bench/compare.py.)";

/// Ours: x, y, W and its copy and packed form; peers' packed forms and the check of their results besides.
void refuse_what_exceeds_memory(const Request& request, const std::optional<Model>& model) {
  const bool has_peers = !request.options.peers.empty();
  for (const bench::Asked& asked : request.problems) {
    refuse_oversize(asked.problem, {2, has_peers ? 8.0 : 3.0, has_peers ? 5.0 : 1.0});
  }
  for (const std::int64_t rows : request.rows) refuse_oversize(ends_of(*model, rows), {2, 1, 2});
}

/// Half a second of peaks to some ten seconds of results.
constexpr std::size_t kResultsPerPeaks = 8;

void stop_without_report() {
  if (const int signal = pending_interrupt()) throw Interrupted("interrupted; no report was written", signal);
}

/// Measures one thing after the other and prints each as it comes.
class Run {
 public:
  /// text: where the table goes; null: nowhere.
  Run(const Request& request, std::FILE* text, std::int64_t total)
      : request_(request), text_(text), progress_(total, text != nullptr, "measurements") {
    findings_ = {
        bench::this_machine(), bench::utc_date(), bench::source_commit(), bench::load_average(), {}, {}};
    for (const int threads : request.threads) {
      if (request.lanes_f32 > 0) findings_.peaks.push_back(bench::measure_peaks(threads, request.lanes_f32));
    }
    print(bench::heading_text(findings_) + bench::column_text());
  }

  template <class Measure>
  void add(const std::optional<bench::SweepPoint>& sweep, int threads, const Measure& measure) {
    stop_without_report();
    progress_.show(static_cast<std::int64_t>(findings_.results.size()));
    bench::MeasureOptions options = request_.options;
    options.threads = threads;
    options.poll = stop_without_report;
    bench::Result result = measure(options, findings_.peaks_on(threads));
    result.sweep = sweep;
    progress_.hide();
    print(bench::result_text(result, findings_));
    findings_.results.push_back(std::move(result));
    if (findings_.results.size() % kResultsPerPeaks == 0) raise_peaks();
  }

  /// The limits of all by the best peaks of the whole run.
  Findings finish() {
    raise_peaks();
    for (bench::Result& result : findings_.results) result.set_limit(findings_.peaks_on(result.threads));
    print(bench::peaks_text(findings_));
    print(bench::means_text(findings_));
    return std::move(findings_);
  }

 private:
  /// Once more, since what else ran may have hidden them before.
  void raise_peaks() {
    for (bench::Peaks& peaks : findings_.peaks) {
      peaks = better_of(peaks, bench::measure_peaks(peaks.threads, request_.lanes_f32));
    }
  }
  void print(const std::string& text) {
    if (text_ == nullptr) return;
    fmt::print(text_, "{}", text);
    std::fflush(text_);
  }

  const Request& request_;
  std::FILE* text_;
  Progress progress_;
  Findings findings_;
};

Findings measure_all(const Request& request, const std::optional<Model>& model, std::FILE* text) {
  const std::size_t total = request.threads.size() * (request.problems.size() + request.rows.size());
  Run run(request, text, static_cast<std::int64_t>(total));
  const std::string file = request.model.filename().string();
  for (const int threads : request.threads) {
    for (const bench::Asked& asked : request.problems) {
      run.add(asked.sweep, threads, [&](const bench::MeasureOptions& options, const bench::Peaks* peaks) {
        return bench::measure(asked.problem, options, peaks);
      });
    }
    for (const std::int64_t rows : request.rows) {
      std::optional<bench::SweepPoint> point;
      if (request.rows.size() > 1) point = bench::SweepPoint{file, "rows", rows};
      run.add(point, threads, [&](const auto& options, const bench::Peaks* peaks) {
        bench::Result result = bench::measure_model(*model, rows, options, peaks);
        result.name = fmt::format("{} rows={}", file, rows);
        return result;
      });
    }
  }
  return run.finish();
}

void print_list() {
  for (const std::string_view problem : bench::kProblemList) fmt::print("{}\n", problem);
  for (const std::string_view name : bench::kPeers) {
    try {
      bench::load_peer(name);
      fmt::print("peer {}: found\n", name);
    } catch (const bench::PeerMissing& missing) {
      fmt::print("{}\n", missing.what());
    }
  }
}

/// News that no result depends on.
void warn_of(const Request& request) {
  for (const std::string& line : request.missing) fmt::print(stderr, "perceptron: left out: {}\n", line);
  if (request.lanes_f32 > 0) return;
  fmt::print(
      stderr,
      "perceptron: host arrays are timed end to end, copies to the GPU and back included; "
      "perceptron_gpu_bench measures device memory, the GPU's limits and its peers, cuBLASLt and cuBLAS\n");
}

int run_bench(const BenchOptions& options) {
  if (options.is_listing) {
    print_list();
    return kDone;
  }
  if (options.activations && options.words.model.empty()) {
    throw InvalidArgument("--activations are of --model; a problem has its activation in its name");
  }
  refuse_conflicts(options.paths, options.words.model);
  const Request request = bench::read_request(options.words);
  const std::optional<nlohmann::json> validation = read_validation(options.paths);
  std::optional<Model> model;
  if (!request.model.empty()) model = load_model(request.model, options.activations);
  refuse_what_exceeds_memory(request, model);
  std::FILE* const text = options.is_quiet ? nullptr : text_stream(options.paths);
  BenchReports reports(options.paths);
  watch_for_interrupts();
  if (!options.is_quiet) warn_of(request);
  reports.write(measure_all(request, model, text), validation);
  return kDone;
}

void add_measuring_options(CLI::App* verb, bench::Words& words) {
  verb->add_option("PROBLEM", words.problems, "As 65536x784x128:f32:relu; default: the fixed list (--list)");
  verb->add_option("--model", words.model, "A model file, end to end, with latency percentiles");
  verb->add_option("--rows", words.rows, "Of the model, as 1,64,4096; default: 1,1024");
  verb->add_option("--device", words.device, "auto, cpu, cpu:avx2 or another of `perceptron info`");
  verb->add_option("--threads", words.threads, "As 1,2; default: one per core");
  verb->add_flag("--peers{all}", words.peers, "Against all that are found (--list), or --peers=onednn,eigen")
      ->type_name("");
  verb->add_option("--sweep", words.sweep, "As rows=1:65536:x2 or outputs=1:64:+1");
  verb->add_option("--seconds", words.seconds, "Measured for each contender and problem; default 0.3");
  verb->add_option("--repetitions", words.repetitions, "Samples at least; default 6");
  add_seed(verb, words.seed, "Of the data; default 1");
  verb->add_flag("--resident", words.is_resident,
                 "One x and y again and again, from the caches where they fit");
}

/// It measures nothing, so everything else would be unused.
void exclude_all_others(CLI::App* verb, CLI::Option* option) {
  for (CLI::Option* other : verb->get_options()) {
    if (other != option && other != verb->get_help_ptr()) option->excludes(other);
  }
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  CLI::App* verb = app.add_subcommand("bench", "Measure how fast problems and models run here");
  auto options = std::make_shared<BenchOptions>();
  add_measuring_options(verb, options->words);
  verb->add_option("--activations", options->activations, "One per layer, instead of the model file's");
  verb->add_option("--json", options->paths.json, "Write the results to this file");
  verb->add_option("--csv", options->paths.csv, "The same as a table");
  verb->add_option("--html", options->paths.html, "The same as one page with plots");
  verb->add_option("--validation", options->paths.validation,
                   "What `perceptron validate --json` wrote, for the page");
  verb->add_flag("--quiet", options->is_quiet, "Print errors only");
  exclude_all_others(
      verb, verb->add_flag("--list", options->is_listing, "Print the fixed list and which peers are found"));
  verb->footer(fmt::format("{}\nA PROBLEM is {}.\n{}", kBenchExamples, kProblemGrammar, kExitCodeHelp));
  verb->callback([options, &action] { action = [options] { return run_bench(*options); }; });
}

}  // namespace perceptron::cli
