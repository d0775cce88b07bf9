// Every way in which a .npy file can be broken, named with its place.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "perceptron/error.hpp"
#include "perceptron/npy.hpp"
#include "src/files/npy_header.hpp"
#include "tests/support/damaged_files.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/npy_bytes.hpp"
#include "tests/support/temp_dir.hpp"

namespace perceptron {
namespace {

using test::counted;
using test::expect_error;
using test::fields;
using test::npy_bytes;
using test::TempDir;

TEST(Npy, NamesWhatIsWrongInAHeader) {
  struct Case {
    std::string bytes;
    std::vector<std::string_view> words;
  };
  const Case cases[] = {
      {"", {"empty", "expected a .npy file"}},
      {"PK\x03\x04 something else", {"\\x93NUMPY", "numpy.save"}},
      {std::string("\x93NUMPY\x04\x00\x10\x00", 10), {"offset 6", "version 4.0", "1.0, 2.0, 3.0"}},
      {std::string("\x93NUMPY\x01\x01\x10\x00", 10), {"version 1.1"}},
      {std::string("\x93NUMPY\x01\x00\x10", 9), {"offset 9", "inside its header", "truncated"}},
      {std::string("\x93NUMPY\x01\x00\xFF\xFF{}", 12), {"offset 8", "65535 bytes", "holds 2", "truncated"}},
      {std::string("\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF{}", 14),
       {"offset 8", "4294967295 bytes", "at most 1048576"}},
      {npy_bytes(fields(">f4", "(2, 3)"), 24), {">f4", "big-endian", "newbyteorder"}},
      {npy_bytes(fields("|O", "(2, 3)"), 24), {"|O", "objects", "astype"}},
      {npy_bytes(fields("|b1", "(2, 3)"), 24), {"|b1", "bool", "uint8"}},
      {npy_bytes(fields("<c8", "(2, 3)"), 24),
       {"<c8", "not supported", "<f8, <f4, <f2, |u1, |i1, <i2, <i4, <i8"}},
      {npy_bytes(fields("", "(2, 3)"), 24), {"''", "not supported"}},
      {npy_bytes("'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)", 24),
       {"structured", "field"}},
      {npy_bytes(fields("<f4", "(2, 3)", "True"), 24), {"Fortran order", "numpy.ascontiguousarray"}},
      {npy_bytes(fields("<f4", "()"), 4), {"()", "single number", "reshape"}},
      {npy_bytes(fields("<f4", "(1, 1, 2, 3)"), 24), {"more than 3 dimensions", "1 to 3"}},
      {npy_bytes(fields("<f4", "(-2, 3)"), 24), {"offset 61", "negative dimension"}},
      {npy_bytes(fields("<f4", "(9223372036854775808, 3)"), 24), {"2^63 - 1"}},
      {npy_bytes(fields("<f4", "(4294967296, 4294967296)"), 24),
       {"(4294967296, 4294967296)", "2^63 - 1 bytes"}},
      {npy_bytes(fields("<f4", "(0, 9223372036854775807)"), 0), {}},
      {npy_bytes(fields("<f4", "(1e3, 3)"), 24), {"',' or ')'"}},
      {npy_bytes(fields("<f4", "(True, 3)"), 24), {"whole number"}},
      {npy_bytes(fields("<f4", "(02, 3)"), 24), {"leading zeros"}},
      {npy_bytes(fields("<f4", "(6)"), 24), {"(n,)"}},
      {npy_bytes(fields("<f4", "(,)"), 24), {"whole number"}},
      {npy_bytes(fields("<f4", "[2, 3]"), 24), {"'('"}},
      {npy_bytes(fields("<f4", "(2, 3)", "0"), 24), {"True or False"}},
      {npy_bytes(fields("<f4", "(2, 3") + "", 24), {"',' or ')'"}},
      {npy_bytes("'descr': '<f4', 'fortran_order': False", 24), {"lacks 'shape'"}},
      {npy_bytes(fields("<f4", "(2, 3)") + ", 'shape': (2, 3)", 24), {"'shape' appears twice"}},
      {npy_bytes(fields("<f4", "(2, 3)") + ", 'extra': 1", 24), {"unknown key 'extra'"}},
      {npy_bytes(fields("<f4", "(2, 3)") + "} print(1) {", 24), {"after the dictionary"}},
      {npy_bytes(fields("<f\\x34", "(2, 3)"), 24), {"plain characters"}},
      {npy_bytes(fields("<f4", "(2, 3)"), 21),
       {"(2, 3) of <f4", "needs 24 bytes", "holds 21", "truncated download?"}},
      {npy_bytes(fields("<f4", "(2, 3)"), 29), {"needs 24 bytes", "holds 29", "5 bytes too many"}},
  };
  const TempDir directory;
  const std::filesystem::path path = directory / "array.npy";
  for (const Case& broken : cases) {
    test::write_file(path, broken.bytes);
    if (broken.words.empty()) {
      EXPECT_EQ(NpyReader(path).rows(), 0);
      continue;
    }
    expect_error<FormatError>([&] { NpyReader reader(path); }, {path.string() + ": "});
    for (const std::string_view word : broken.words) {
      expect_error<FormatError>([&] { NpyReader reader(path); }, {word});
    }
  }
}

TEST(Npy, NamesWhatIsNoFile) {
  const TempDir directory;
  expect_error<FileError>([&] { NpyReader reader(directory / "none.npy"); },
                          {(directory / "none.npy").string(), "No such file"});
  expect_error<FileError>([&] { NpyReader reader(directory.path()); },
                          {directory.path().string() + " is a directory; expected a .npy file"});
  ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0600), 0);
  expect_error<FileError>([&] { NpyReader reader(directory / "pipe"); }, {"is a pipe; expected a .npy file"});
  expect_error<FileError>([&] { NpyReader reader("/dev/null"); }, {"/dev/null is a device"});
}

TEST(Npy, NoticesAFileThatIsShortenedAfterOpening) {
  const TempDir directory;
  const std::filesystem::path path = directory / "array.npy";
  Matrix matrix(DType::f32, 1000, 3);
  save_npy(path, matrix);
  NpyReader reader(path);
  std::filesystem::resize_file(path, 1000);
  expect_error<FileError>([&] { reader.read(0, matrix); },
                          {path.string(), "offset 1000", "12128 bytes", "shortened"});
}

TEST(Npy, EveryPrefixIsRefusedAndEveryFlipSurvived) {
  const TempDir directory;
  const test::Loader load = [](const std::filesystem::path& path) { load_npy(path); };
  save_npy(directory / "array.npy", counted(DType::f32, 2, 3, 1));
  const std::string written = test::read_file(directory / "array.npy");
  test::expect_every_prefix_refused(load, written);
  test::expect_every_flip_survived(load, written);
  const std::string other = npy_bytes(fields("|u1", "(2, 3, 4)"), 24, 2);
  test::expect_every_prefix_refused(load, other);
  test::expect_every_flip_survived(load, other);
}

}  // namespace
}  // namespace perceptron
