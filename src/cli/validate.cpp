// `perceptron validate`: proves kernels of this machine by a sweep, outputs that others made, or a kernel of
// one's own. This file reads the arguments; the work is in sweep.cpp, judge_files.cpp and judge_ptx.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>

#include "perceptron/error.hpp"
#include "src/cli/exit_code.hpp"
#include "src/cli/interrupt.hpp"
#include "src/cli/judge_files.hpp"
#include "src/cli/judge_ptx.hpp"
#include "src/cli/memory_need.hpp"
#include "src/cli/output_paths.hpp"
#include "src/cli/progress.hpp"
#include "src/cli/report_file.hpp"
#include "src/cli/seed_option.hpp"
#include "src/cli/status.hpp"
#include "src/cli/sweep_report.hpp"
#include "src/cli/verbs.hpp"
#include "src/cli/verdict_report.hpp"
#include "src/engine/stopwatch.hpp"

namespace perceptron::cli {
namespace {

using engine::timed;

/// As the arguments have it.
struct ValidateWords {
  SweepOptions sweep;
  FilesOptions files;
  PtxOptions ptx;
  std::string suite = "quick";
  std::vector<std::string> problems, dtypes, kinds;
  std::optional<std::string> arithmetic;
  std::optional<std::filesystem::path> json;
  bool is_quiet = false;
};

constexpr const char* kValidateExamples = R"text(Examples:
  perceptron validate                                   every kernel of the default device
  perceptron validate --device cpu --suite full --json report.json
  perceptron validate --device ptx --family tile_fma --dtype f32,bf16
  perceptron validate --device ptx:row_dot/256x8 --problem 1000x64x5:f32:relu --data cancelling
  perceptron validate model.safetensors x.npy y.npy --arithmetic tensor      outputs made elsewhere
  perceptron validate --ptx layer.ptx --entry layer --args x,w,b,y,rows,inputs,outputs \
    --grid "ceil(outputs/16),ceil(rows/16)" --block 16,16 --problem 33x70x20:f32:relu     a kernel of your own

PASSED: every bit is the reference's, and every output lies in the interval that a proved bound allows.
FAILED: with what was found and a line that reproduces it. SKIPPED: the kernel does not take the problem.
MISTRUSTED: passed, which proves little: too many outputs ought to be zero, or what is allowed is as wide as
they are, as in deep models under tensor arithmetic, unless --hidden lets each layer be judged by itself.)text";

Arithmetic parse_arithmetic(const std::string& name) {
  for (const Arithmetic arithmetic : {Arithmetic::reproducible, Arithmetic::tensor}) {
    if (name == to_string(arithmetic)) return arithmetic;
  }
  throw InvalidArgument(fmt::format("unknown arithmetic \"{}\"; expected reproducible or tensor", name));
}

SweepOptions sweep_options(const ValidateWords& words) {
  SweepOptions options = words.sweep;
  options.suite = parse_suite(words.suite);
  options.arithmetic = parse_arithmetic(words.arithmetic.value_or("reproducible"));
  for (const std::string& text : words.problems) options.problems.push_back(Problem::parse(text));
  for (const std::string& name : words.dtypes) options.dtypes.push_back(parse_dtype(name));
  for (const std::string& name : words.kinds) options.kinds.push_back(parse_data_kind(name));
  if (options.dtypes.empty()) {
    for (const DTypeTraits& dtype : kDTypes) options.dtypes.push_back(dtype.dtype);
  }
  if (options.kinds.empty()) {
    for (const std::string_view name : kDataKinds) options.kinds.push_back(parse_data_kind(name));
  }
  // x and y once more for the other ways to run them, W in the model and packed by two engines.
  for (const Problem& problem : options.problems) refuse_oversize(problem, {3, 4, 3});
  return options;
}

/// Where text goes: not between the bytes of the report.
std::FILE* text_stream(const ValidateWords& words) {
  return words.json && is_standard_output(*words.json) ? stderr : stdout;
}

std::vector<DeviceResult> sweep_all(const SweepOptions& options, bool is_quiet, std::FILE* text) {
  const std::vector<std::string> kernels = kernels_of(options);
  Progress progress(static_cast<std::int64_t>(kernels.size()) * cases_per_device(options), !is_quiet,
                    "cases");
  std::vector<DeviceResult> results;
  std::int64_t done = 0;
  for (const std::string& kernel : kernels) {
    results.push_back(sweep(options, kernel, [&] { progress.show(++done); }));
    progress.hide();
    const bool has_failed = results.back().count(Status::failed) > 0;
    if (!is_quiet || has_failed) fmt::print(text, "{}", to_text(results.back(), options.suite));
    std::fflush(text);
  }
  return results;
}

/// A sweep that proves nothing is a mistake in what was asked.
void refuse_idle(const std::vector<DeviceResult>& results, const SweepOptions& options) {
  for (const DeviceResult& result : results) {
    if (result.count(Status::skipped) < static_cast<std::int64_t>(result.cases.size())) return;
  }
  if (!options.family.empty()) {
    throw InvalidArgument(
        fmt::format("no kernel of the family \"{}\" serves any case; `perceptron plan PROBLEM` "
                    "shows the kernels' names",
                    options.family));
  }
  throw InvalidArgument(fmt::format("nothing was checked: every case was skipped, as {}",
                                    results.front().cases.front().reasons.front()));
}

int run_sweep(const ValidateWords& words) {
  const SweepOptions options = sweep_options(words);
  std::optional<ReportFile> report;
  if (words.json) report.emplace(*words.json);
  double seconds = 0;
  std::FILE* const text = text_stream(words);
  const auto results = timed(seconds, [&] { return sweep_all(options, words.is_quiet, text); });
  refuse_idle(results, options);
  if (report) report->write(to_json(results, options, seconds));
  if (!words.is_quiet) fmt::print(text, "{}", summary(results, seconds));
  for (const DeviceResult& result : results) {
    if (result.count(Status::failed) > 0) return kCheckFailed;
  }
  return kDone;
}

int conclude(const ValidateWords& words, const std::vector<Verdict>& verdicts, ReportFile* report) {
  std::FILE* const text = text_stream(words);
  if (report != nullptr) report->write(to_json(verdicts));
  const bool has_failed = !std::ranges::all_of(verdicts, &Verdict::passed);
  if (!words.is_quiet || has_failed) fmt::print(text, "{}", to_text(verdicts));
  const bool is_too_wide = status_of(verdicts.back()) == Status::mistrusted && verdicts.back().vague > 0;
  if (!words.is_quiet && is_too_wide && words.files.hidden.empty()) {
    fmt::print(
        text,
        "  of a stack, --hidden FILE for each layer but the last lets every layer be judged by itself\n");
  }
  return has_failed ? kCheckFailed : kDone;
}

int run_files(const ValidateWords& words) {
  FilesOptions options = words.files;
  if (options.input.empty() || options.output.empty()) {
    throw InvalidArgument(
        "MODEL, INPUT and OUTPUT belong together: a model, its inputs, and what was made of them");
  }
  options.arithmetic = parse_arithmetic(words.arithmetic.value_or("reproducible"));
  options.threads = words.sweep.threads;
  options.shows_progress = !words.is_quiet;
  std::optional<ReportFile> report;
  if (words.json) {
    std::vector<std::filesystem::path> kept{options.model, options.input, options.output};
    kept.insert(kept.end(), options.hidden.begin(), options.hidden.end());
    for (const auto& file : kept) refuse_overwriting(*words.json, "report", file, "file");
    report.emplace(*words.json);
  }
  return conclude(words, judge_files(options), report ? &*report : nullptr);
}

int run_ptx(const ValidateWords& words) {
  PtxOptions options = words.ptx;
  const SweepOptions common = sweep_options(words);
  std::string missing;
  if (options.entry.empty()) missing += " --entry NAME";
  if (options.arguments.empty()) missing += " --args LIST";
  if (common.problems.empty()) missing += " --problem P";
  if (!missing.empty()) throw InvalidArgument("--ptx FILE needs besides:" + missing);
  if (common.problems.size() > 1) {
    throw InvalidArgument(fmt::format("--ptx FILE takes one --problem, found {}", common.problems.size()));
  }
  options.problem = common.problems.front();
  options.kinds = common.kinds;
  options.seed = common.seed;
  options.threads = common.threads;
  options.arithmetic = parse_arithmetic(words.arithmetic.value_or("tensor"));
  std::optional<ReportFile> report;
  if (words.json) {
    refuse_overwriting(*words.json, "report", options.file, "PTX file");
    report.emplace(*words.json);
  }
  std::FILE* const text = text_stream(words);
  std::vector<PtxResult> results = judge_ptx(options);
  if (report) report->write(to_json(results, options));
  const auto passes = [](const PtxResult& result) { return result.status != Status::failed; };
  const bool has_failed = !std::ranges::all_of(results, passes);
  if (words.is_quiet) std::erase_if(results, passes);
  fmt::print(text, "{}", to_text(results, options));
  return has_failed ? kCheckFailed : kDone;
}

int validate(const ValidateWords& words) {
  if (words.sweep.threads < 0) {
    throw InvalidArgument(
        fmt::format("--threads: {}, expected 0 (one per core) or more", words.sweep.threads));
  }
  watch_for_interrupts();
  if (!words.ptx.file.empty()) return run_ptx(words);
  return words.files.model.empty() ? run_sweep(words) : run_files(words);
}

void add_sweep_options(CLI::App* verb, ValidateWords& words) {
  verb->add_option("--device", words.sweep.device,
                   "auto, cpu, ptx, cuda:0, or one kernel: ptx:tile_fma/64x64");
  verb->add_option("--suite", words.suite, "quick (default) or full");
  verb->add_option("--dtype", words.dtypes, "f64, f32, f16, bf16, as f32,f16; default: all")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->add_option("--family", words.sweep.family, "Only kernels of this family: tile_fma, row_dot, …");
  verb->add_option("--problem", words.problems, "Instead of the suite's; may be given several times")
      ->allow_extra_args(false);
  verb->add_option("--data", words.kinds, "Kinds of data, as integers,ties; default: all")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_seed(verb, words.sweep.seed, "Of the data, and of the PTX machine's choices; default 1");
}

void add_files_options(CLI::App* verb, FilesOptions& files) {
  verb->add_option("MODEL", files.model, "Judge outputs made elsewhere: the model, as for `perceptron run`");
  verb->add_option("INPUT", files.input, "Its inputs, as .npy");
  verb->add_option("OUTPUT", files.output, "What somebody computed from them, as .npy");
  verb->add_option("--hidden", files.hidden,
                   "What a layer gave, as .npy; once for each but the last: judged one by one")
      ->allow_extra_args(false);
  verb->add_option("--activations", files.activations, "One per layer, instead of the model file's");
  verb->add_option("--output-dtype", files.output_dtype,
                   "In which OUTPUT is judged; default: as it is stored");
  verb->add_flag("--convert", files.converts,
                 "Round input values to the model's dtype where they do not fit it");
}

void add_ptx_options(CLI::App* verb, PtxOptions& ptx) {
  CLI::Option* file = verb->add_option("--ptx", ptx.file, "Execute and judge a kernel of your own: its PTX");
  verb->add_option("--entry", ptx.entry, "Its name: extern \"C\" __global__")->needs(file);
  verb->add_option(
          "--args", ptx.arguments,
          "What its parameters get, as x,w,b,y,rows,inputs,outputs; wt: W with inputs as rows; a: the "
          "activation's parameter; y=0: y with zeros at first; zeros(BYTES): a workspace; {x,rows,…}: a "
          "structure; x_stride, … and formulas of them")
      ->needs(file);
  verb->add_option("--grid", ptx.grid, "Blocks x,y,z, as ceil(outputs/16),ceil(rows/16); default 1")
      ->needs(file);
  verb->add_option("--block", ptx.block, "Threads x,y,z of a block, as 16,16; default 1")->needs(file);
  verb->add_option("--shared", ptx.shared, "Bytes of dynamic shared memory per block")->needs(file);
  verb->add_option("--budget", ptx.budget,
                   "Warp instructions after which a kernel counts as endless; default 400000000")
      ->needs(file);
  verb->add_flag("--same-value-stores", ptx.allows_same_value_stores,
                 "Threads may store one value to one place in any order, as Triton's do")
      ->needs(file);
}

/// What would be silently unused is refused: the three uses share few options.
void separate_uses(CLI::App* verb) {
  const auto exclude = [verb](const char* one, std::initializer_list<const char*> others) {
    for (const char* other : others) verb->get_option(one)->excludes(verb->get_option(other));
  };
  for (const char* use : {"--ptx", "MODEL"}) exclude(use, {"--device", "--suite", "--dtype", "--family"});
  exclude("MODEL", {"--ptx", "--problem", "--data", "--seed"});
  exclude("--problem", {"--dtype"});
  for (const char* option : {"--hidden", "--activations", "--output-dtype", "--convert"}) {
    verb->get_option(option)->needs(verb->get_option("MODEL"));
  }
}

}  // namespace

void add_validate(CLI::App& app, Action& action) {
  CLI::App* verb = app.add_subcommand("validate", "Prove kernels, or outputs made elsewhere, right or wrong");
  auto words = std::make_shared<ValidateWords>();
  add_sweep_options(verb, *words);
  add_files_options(verb, words->files);
  add_ptx_options(verb, words->ptx);
  verb->add_option("--arithmetic", words->arithmetic,
                   "reproducible: by bits; tensor: by the proved interval");
  verb->add_option("--threads", words->sweep.threads, "CPU threads; 0 (default): one per core");
  verb->add_option("--json", words->json, "Write every case and verdict to this file");
  verb->add_flag("--quiet", words->is_quiet, "Print errors only");
  separate_uses(verb);
  verb->footer(fmt::format("{}\nA PROBLEM is {}.\nDATA is {}; default: all of them.\n{}", kValidateExamples,
                           kProblemGrammar, fmt::join(kDataKinds, ", "), kExitCodeHelp));
  verb->callback([words, &action] { action = [words] { return validate(*words); }; });
}

}  // namespace perceptron::cli
