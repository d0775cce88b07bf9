// .npy files: numpy's own bytes, round trips, exact and rounding conversions. npy_refusal_test.cpp has every
// way in which they are broken.
#include "perceptron/npy.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "perceptron/error.hpp"
#include "src/files/element.hpp"
#include "src/files/npy_header.hpp"
#include "src/reference/float_environment.hpp"
#include "tests/support/damaged_files.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/npy_bytes.hpp"
#include "tests/support/temp_dir.hpp"

namespace perceptron {
namespace {

using files::ElementType;
using test::counted;
using test::expect_error;
using test::fields;
using test::npy_bytes;
using test::TempDir;

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// A file of [1, n] with these values.
template <class T>
void write_row(const std::filesystem::path& path, ElementType type, const std::vector<T>& values) {
  const std::vector<std::int64_t> shape{1, static_cast<std::int64_t>(values.size())};
  test::write_file(path, files::npy_header_bytes(type, shape) + bytes_of(values));
}

std::string contents(const Matrix& matrix) {
  return {static_cast<const char*>(matrix.data()), matrix.size_bytes()};
}

TEST(NpyHeader, IsByteForByteWhatNumpyWrites) {
  struct Case {
    ElementType element;
    std::vector<std::int64_t> shape;
    std::string text;
    std::size_t bytes;
  };
  // The last one is where numpy pads by a whole 64 bytes instead of none.
  const Case cases[] = {
      {ElementType::f64, {3, 4}, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }", 128},
      {ElementType::f32, {5}, "{'descr': '<f4', 'fortran_order': False, 'shape': (5,), }", 128},
      {ElementType::f16, {2, 3, 4}, "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3, 4), }", 128},
      {ElementType::f32, {0, 7}, "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 7), }", 128},
      {ElementType::f64,
       {1000000, 1},
       "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1), }",
       128},
      {ElementType::f32,
       {5, 100000000000000000, 1000000000000000000},
       "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 100000000000000000, 1000000000000000000), }",
       192},
  };
  for (const Case& expected : cases) {
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(expected.bytes - 10);
    bytes += '\0';
    bytes += expected.text + std::string(expected.bytes - 11 - expected.text.size(), ' ') + '\n';
    EXPECT_EQ(files::npy_header_bytes(expected.element, expected.shape), bytes);
  }
}

TEST(Npy, RoundTripsKeepEveryBit) {
  const TempDir directory;
  for (const DType dtype : {DType::f64, DType::f32, DType::f16}) {
    for (const std::int64_t groups : {1, 3}) {
      for (const std::int64_t rows : {0, 1, 5, 4099}) {
        const Matrix matrix = counted(dtype, rows, 7, groups);
        save_npy(directory / "array.npy", matrix);
        const Matrix again = load_npy(directory / "array.npy");
        EXPECT_EQ(again.dtype(), dtype);
        EXPECT_EQ(again.groups(), groups);
        EXPECT_EQ(again.rows(), rows);
        EXPECT_EQ(again.columns(), 7);
        EXPECT_EQ(contents(again), contents(matrix));
      }
    }
  }
}

TEST(Npy, Bf16IsWidenedToF32) {
  const TempDir directory;
  const Matrix matrix = counted(DType::bf16, 5000, 3, 2);
  save_npy(directory / "array.npy", matrix);
  EXPECT_EQ(contents(load_npy(directory / "array.npy")), contents(copy(matrix, DType::f32)));
}

TEST(Npy, ReadsEverySpellingThatNumpyHasWritten) {
  const TempDir directory;
  const std::string data(24, '\x07');
  for (const std::string& bytes : {
           npy_bytes(fields("<f4", "(2, 3)"), 24),
           npy_bytes(fields("<f4", "(2, 3)") + ", ", 24, 2),
           npy_bytes(fields("<f4", "(2, 3,)") + ",   ", 24, 3),
           npy_bytes(fields("<f4", "(2L, 3L)"), 24),
           npy_bytes("'shape':(2,3),'descr':'<f4','fortran_order':False", 24),
           npy_bytes("\"fortran_order\" : False , \"shape\" : ( 2 , 3 ) , \"descr\" : \"<f4\"", 24),
       }) {
    test::write_file(directory / "array.npy", bytes);
    NpyReader reader(directory / "array.npy");
    EXPECT_EQ(reader.shape(), (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(reader.element_name(), "f32");
    EXPECT_EQ(contents(load_npy(directory / "array.npy")), data);
  }
  test::write_file(directory / "array.npy", npy_bytes(fields("<f4", "(6,)", "True"), 24));
  EXPECT_EQ(load_npy(directory / "array.npy").columns(), 6);
}

TEST(Npy, ShapesBecomeGroupsRowsAndColumns) {
  const TempDir directory;
  test::write_file(directory / "array.npy", npy_bytes(fields("|u1", "(2, 3, 4)"), 24));
  const NpyReader reader(directory / "array.npy");
  EXPECT_EQ(reader.groups(), 2);
  EXPECT_EQ(reader.rows(), 3);
  EXPECT_EQ(reader.columns(), 4);
  test::write_file(directory / "line.npy", npy_bytes(fields("|u1", "(24,)"), 24));
  const NpyReader line(directory / "line.npy");
  EXPECT_EQ(line.groups(), 1);
  EXPECT_EQ(line.rows(), 1);
  EXPECT_EQ(line.columns(), 24);
}

TEST(Npy, ReadsPiecesIntoStridedGroupsAndTouchesNothingElse) {
  const TempDir directory;
  constexpr std::int64_t kGroups = 3, kRows = 5000, kColumns = 6, kStride = 9, kFirst = 17, kCount = 4000;
  const Matrix all = counted(DType::f32, kRows, kColumns, kGroups);
  save_npy(directory / "array.npy", all);
  NpyReader reader(directory / "array.npy");
  for (const DType dtype : {DType::f32, DType::f64}) {
    Matrix target(dtype, kCount + 2, kStride, kGroups);
    std::memset(target.data(), 0x55, target.size_bytes());
    const Matrix untouched = copy(target);
    MatrixView view = target.view().row_range(1, kCount);
    view.columns = kColumns;
    reader.read(kFirst, view);
    const Matrix expected = copy(all, dtype);
    for (std::int64_t group = 0; group < kGroups; ++group) {
      for (std::int64_t row = 0; row < kCount + 2; ++row) {
        const bool is_written = row >= 1 && row <= kCount;
        const void* wanted = is_written ? expected.view().element(group, kFirst + row - 1)
                                        : untouched.view().element(group, row);
        const std::size_t used = is_written ? kColumns * size_of(dtype) : 0;
        const auto* found = static_cast<const char*>(target.view().element(group, row));
        ASSERT_EQ(std::memcmp(found, wanted, used), 0) << group << ' ' << row;
        const auto* left = static_cast<const char*>(untouched.view().element(group, row));
        ASSERT_EQ(std::memcmp(found + used, left + used, kStride * size_of(dtype) - used), 0)
            << group << ' ' << row;
      }
    }
  }
}

/// Every value of the narrow types, and the extremes and all powers of two with their neighbours of the wide
/// ones.
std::vector<std::int64_t> telling_values(ElementType type) {
  const int bits = static_cast<int>(files::traits(type).bytes) * 8;
  const bool is_signed = type != ElementType::u8;
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() >> (64 - bits - (is_signed ? 0 : 1));
  const std::int64_t least = is_signed ? -most - 1 : 0;
  std::vector<std::int64_t> values{least, most};
  if (bits <= 16) {
    for (std::int64_t value = least; value <= most; ++value) values.push_back(value);
  }
  for (int bit = 0; bit < bits - 1; ++bit) {
    for (const std::int64_t near : {-1, 0, 1}) values.push_back((std::int64_t{1} << bit) + near);
  }
  return values;
}

template <class T>
void expect_exactness(ElementType type) {
  std::vector<T> values;
  for (const std::int64_t value : telling_values(type)) values.push_back(static_cast<T>(value));
  for (std::size_t i = 0; i < kDTypes.size(); ++i) {
    const auto dtype = static_cast<DType>(i);
    Matrix converted(dtype, 1, static_cast<std::int64_t>(values.size()));
    files::convert(type, values.data(), dtype, converted.data(), values.size());
    bool all_equal = true;
    visit_dtype(dtype, [&](auto element) {
      const auto* results = static_cast<const decltype(element)*>(converted.data());
      for (std::size_t v = 0; v < values.size(); ++v) {
        const auto exact = static_cast<long double>(values[v]);
        all_equal = all_equal && static_cast<long double>(static_cast<double>(results[v])) == exact;
      }
    });
    EXPECT_EQ(files::converts_exactly(type, dtype), all_equal)
        << files::traits(type).name << " to " << to_string(dtype);
  }
}

TEST(Conversion, IsExactWhereEveryValueSurvives) {
  expect_exactness<std::uint8_t>(ElementType::u8);
  expect_exactness<std::int8_t>(ElementType::i8);
  expect_exactness<std::int16_t>(ElementType::i16);
  expect_exactness<std::int32_t>(ElementType::i32);
  expect_exactness<std::int64_t>(ElementType::i64);
  for (std::size_t from = 0; from < kDTypes.size(); ++from) {
    for (std::size_t to = 0; to < kDTypes.size(); ++to) {
      EXPECT_EQ(files::converts_exactly(files::element_of(static_cast<DType>(from)), static_cast<DType>(to)),
                widens_exactly(static_cast<DType>(from), static_cast<DType>(to)));
    }
  }
}

template <class To, class From>
To converted(ElementType type, From value) {
  To result{};
  files::convert(type, &value, kDTypeOf<To>, &result, 1);
  return result;
}

TEST(Conversion, RoundsWideIntegersOnce) {
  // Just above a tie of bf16, of f32 and of f16; by way of a double the first would be a tie and go down.
  const std::int64_t above_tie = (std::int64_t{1} << 62) + (std::int64_t{1} << 54) + 1;
  EXPECT_EQ(static_cast<float>(converted<BFloat16>(ElementType::i64, above_tie)), 0x1.02p62F);
  EXPECT_EQ(static_cast<float>(converted<BFloat16>(ElementType::i64, -above_tie)), -0x1.02p62F);
  EXPECT_EQ(static_cast<float>(converted<BFloat16>(ElementType::i64, above_tie - 1)), 0x1p62F);
  EXPECT_EQ(converted<float>(ElementType::i64, (std::int64_t{1} << 62) + (std::int64_t{1} << 38) + 1),
            0x1.000002p62F);
  EXPECT_EQ(static_cast<float>(converted<Float16>(ElementType::i32, 2049)), 2048.0F);
  EXPECT_EQ(static_cast<float>(converted<Float16>(ElementType::i32, 2051)), 2052.0F);
  EXPECT_EQ(static_cast<float>(converted<Float16>(ElementType::i64, std::int64_t{65519})), 65504.0F);
  EXPECT_TRUE(std::isinf(static_cast<float>(converted<Float16>(ElementType::i64, std::int64_t{65520}))));
}

TEST(Npy, ConvertsIntegersAndAsksBeforeItRounds) {
  const TempDir directory;
  const std::filesystem::path path = directory / "array.npy";
  write_row(path, ElementType::u8, std::vector<std::uint8_t>{0, 1, 255});
  const Matrix bytes = load_npy(path);
  ASSERT_EQ(bytes.dtype(), DType::f32);
  EXPECT_EQ(static_cast<const float*>(bytes.data())[2], 255.0F);

  write_row(path, ElementType::i32, std::vector<std::int32_t>{-2147483647});
  const Matrix whole = load_npy(path);
  ASSERT_EQ(whole.dtype(), DType::f64);
  EXPECT_EQ(static_cast<const double*>(whole.data())[0], -2147483647.0);
  NpyReader reader(path);
  Matrix narrow(DType::f32, 1, 1);
  expect_error<InvalidArgument>([&] { reader.read(0, narrow); }, {path.string(), "i32", "f32", "--convert"});
  reader.read(0, narrow, Conversion::rounding);
  EXPECT_EQ(static_cast<const float*>(narrow.data())[0], -2147483648.0F);

  write_row(path, ElementType::i64, std::vector<std::int64_t>{1});
  expect_error<InvalidArgument>([&] { load_npy(path); }, {path.string(), "i64", "rounding"});
}

#if defined(__SSE2__)
TEST(Npy, TheCallersFlushToZeroModeNeitherMattersNorChanges) {
  const TempDir directory;
  constexpr double kTiny = 0x1p-140;
  write_row(directory / "array.npy", ElementType::f64, std::vector<double>{kTiny});
  NpyReader reader(directory / "array.npy");
  Matrix narrow(DType::f32, 1, 1);
  constexpr unsigned kFlushEverything = 0x9FC0;  // FTZ, DAZ, nearest, all masked.
  const unsigned saved = _mm_getcsr();
  _mm_setcsr(kFlushEverything);
  reader.read(0, narrow, Conversion::rounding);
  const unsigned left = _mm_getcsr();
  _mm_setcsr(saved);
  EXPECT_EQ(static_cast<const float*>(narrow.data())[0], static_cast<float>(kTiny));
  EXPECT_EQ(left & 0xFFC0, kFlushEverything & 0xFFC0);
}
#endif

TEST(Npy, RefusesDestinationsThatDoNotFit) {
  const TempDir directory;
  const std::filesystem::path path = directory / "array.npy";
  save_npy(path, Matrix(DType::f32, 4, 3));
  NpyReader reader(path);
  const auto read = [&](std::int64_t first, MatrixView view) {
    return [=, &reader] { reader.read(first, view); };
  };
  Matrix matrix(DType::f32, 4, 3);
  MatrixView view = matrix;
  expect_error<InvalidArgument>(read(1, view), {path.string(), "1 + 4", "(4, 3)"});
  expect_error<InvalidArgument>(read(-1, view.row_range(0, 1)), {path.string(), "(4, 3)"});
  expect_error<InvalidArgument>(read(std::numeric_limits<std::int64_t>::max(), view.row_range(0, 1)),
                                {"(4, 3)"});
  expect_error<InvalidArgument>(read(0, Matrix(DType::f32, 4, 2)), {"2 columns", "(4, 3)"});
  expect_error<InvalidArgument>(read(0, Matrix(DType::f32, 4, 3, 2)), {"2 groups", "(4, 3)"});
  expect_error<InvalidArgument>(read(0, view.with_stride(2)), {"stride"});
  view.data = nullptr;
  expect_error<InvalidArgument>(read(0, view), {"null"});
}

}  // namespace
}  // namespace perceptron
