#include "src/cli/report_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "perceptron/error.hpp"

namespace perceptron::cli {

namespace fs = std::filesystem;

namespace {

/// A name in the same directory that no other report of this machine uses.
fs::path name_beside(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  constexpr std::size_t kLongestStem = 200;  // File systems take 255 bytes, and the suffix needs some.
  const std::string stem = path.filename().string().substr(0, kLongestStem);
  return path.parent_path() / fmt::format(".{}.part-{}-{}", stem, getpid(), counter++);
}

}  // namespace

ReportFile::ReportFile(fs::path path) : path_(std::move(path)) {
  std::error_code error;
  if (path_.empty()) fail(ENOENT);
  if (fs::is_directory(path_, error)) fail(EISDIR);
  const bool exists = fs::exists(path_, error);
  if (exists && access(path_.c_str(), W_OK) != 0) fail(errno);
  if (exists && !fs::is_regular_file(path_, error)) {
    file_.open(path_, std::ios::app);
  } else {
    if (exists) path_ = fs::canonical(path_, error);  // A link stays a link.
    temporary_ = name_beside(path_);
    file_.open(temporary_, std::ios::trunc);
    if (exists && file_) fs::permissions(temporary_, fs::status(path_, error).permissions(), error);
  }
  if (!file_) fail(errno);
}

ReportFile::~ReportFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void ReportFile::write(std::string_view text) {
  errno = 0;
  file_.write(text.data(), static_cast<std::streamsize>(text.size()));
  file_.close();
  if (!file_) fail(errno);
  if (temporary_.empty()) return;
  std::error_code error;
  fs::rename(temporary_, path_, error);
  if (error) fail(error.value());
  temporary_.clear();
}

void ReportFile::fail(int code) const {
  throw FileError(fmt::format("{}: the report cannot be written: {}", path_.string(),
                              std::generic_category().message(code == 0 ? EIO : code)));
}

}  // namespace perceptron::cli
