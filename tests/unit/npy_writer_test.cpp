// Outputs: an old file survives everything but success, and devices and pipes are written directly.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "perceptron/error.hpp"
#include "perceptron/npy.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temp_dir.hpp"

namespace perceptron {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::read_file;
using test::TempDir;
using test::write_file;

constexpr std::int64_t kRows = 1000;
constexpr std::int64_t kColumns = 3;

/// Element i has value i.
Matrix numbered(std::int64_t rows = kRows, std::int64_t groups = 1) {
  Matrix matrix(DType::f32, rows, kColumns, groups);
  for (std::int64_t i = 0; i < rows * kColumns * groups; ++i) {
    static_cast<float*>(matrix.data())[i] = static_cast<float>(i);
  }
  return matrix;
}

/// What save_npy writes into an ordinary file.
std::string npy_of(const Matrix& matrix) {
  const TempDir directory;
  save_npy(directory / "array.npy", matrix);
  return read_file(directory / "array.npy");
}

/// Forbids files beyond a size while it lives; without the signal that would end the process.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &saved_);
    rlimit limit = saved_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &saved_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit saved_{};
  sighandler_t handler_;
};

TEST(NpyWriter, TakesPiecesInAnyOrder) {
  const TempDir directory;
  for (const std::int64_t groups : {1, 3}) {
    const Matrix matrix = numbered(kRows, groups);
    NpyWriter writer(directory / "array.npy", DType::f32,
                     groups == 1 ? std::vector{kRows, kColumns} : std::vector{groups, kRows, kColumns});
    for (const auto& [first, count] : {std::pair{600, 400}, {0, 250}, {700, 100}, {200, 100}, {280, 320}}) {
      expect_error<InvalidArgument>([&] { writer.finish(); }, {"of 1000 rows"});
      writer.write(first, matrix.view().row_range(first, count));
    }
    writer.finish();
    EXPECT_EQ(read_file(directory / "array.npy"), npy_of(matrix));
  }
}

TEST(NpyWriter, GathersStridedRows) {
  const TempDir directory;
  const Matrix matrix = numbered();
  ConstMatrixView every_other = matrix.view();
  every_other.rows = kRows / 2;
  every_other.stride = 2 * kColumns;
  save_npy(directory / "array.npy", every_other);
  EXPECT_EQ(read_file(directory / "array.npy"), npy_of(copy(every_other)));
}

