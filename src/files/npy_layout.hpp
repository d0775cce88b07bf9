// How the one to three dimensions of a .npy array become groups, rows and columns, and how a run of elements
// is moved piece by piece between a file and a strided matrix. Shared by NpyReader and NpyWriter.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace perceptron::files {

/// [columns], [rows, columns] or [groups, rows, columns].
struct NpyLayout {
  explicit NpyLayout(std::span<const std::int64_t> shape)
      : groups(shape.size() > 2 ? shape[0] : 1),
        rows(shape.size() > 1 ? shape[shape.size() - 2] : 1),
        columns(shape.back()) {}

  /// Index in the file of the first element of a row.
  std::int64_t element(std::int64_t group, std::int64_t row) const { return (group * rows + row) * columns; }
  bool holds_rows(std::int64_t first, std::int64_t count) const {
    return first >= 0 && count >= 0 && count <= rows && first <= rows - count;
  }

  std::int64_t groups;
  std::int64_t rows;
  std::int64_t columns;
};

/// Bytes that are converted at once: they stay in the first-level cache together with their result.
inline constexpr std::size_t kPieceBytes = std::size_t{1} << 14;

/// The same elements as one long row where a view of one group has no gaps, so that narrow rows cost no more
/// than wide ones.
template <class View>
View as_one_row_if_contiguous(View view) {
  if (view.stride != view.columns && view.rows != 1) return view;
  view.columns *= view.rows;
  view.stride = view.columns;
  view.rows = 1;
  return view;
}

/// Calls visit(row, column, offset, count) for the parts of rows that make up elements first … first+count−1
/// of a matrix with that many columns; offset counts elements from `first`.
template <class Visitor>
void for_each_row_part(std::int64_t columns, std::int64_t first, std::int64_t count, Visitor&& visit) {
  for (std::int64_t offset = 0; offset < count;) {
    const std::int64_t row = (first + offset) / columns;
    const std::int64_t column = (first + offset) % columns;
    const std::int64_t part = std::min(count - offset, columns - column);
    visit(row, column, offset, part);
    offset += part;
  }
}

}  // namespace perceptron::files
