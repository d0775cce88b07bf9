#include "src/cli/judge_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "perceptron/error.hpp"
#include "perceptron/matrix.hpp"
#include "perceptron/npy.hpp"
#include "src/cli/chunks.hpp"
#include "src/cli/counted.hpp"
#include "src/cli/interrupt.hpp"
#include "src/cli/model_input.hpp"
#include "src/cli/progress.hpp"

namespace perceptron::cli {
namespace {

/// A file of outputs and the dtype in which its values are judged.
struct Outputs {
  NpyReader reader;
  DType dtype;
  std::int64_t groups;
};

/// As the file has them, so that nothing is rounded before it is judged. npy knows no bf16: `run` writes f32.
DType stored_dtype(const NpyReader& reader, DType model) {
  if (reader.element_name() == "f32" && model == DType::bf16) return model;
  for (const DTypeTraits& dtype : kDTypes) {
    if (dtype.name == reader.element_name()) return dtype.dtype;
  }
  return model;
}

Outputs open_outputs(const std::filesystem::path& path, const Layer& layer, std::optional<DType> dtype,
                     std::int64_t rows) {
  NpyReader reader(path);
  if (reader.columns() != layer.outputs() || reader.rows() != rows || reader.groups() != layer.groups()) {
    throw InvalidArgument(fmt::format("{}: [{}, {}, {}] in groups, rows and columns, expected [{}, {}, {}]",
                                      path.string(), reader.groups(), reader.rows(), reader.columns(),
                                      layer.groups(), rows, layer.outputs()));
  }
  const DType judged = dtype.value_or(stored_dtype(reader, layer.weight.dtype));
  return {std::move(reader), judged, layer.groups()};
}

/// Where the narrow copy is not the wide one.
void refuse_rounded(const Matrix& wide, const Matrix& back, const Outputs& outputs, std::int64_t first_row) {
  const auto* before = static_cast<const double*>(wide.data());
  const auto* after = static_cast<const double*>(back.data());
  for (std::int64_t index = 0; index < wide.groups() * wide.rows() * wide.columns(); ++index) {
    if (before[index] == after[index] || std::isnan(before[index])) continue;
    throw InvalidArgument(
        fmt::format("{}: row {}, column {} holds {}, which is no {}; --output-dtype names the dtype "
                    "of the values",
                    outputs.reader.path().string(), first_row + index / wide.columns() % wide.rows(),
                    index % wide.columns(), before[index], to_string(outputs.dtype)));
  }
}

Matrix read_rows(Outputs& outputs, std::int64_t first_row, std::int64_t count) {
  const std::int64_t columns = outputs.reader.columns();
  Matrix rows(outputs.dtype, count, columns, outputs.groups);
  if (outputs.reader.converts_exactly(outputs.dtype)) {
    outputs.reader.read(first_row, rows);
    return rows;
  }
  Matrix wide(DType::f64, count, columns, outputs.groups);
  outputs.reader.read(first_row, wide);
  rows = copy(std::as_const(wide).view(), outputs.dtype);
  refuse_rounded(wide, copy(std::as_const(rows).view(), DType::f64), outputs, first_row);
  return rows;
}

std::vector<Outputs> open_all(const FilesOptions& options, const Model& model, std::int64_t rows) {
  const std::size_t layers = model.layer_count();
  if (!options.hidden.empty() && options.hidden.size() + 1 != layers) {
    throw InvalidArgument(fmt::format("{} for {}, which has {}; expected {}: all but the last",
                                      counted(std::ssize(options.hidden), "hidden output"),
                                      options.model.string(),
                                      counted(static_cast<std::int64_t>(layers), "layer"), layers - 1));
  }
  std::vector<Outputs> all;
  for (std::size_t index = 0; index < options.hidden.size(); ++index) {
    all.push_back(open_outputs(options.hidden[index], model.layer(index), model.dtype(), rows));
  }
  std::optional<DType> dtype;
  if (options.output_dtype) dtype = parse_dtype(*options.output_dtype);
  all.push_back(open_outputs(options.output, model.layer(layers - 1), dtype, rows));
  return all;
}

ChunkOptions chunks_of(const FilesOptions& options) {
  ChunkOptions chunks;
  chunks.conversion = options.converts ? Conversion::rounding : Conversion::exact_only;
  chunks.is_checked = true;
  return chunks;
}

std::vector<Matrix> read_all(std::vector<Outputs>& outputs, std::int64_t first_row, std::int64_t count) {
  std::vector<Matrix> rows;
  rows.reserve(outputs.size());
  for (Outputs& one : outputs) rows.push_back(read_rows(one, first_row, count));
  return rows;
}

std::vector<Verdict> judge_rows(const ConstMatrixView& x, const Model& model,
                                const std::vector<Matrix>& outputs, const FilesOptions& options) {
  const ValidateOptions by(options.arithmetic, options.threads);
  if (options.hidden.empty()) return {validate(x, model, outputs.back(), by)};
  const std::vector<ConstMatrixView> views(outputs.begin(), outputs.end());
  return validate_layers(x, model, views, by);
}

}  // namespace

std::vector<Verdict> judge_files(const FilesOptions& options) {
  const Model model = load_model(options.model, options.activations);
  NpyReader reader(options.input);
  check_input(reader, model, options.model, options.converts);
  std::vector<Outputs> outputs = open_all(options, model, reader.rows());
  const ChunkOptions chunks = chunks_of(options);
  const std::int64_t total = reader.rows(), most = choose_chunk_rows(model, reader, chunks);
  Progress progress(total, options.shows_progress);
  std::vector<Verdict> verdicts(outputs.size());
  std::int64_t row = 0;
  do {  // Once at least: also no rows have a verdict.
    stop_if_interrupted();
    const std::int64_t count = std::min(most, total - row);
    Matrix x(model.dtype(), count, model.inputs(), reader.groups());
    reader.read(row, x, chunks.conversion);
    const std::vector<Matrix> given = read_all(outputs, row, count);
    const auto part = judge_rows(shared_by(model.groups(), std::as_const(x).view()), model, given, options);
    for (std::size_t index = 0; index < part.size(); ++index) verdicts[index].add(part[index], row);
    row += count;
    progress.show(row);
  } while (row < total);
  return verdicts;
}

}  // namespace perceptron::cli