TEST(NpyWriter, TheOldFileStaysUntilTheNewOneIsWhole) {
  const TempDir directory;
  const fs::path path = directory / "array.npy";
  write_file(path, "old");
  {
    NpyWriter writer(path, DType::f32, {kRows, kColumns});
    writer.write(0, numbered());
    EXPECT_EQ(read_file(path), "old");
    NpyWriter moved = std::move(writer);
    EXPECT_EQ(directory.entries(), 2U);
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(directory.entries(), 1U);
  save_npy(path, numbered());
  EXPECT_EQ(read_file(path), npy_of(numbered()));
  EXPECT_EQ(directory.entries(), 1U);
}

TEST(NpyWriter, AssigningAnotherWriterDropsTheFirst) {
  const TempDir directory;
  NpyWriter writer(directory / "first.npy", DType::f32, {1, 1});
  writer = NpyWriter(directory / "second.npy", DType::f32, {0, 1});
  EXPECT_EQ(directory.entries(), 1U);
  writer.finish();
  EXPECT_FALSE(fs::exists(directory / "first.npy"));
  EXPECT_TRUE(fs::exists(directory / "second.npy"));
}

TEST(NpyWriter, NoSpaceShowsAtOnceAndKeepsTheOldFile) {
  const TempDir directory;
  const fs::path path = directory / "array.npy";
  write_file(path, "old");
  const FileSizeLimit limit(4096);
  expect_error<FileError>([&] { save_npy(path, numbered()); }, {path.string(), "12128 bytes", "ulimit"});
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(directory.entries(), 1U);
}

TEST(NpyWriter, AWriteThatFailsKeepsTheOldFile) {
  const TempDir directory;
  const fs::path path = directory / "array.npy";
  write_file(path, "old");
  {
    NpyWriter writer(path, DType::f32, {kRows, kColumns});
    const FileSizeLimit limit(4096);
    expect_error<FileError>([&] { writer.write(0, numbered()); },
                            {path.string(), "write at offset 4096", "ulimit"});
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(directory.entries(), 1U);
}

TEST(NpyWriter, KeepsPermissionsAndFollowsLinks) {
  const TempDir directory;
  const fs::path path = directory / "array.npy";
  write_file(path, "old");
  ASSERT_EQ(::chmod(path.c_str(), 0642), 0);
  fs::create_directory(directory / "links");
  fs::create_symlink("../array.npy", directory / "links/link");
  fs::create_symlink(directory / "links/link", directory / "outer");
  save_npy(directory / "outer", numbered());
  EXPECT_TRUE(fs::is_symlink(directory / "outer"));
  EXPECT_TRUE(fs::is_symlink(directory / "links/link"));
  EXPECT_EQ(read_file(path), npy_of(numbered()));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0642U);
}

TEST(NpyWriter, FollowsALinkToAFileThatDoesNotExistYet) {
  const TempDir directory;
  fs::create_symlink("array.npy", directory / "link");
  save_npy(directory / "link", numbered());
  EXPECT_TRUE(fs::is_symlink(directory / "link"));
  EXPECT_EQ(read_file(directory / "array.npy"), npy_of(numbered()));
}

TEST(NpyWriter, NamesPathsThatCannotBeWritten) {
  const TempDir directory;
  write_file(directory / "file", "");
  expect_error<FileError>([&] { save_npy(directory.path(), numbered()); },
                          {directory.path().string() + " is a directory"});
  expect_error<FileError>([&] { save_npy(directory / "none/array.npy", numbered()); },
                          {(directory / "none/array.npy").string(), "No such file or directory"});
  expect_error<FileError>([&] { save_npy(directory / "file/array.npy", numbered()); }, {"Not a directory"});
  expect_error<FileError>([&] { save_npy(directory / std::string(300, 'x'), numbered()); },
                          {"has 300 bytes"});
  expect_error<FileError>([&] { save_npy("", numbered()); }, {"empty"});
  expect_error<FileError>([&] { save_npy("/dev/fd/1023", numbered()); },
                          {"/dev/fd/1023", "Bad file descriptor"});
  if (::geteuid() == 0) return;  // Permissions do not bind root.
  write_file(directory / "read-only", "old");
  ASSERT_EQ(::chmod((directory / "read-only").c_str(), 0444), 0);
  expect_error<FileError>([&] { save_npy(directory / "read-only", numbered()); },
                          {"Permission denied", "check"});
  ASSERT_EQ(::chmod(directory.path().c_str(), 0555), 0);
  expect_error<FileError>([&] { save_npy(directory / "array.npy", numbered()); },
                          {"Permission denied", "directory"});
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
}

TEST(NpyWriter, AFullDeviceIsAnErrorAndStaysADevice) {
  expect_error<FileError>([] { save_npy("/dev/full", numbered()); },
                          {"/dev/full", "No space left on device", "free some space"});
  save_npy("/dev/null", numbered());
  struct stat status {};
  ASSERT_EQ(::stat("/dev/null", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
}

/// Opens a descriptor and reads it to the end in a thread of its own.
class Reader {
 public:
  explicit Reader(std::function<int()> open)
      : thread_([this, open] {
          const int descriptor = open();
          std::array<char, 500> piece;
          for (ssize_t count = 0; (count = ::read(descriptor, piece.data(), piece.size())) > 0;) {
            bytes_.append(piece.data(), static_cast<std::size_t>(count));
          }
          ::close(descriptor);
        }) {}
  std::string bytes() {
    thread_.join();
    return bytes_;
  }

 private:
  std::string bytes_;
  std::thread thread_;
};

TEST(NpyWriter, WritesANamedPipeDirectly) {
  const TempDir directory;
  const fs::path path = directory / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Reader reader([&] { return ::open(path.c_str(), O_RDONLY); });
  save_npy(path, numbered(100000));
  EXPECT_EQ(reader.bytes(), npy_of(numbered(100000)));
  EXPECT_TRUE(fs::is_fifo(path));
  EXPECT_EQ(directory.entries(), 1U);
}

TEST(NpyWriter, WritesAnOpenDescriptorWhereItStands) {
  const TempDir directory;
  const int file = ::open((directory / "redirected").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_EQ(::write(file, "before", 6), 6);
  const fs::path path = "/proc/self/fd/" + std::to_string(file);
  save_npy(path, numbered());
  fs::create_symlink(path, directory / "link");
  save_npy(directory / "link", numbered());
  ASSERT_EQ(::write(file, "after", 5), 5);
  ::close(file);
  const std::string array = npy_of(numbered());
  EXPECT_EQ(read_file(directory / "redirected"), "before" + array + array + "after");
}

TEST(NpyWriter, APipeTakesRowsInOrderOnlyAndMayBreak) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const fs::path path = "/dev/fd/" + std::to_string(ends[1]);
  {
    NpyWriter writer(path, DType::f32, {2, kColumns});
    expect_error<InvalidArgument>([&] { writer.write(1, numbered(1)); }, {path.string(), "in order"});
  }
  ::close(ends[0]);
  const auto handler = ::signal(SIGPIPE, SIG_IGN);
  expect_error<FileError>([&] { save_npy(path, numbered()); }, {path.string(), "Broken pipe", "reader"});
  ::signal(SIGPIPE, handler);
  ::close(ends[1]);
}

TEST(NpyWriter, WaitsForAPipeThatIsFull) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK), 0);
  ASSERT_EQ(::fcntl(ends[0], F_SETFL, 0), 0);
  Reader reader([&] { return ends[0]; });
  save_npy("/dev/fd/" + std::to_string(ends[1]), numbered(100000));
  ::close(ends[1]);
  EXPECT_EQ(reader.bytes(), npy_of(numbered(100000)));
}

