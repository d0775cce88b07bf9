// NpyReader: checks the header once, then preads rows straight into the destination, or through a small
// buffer where their type changes or the destination has gaps.
#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "perceptron/error.hpp"
#include "perceptron/npy.hpp"
#include "src/engine/checks.hpp"
#include "src/files/byte_source.hpp"
#include "src/files/npy_header.hpp"
#include "src/files/npy_layout.hpp"
#include "src/reference/float_environment.hpp"

namespace perceptron {

namespace {

files::NpyHeader header_of(const files::ByteSource& source) {
  const std::string name = source.path().string();
  std::array<std::byte, files::kNpyPreambleBytes> start;
  const auto preamble_bytes = std::min<std::uint64_t>(start.size(), source.size());
  const std::span<std::byte> begin(start.data(), static_cast<std::size_t>(preamble_bytes));
  source.read(0, begin);
  const files::NpyPreamble preamble = files::read_npy_preamble(name, begin, source.size());
  std::string text(static_cast<std::size_t>(preamble.text_bytes), '\0');
  source.read(preamble.text_offset, std::as_writable_bytes(std::span(text)));
  return files::read_npy_header(name, preamble, text, source.size());
}

}  // namespace

struct NpyReader::State {
  explicit State(const std::filesystem::path& path)
      : source(path, "a .npy file"), header(header_of(source)), layout(header.shape) {}

  void read_rows(std::int64_t first_element, const MatrixView& destination);

  files::ByteSource source;
  files::NpyHeader header;
  files::NpyLayout layout;
  alignas(64) std::array<std::byte, files::kPieceBytes> piece;
};

/// Fills one group of a destination from consecutive elements of the file.
void NpyReader::State::read_rows(std::int64_t first_element, const MatrixView& destination) {
  const MatrixView rows = files::as_one_row_if_contiguous(destination);
  const std::size_t element_bytes = files::traits(header.element).bytes;
  const auto read = [&](std::int64_t element, void* to, std::int64_t count) {
    const std::uint64_t offset = static_cast<std::uint64_t>(first_element + element) * element_bytes;
    source.read(header.data_offset + offset,
                {static_cast<std::byte*>(to), static_cast<std::size_t>(count) * element_bytes});
  };
  const std::int64_t total = rows.rows * rows.columns;
  if (files::same_dtype(header.element) == rows.dtype && rows.rows == 1) {
    return read(0, rows.data, total);
  }
  const auto most = static_cast<std::int64_t>(piece.size() / element_bytes);
  for (std::int64_t first = 0; first < total; first += most) {
    const std::int64_t count = std::min(most, total - first);
    read(first, piece.data(), count);
    files::for_each_row_part(rows.columns, first, count, [&](auto row, auto column, auto offset, auto part) {
      auto* to = static_cast<std::byte*>(rows.element(0, row)) +
                 static_cast<std::size_t>(column) * size_of(rows.dtype);
      files::convert(header.element, piece.data() + static_cast<std::size_t>(offset) * element_bytes,
                     rows.dtype, to, static_cast<std::size_t>(part));
    });
  }
}

NpyReader::NpyReader(const std::filesystem::path& path) : state_(std::make_unique<State>(path)) {}
NpyReader::NpyReader(NpyReader&&) noexcept = default;
NpyReader& NpyReader::operator=(NpyReader&&) noexcept = default;
NpyReader::~NpyReader() = default;

const std::filesystem::path& NpyReader::path() const { return state_->source.path(); }
const std::vector<std::int64_t>& NpyReader::shape() const { return state_->header.shape; }
std::int64_t NpyReader::groups() const { return state_->layout.groups; }
std::int64_t NpyReader::rows() const { return state_->layout.rows; }
std::int64_t NpyReader::columns() const { return state_->layout.columns; }
std::string_view NpyReader::element_name() const { return files::traits(state_->header.element).name; }
bool NpyReader::converts_exactly(DType dtype) const {
  return files::converts_exactly(state_->header.element, dtype);
}

void NpyReader::read(std::int64_t first_row, MatrixView destination, Conversion conversion) {
  const files::NpyLayout& layout = state_->layout;
  const std::string name = path().string();
  if (destination.place != Place::host) throw InvalidArgument(name + ": the destination must be host memory");
  engine::check_view(destination, "destination");
  if (destination.columns != layout.columns || destination.groups != layout.groups ||
      !layout.holds_rows(first_row, destination.rows)) {
    throw InvalidArgument(fmt::format(
        "{}: rows {} + {} of {} groups × {} columns asked for, but its shape is {}", name, first_row,
        destination.rows, destination.groups, destination.columns, files::python_tuple(shape())));
  }
  if (conversion == Conversion::exact_only && !converts_exactly(destination.dtype)) {
    throw InvalidArgument(
        fmt::format("{}: {} does not convert to {} without rounding; "
                    "ask for rounding (--convert) or use a wider dtype",
                    name, element_name(), to_string(destination.dtype)));
  }
  const reference::FloatEnvironment environment;
  for (std::int64_t group = 0; group < layout.groups; ++group) {
    MatrixView rows = destination;
    rows.data = destination.element(group, 0);
    rows.groups = 1;
    state_->read_rows(layout.element(group, first_row), rows);
  }
}

Matrix load_npy(const std::filesystem::path& path) {
  NpyReader reader(path);
  const DType dtypes[] = {DType::f16, DType::f32, DType::f64};
  for (const DType dtype : dtypes) {
    const bool is_own = reader.element_name() == to_string(dtype);
    if (!is_own && (dtype == DType::f16 || !reader.converts_exactly(dtype))) continue;
    Matrix matrix(dtype, reader.rows(), reader.columns(), reader.groups());
    reader.read(0, matrix);
    return matrix;
  }
  throw InvalidArgument(
      fmt::format("{}: {} does not convert to any dtype without rounding; "
                  "read it by NpyReader with Conversion::rounding",
                  path.string(), reader.element_name()));
}

}  // namespace perceptron
