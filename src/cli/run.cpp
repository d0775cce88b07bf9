// `perceptron run`: a model, an input file, an output file. Checks everything that can be checked before the
// work, in this file; the work itself is in chunks.cpp, the words about it in run_report.cpp.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "perceptron/error.hpp"
#include "src/cli/chunks.hpp"
#include "src/cli/interrupt.hpp"
#include "src/cli/memory_need.hpp"
#include "src/cli/model_input.hpp"
#include "src/cli/output_paths.hpp"
#include "src/cli/report_file.hpp"
#include "src/cli/verbs.hpp"
#include "src/engine/stopwatch.hpp"

namespace perceptron::cli {
namespace {

using engine::timed;

struct RunOptions {
  std::filesystem::path model;
  std::filesystem::path input;
  std::filesystem::path output;
  std::optional<std::string> activations;
  std::optional<std::string> output_dtype;
  std::optional<std::filesystem::path> report;
  bool converts = false;
  bool is_checked = false;
  bool is_quiet = false;
  Options engine;
};

constexpr const char* kRunExamples = R"(Examples:
  perceptron run model.safetensors x.npy y.npy
  perceptron run model.safetensors x.npy y.npy --check --report run.json
  perceptron run state_dict.safetensors x.npy y.npy --activations relu,relu,softmax
  perceptron run model.safetensors x_f64.npy y.npy --convert --device cpu --threads 1
  perceptron run model.safetensors x.npy /dev/stdout | consumer

INPUT holds rows: [rows, inputs], one row [inputs], or [groups, rows, inputs] for a model with groups
(without that axis all groups read the same rows). OUTPUT gets [rows, outputs], [outputs], or with groups
[groups, rows, outputs]; it is replaced only when everything is written.)";

void refuse_lossy_paths(const RunOptions& options) {
  refuse_overwriting(options.output, "output", options.input, "input");
  refuse_overwriting(options.output, "output", options.model, "model");
  if (!options.report) return;
  refuse_overwriting(*options.report, "report", options.input, "input");
  refuse_overwriting(*options.report, "report", options.model, "model");
  refuse_overwriting(*options.report, "report", options.output, "output");
}

/// As the input: one row stays one row, groups stay groups.
std::vector<std::int64_t> output_shape(const Model& model, const NpyReader& reader) {
  if (model.groups() > 1 || reader.shape().size() == 3)
    return {model.groups(), reader.rows(), model.outputs()};
  if (reader.shape().size() == 1) return {model.outputs()};
  return {reader.rows(), model.outputs()};
}

/// All rows at once, where the output takes the outputs in order only and those of one group come first.
std::int64_t rows_of_one_piece(const Model& model, const NpyReader& reader, DType output_dtype) {
  Problem ends = ends_of(model, reader.rows());
  ends.shared_x = reader.groups() == 1;
  ends.output_dtype = output_dtype;
  refuse_oversize(ends, {},
                  "; OUTPUT is no file, so it takes all rows of a group before the next: write to a file");
  return reader.rows();
}

ChunkOptions chunk_options(const RunOptions& options, const Model& model, const NpyReader& reader) {
  ChunkOptions chunks;
  chunks.output_dtype = options.output_dtype ? parse_dtype(*options.output_dtype) : model.dtype();
  chunks.conversion = options.converts ? Conversion::rounding : Conversion::exact_only;
  chunks.is_checked = options.is_checked;
  chunks.shows_progress = !options.is_quiet;
  chunks.threads = options.engine.threads;
  const bool is_one_piece = model.groups() > 1 && !takes_any_order(options.output);
  chunks.rows = is_one_piece ? rows_of_one_piece(model, reader, chunks.output_dtype)
                             : choose_chunk_rows(model, reader, chunks);
  return chunks;
}

RunReport describe(const RunOptions& options, const Model& model, const NpyReader& reader) {
  RunReport report;
  report.model = options.model.string();
  report.input = options.input.string();
  report.output = options.output.string();
  report.groups = model.groups();
  report.rows = reader.rows();
  report.inputs = model.inputs();
  report.outputs = model.outputs();
  if (options.is_checked) report.check.emplace();
  return report;
}

/// Of x and y as computed, all groups together.
double bytes_per_row(const Model& model, const NpyReader& reader, DType output_dtype) {
  const std::int64_t x = reader.groups() * model.inputs(), y = model.groups() * model.outputs();
  return static_cast<double>(x) * static_cast<double>(size_of(model.dtype())) +
         static_cast<double>(y) * static_cast<double>(size_of(output_dtype));
}

RunReport compute(const RunOptions& options) {
  Seconds seconds;
  const Model model = timed(seconds.load, [&] { return load_model(options.model, options.activations); });
  NpyReader reader = timed(seconds.read, [&] { return NpyReader(options.input); });
  check_input(reader, model, options.model, options.converts);
  const ChunkOptions chunks = chunk_options(options, model, reader);
  Engine engine = timed(seconds.load, [&] { return Engine(model, options.engine); });
  NpyWriter writer = timed(seconds.write, [&] {
    return NpyWriter(options.output, chunks.output_dtype, output_shape(model, reader));
  });
  Session session = timed(seconds.load, [&] { return engine.session(); });

  RunReport report = describe(options, model, reader);
  report.bytes = bytes_per_row(model, reader, chunks.output_dtype) * static_cast<double>(reader.rows());
  report.plan = engine.plan(chunks.rows);
  if (options.engine.device == "auto") report.gpu_absence = gpu_absence();
  report.seconds = seconds;
  run_chunks({model, reader, session, writer}, chunks, report);
  timed(report.seconds.write, [&] { writer.finish(); });
  return report;
}

int run(const RunOptions& options) {
  watch_for_interrupts();
  refuse_lossy_paths(options);
  std::optional<ReportFile> report_file;
  if (options.report) report_file.emplace(*options.report);
  const bool is_stdout_taken =
      is_standard_output(options.output) || (options.report && is_standard_output(*options.report));
  double total = 0;
  RunReport report = timed(total, [&] { return compute(options); });
  report.seconds.total = total;
  if (report_file) report_file->write(to_json(report));
  const int code = exit_code(report);
  if (!options.is_quiet || code != kDone)
    fmt::print(is_stdout_taken ? stderr : stdout, "{}", to_text(report));
  return code;
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  CLI::App* verb = app.add_subcommand("run", "Compute a model's outputs for the rows of a file");
  auto options = std::make_shared<RunOptions>();
  verb->add_option("MODEL", options->model, "Safetensors file: layers.N.weight, layers.N.bias")->required();
  verb->add_option("INPUT", options->input, "Rows as .npy: f64, f32, f16, u8, i8, i16, i32 or i64")
      ->required();
  verb->add_option("OUTPUT", options->output, "Where the outputs go, as .npy")->required();
  verb->add_option("--device", options->engine.device, "auto, cpu, or another name of `perceptron info`");
  verb->add_option("--threads", options->engine.threads, "CPU threads; 0 (default): one per core");
  verb->add_option("--activations", options->activations,
                   "One per layer, as relu,leaky_relu=0.1,softmax; instead of the file's");
  verb->add_option("--output-dtype", options->output_dtype,
                   "f64, f32, f16 or bf16 (stored as f32); default: the model's");
  verb->add_flag("--convert", options->converts,
                 "Round input values to the model's dtype where they do not fit it");
  verb->add_flag("--check", options->is_checked,
                 "Compare every output bit for bit with the reference arithmetic");
  verb->add_option("--report", options->report, "Write what was done and how fast to this file, as JSON");
  verb->add_flag("--quiet", options->is_quiet, "Print errors only");
  verb->footer(fmt::format("{}\n{}", kRunExamples, kExitCodeHelp));
  verb->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace perceptron::cli
