// NpyWriter: a header as numpy writes it, then rows at their place in the file.
#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "perceptron/error.hpp"
#include "perceptron/npy.hpp"
#include "src/engine/checks.hpp"
#include "src/files/byte_sink.hpp"
#include "src/files/npy_header.hpp"
#include "src/files/npy_layout.hpp"
#include "src/files/row_ranges.hpp"

namespace perceptron {

namespace {

DType stored_dtype(DType dtype) { return dtype == DType::bf16 ? DType::f32 : dtype; }

DType checked_dtype(DType dtype) {
  engine::check_dtype(dtype, "a .npy array");
  return dtype;
}

std::vector<std::int64_t> checked_shape(std::vector<std::int64_t> shape) {
  if (!shape.empty() && shape.size() <= 3) return shape;
  throw InvalidArgument(fmt::format("a .npy array of {} dimensions; expected 1 to 3", shape.size()));
}

}  // namespace

struct NpyWriter::State {
  State(const std::filesystem::path& path, DType element_dtype, std::vector<std::int64_t> dimensions)
      : dtype(checked_dtype(element_dtype)),
        shape(checked_shape(std::move(dimensions))),
        layout(shape),
        header(files::npy_header_bytes(files::element_of(stored_dtype(dtype)), shape)),
        sink(path, header.size() + files::array_bytes(files::element_of(stored_dtype(dtype)), shape)) {
    sink.write(0, std::as_bytes(std::span(header)));
  }

  void write_rows(std::int64_t first_element, const ConstMatrixView& source);

  DType dtype;
  std::vector<std::int64_t> shape;
  files::NpyLayout layout;
  files::RowRanges written;
  std::string header;
  files::ByteSink sink;
  alignas(64) std::array<std::byte, files::kPieceBytes> piece;
};

/// Puts one group of rows at consecutive elements of the file.
void NpyWriter::State::write_rows(std::int64_t first_element, const ConstMatrixView& source) {
  const ConstMatrixView rows = files::as_one_row_if_contiguous(source);
  const std::size_t element_bytes = size_of(stored_dtype(dtype));
  const auto write = [&](std::int64_t element, const void* from, std::int64_t count) {
    const std::uint64_t offset = static_cast<std::uint64_t>(first_element + element) * element_bytes;
    const std::size_t bytes = static_cast<std::size_t>(count) * element_bytes;
    sink.write(header.size() + offset, {static_cast<const std::byte*>(from), bytes});
  };
  const std::int64_t total = rows.rows * rows.columns;
  if (stored_dtype(dtype) == dtype && rows.rows == 1) {
    return write(0, rows.data, total);
  }
  const auto most = static_cast<std::int64_t>(piece.size() / element_bytes);
  for (std::int64_t first = 0; first < total; first += most) {
    const std::int64_t count = std::min(most, total - first);
    files::for_each_row_part(rows.columns, first, count, [&](auto row, auto column, auto offset, auto part) {
      const auto* from = static_cast<const std::byte*>(rows.element(0, row)) +
                         static_cast<std::size_t>(column) * size_of(dtype);
      files::convert(files::element_of(dtype), from, stored_dtype(dtype),
                     piece.data() + static_cast<std::size_t>(offset) * element_bytes,
                     static_cast<std::size_t>(part));
    });
    write(first, piece.data(), count);
  }
}

NpyWriter::NpyWriter(const std::filesystem::path& path, DType dtype, std::vector<std::int64_t> shape)
    : state_(std::make_unique<State>(path, dtype, std::move(shape))) {}
NpyWriter::NpyWriter(NpyWriter&&) noexcept = default;
NpyWriter& NpyWriter::operator=(NpyWriter&&) noexcept = default;
NpyWriter::~NpyWriter() = default;

void NpyWriter::write(std::int64_t first_row, ConstMatrixView rows) {
  const files::NpyLayout& layout = state_->layout;
  const std::string name = state_->sink.path().string();
  if (rows.place != Place::host) throw InvalidArgument(name + ": the rows must be host memory");
  engine::check_view(rows, "rows");
  if (rows.dtype != state_->dtype) {
    throw InvalidArgument(fmt::format("{}: rows of {} given, {} expected", name, to_string(rows.dtype),
                                      to_string(state_->dtype)));
  }
  if (rows.columns != layout.columns || rows.groups != layout.groups ||
      !layout.holds_rows(first_row, rows.rows)) {
    throw InvalidArgument(fmt::format("{}: rows {} + {} of {} groups × {} columns given, but its shape is {}",
                                      name, first_row, rows.rows, rows.groups, rows.columns,
                                      files::python_tuple(state_->shape)));
  }
  for (std::int64_t group = 0; group < layout.groups; ++group) {
    ConstMatrixView one = rows;
    one.data = rows.element(group, 0);
    one.groups = 1;
    state_->write_rows(layout.element(group, first_row), one);
  }
  state_->written.add(first_row, rows.rows);
}

void NpyWriter::finish() {
  const std::int64_t rows = state_->layout.rows, written = state_->written.count();
  if (written < rows) {
    throw InvalidArgument(fmt::format("{}: finished with {} of {} rows written; write all rows first",
                                      state_->sink.path().string(), written, rows));
  }
  state_->sink.finish();
}

void save_npy(const std::filesystem::path& path, ConstMatrixView matrix) {
  std::vector<std::int64_t> shape{matrix.rows, matrix.columns};
  if (matrix.groups != 1) shape.insert(shape.begin(), matrix.groups);
  NpyWriter writer(path, matrix.dtype, std::move(shape));
  writer.write(0, matrix);
  writer.finish();
}

}  // namespace perceptron