TEST(NpyWriter, RefusesWhatDoesNotFit) {
  const TempDir directory;
  const fs::path path = directory / "array.npy";
  const Matrix matrix = numbered(2);
  expect_error<InvalidArgument>([&] { NpyWriter(path, DType::f32, {}); }, {"0 dimensions", "1 to 3"});
  expect_error<InvalidArgument>([&] { NpyWriter(path, DType::f32, {1, 1, 1, 1}); }, {"4 dimensions"});
  expect_error<InvalidArgument>([&] { NpyWriter(path, DType::f32, {-1, 3}); }, {"(-1, 3)", "negative"});
  expect_error<InvalidArgument>(
      [&] {
        NpyWriter(path, DType::f64, {std::int64_t{1} << 40, std::int64_t{1} << 40});
      },
      {"2^63 - 1"});
  EXPECT_EQ(directory.entries(), 0U);
  NpyWriter writer(path, DType::f32, {2, kColumns});
  expect_error<InvalidArgument>([&] { writer.write(1, matrix); }, {path.string(), "1 + 2", "(2, 3)"});
  expect_error<InvalidArgument>([&] { writer.write(-1, matrix); }, {"(2, 3)"});
  expect_error<InvalidArgument>([&] { writer.write(0, copy(matrix, DType::f64)); },
                                {"f64 given", "f32 expected"});
  writer.write(0, matrix.view().row_range(0, 1));
  writer.write(0, matrix.view().row_range(0, 1));  // Again: that is still one row.
  expect_error<InvalidArgument>([&] { writer.finish(); }, {path.string(), "1 of 2 rows", "all rows"});
  writer.write(1, matrix.view().row_range(1, 1));
  writer.finish();
  expect_error<InvalidArgument>([&] { writer.write(0, matrix); }, {path.string(), "finished"});
  expect_error<InvalidArgument>([&] { writer.finish(); }, {path.string(), "finished twice"});
  EXPECT_EQ(read_file(path), npy_of(matrix));
}

}  // namespace
}  // namespace perceptron
