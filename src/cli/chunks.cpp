#include "src/cli/chunks.hpp"

#include <algorithm>

#include "perceptron/matrix.hpp"
#include "src/cli/interrupt.hpp"
#include "src/cli/model_input.hpp"
#include "src/cli/progress.hpp"
#include "src/engine/stopwatch.hpp"

namespace perceptron::cli {
namespace {

using engine::timed;

/// Of x and y. Measured on two cores of a busy AMD EPYC, 1,000,000 × 64 f32 through 64 → 32 → 10, best of
/// two: 1 MiB 2.6, 4 MiB 3.1, 16 MiB 2.5, 64 MiB 2.0 million rows/s.
constexpr std::int64_t kChunkBytes = std::int64_t{4} << 20;
/// Multiply-adds of a chunk, each a fraction of a second on one core: the reference does 4e8 a second there
/// (measured as above), the engine 5e10 (an estimate).
constexpr std::int64_t kChunkProducts = std::int64_t{1} << 33;
constexpr std::int64_t kCheckedChunkProducts = std::int64_t{1} << 26;

void stop_writing_if_interrupted() {
  if (const int signal = pending_interrupt()) {
    throw Interrupted("interrupted; no output file was written or replaced", signal);
  }
}

}  // namespace

std::int64_t choose_chunk_rows(const Model& model, const NpyReader& reader, const ChunkOptions& options) {
  const auto input_bytes =
      static_cast<std::int64_t>(size_of(model.dtype())) * reader.groups() * model.inputs();
  const auto output_bytes =
      static_cast<std::int64_t>(size_of(options.output_dtype)) * model.groups() * model.outputs();
  const std::int64_t products = options.is_checked ? kCheckedChunkProducts : kChunkProducts;
  const std::int64_t rows =
      std::min(kChunkBytes / (input_bytes + output_bytes), products / model.parameter_count());
  return std::clamp<std::int64_t>(rows, 1, std::max<std::int64_t>(1, reader.rows()));
}

void run_chunks(const Stages& stages, const ChunkOptions& options, RunReport& report) {
  const Model& model = stages.model;
  const std::int64_t total = stages.reader.rows();
  Matrix x(model.dtype(), options.rows, model.inputs(), stages.reader.groups());
  Matrix y(options.output_dtype, options.rows, model.outputs(), model.groups());
  Seconds& seconds = report.seconds;
  Progress progress(total, options.shows_progress);
  for (std::int64_t row = 0; row < total; row += std::min(options.rows, total - row)) {
    stop_writing_if_interrupted();
    const std::int64_t count = std::min(options.rows, total - row);
    const MatrixView x_rows = x.view().row_range(0, count), y_rows = y.view().row_range(0, count);
    const ConstMatrixView x_all = shared_by(model.groups(), x_rows);
    timed(seconds.read, [&] { stages.reader.read(row, x_rows, options.conversion); });
    timed(seconds.compute, [&] { stages.session.run(x_all, y_rows); });
    timed(seconds.write, [&] { stages.writer.write(row, y_rows); });
    if (options.is_checked) {
      timed(seconds.check, [&] { report.check->add(validate(x_all, model, y_rows, options.threads), row); });
    }
    progress.show(row + count);
  }
  stop_writing_if_interrupted();
}

}  // namespace perceptron::cli
