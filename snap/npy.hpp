// NumPy's .npy files as matrices: rows are read and written in pieces, so that files may exceed memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "perceptron/export.hpp"
#include "perceptron/matrix.hpp"
#include "perceptron/view.hpp"

namespace perceptron {

/// Whether values may be rounded on their way into another dtype.
enum class Conversion : std::uint8_t { exact_only, rounding };

/// Reads C-order arrays of f64, f32, f16, u8, i8, i16, i32, i64 (little-endian or single bytes) with 1 to 3
/// dimensions: [columns], [rows, columns] or [groups, rows, columns]. The header is checked whole on opening:
/// FileError where the file cannot be opened or is no regular file, FormatError with byte offset where the
/// content is wrong, the data's length included. One thread at a time.
class PERCEPTRON_API NpyReader {
 public:
  explicit NpyReader(const std::filesystem::path& path);
  NpyReader(NpyReader&&) noexcept;
  NpyReader& operator=(NpyReader&&) noexcept;
  ~NpyReader();

  const std::filesystem::path& path() const;
  const std::vector<std::int64_t>& shape() const;
  std::int64_t groups() const;  ///< 1 below three dimensions.
  std::int64_t rows() const;    ///< 1 with one dimension.
  std::int64_t columns() const;
  /// "f32", "u8" and so on.
  std::string_view element_name() const;
  /// True where every value of the file's element type is a value of `dtype`.
  bool converts_exactly(DType dtype) const;

  /// Fills `destination` (host; groups × count × columns) with rows first … first+count−1 of every group,
  /// converted to its dtype. Throws InvalidArgument where the shape does not fit or, under exact_only,
  /// where converts_exactly(dtype) is false; FileError where the file became shorter meanwhile.
  void read(std::int64_t first_row, MatrixView destination, Conversion conversion = Conversion::exact_only);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes one array of f64, f32 or f16; bf16 has no npy type and is widened to f32. A regular file is written
/// beside `path` and renamed over it by finish(): before that, and where the writer is destroyed without
/// finish(), `path` keeps its old content. A device, pipe or socket is written directly, in order.
class PERCEPTRON_API NpyWriter {
 public:
  /// shape: 1 to 3 dimensions as in NpyReader. Throws FileError where the path cannot be written.
  NpyWriter(const std::filesystem::path& path, DType dtype, std::vector<std::int64_t> shape);
  NpyWriter(NpyWriter&&) noexcept;
  NpyWriter& operator=(NpyWriter&&) noexcept;
  ~NpyWriter();

  /// Writes rows first … of every group. Pieces may come in any order for regular files; for devices and
  /// pipes in ascending order, with all rows at once where there are several groups. Throws FileError (disk
  /// full included) or InvalidArgument on a shape or dtype that does not fit.
  void write(std::int64_t first_row, ConstMatrixView rows);
  /// Flushes and renames; throws FileError, or InvalidArgument where rows are missing. Nothing may be written
  /// after it.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The whole array in its own float dtype (integers: f32 where that is exact, else f64, else
/// InvalidArgument).
PERCEPTRON_API Matrix load_npy(const std::filesystem::path& path);
/// Writes the whole matrix: [rows, columns], with a leading axis where there are several groups.
PERCEPTRON_API void save_npy(const std::filesystem::path& path, ConstMatrixView matrix);

}  // namespace perceptron
