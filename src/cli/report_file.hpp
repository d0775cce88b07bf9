// The file of `--report`: proved writable before the work, written after it, never half.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

namespace perceptron::cli {

/// A regular file is written beside its path and renamed by write(); a device or pipe is written directly.
/// Without write() nothing is left behind.
class ReportFile {
 public:
  /// Throws FileError where the path cannot be written.
  explicit ReportFile(std::filesystem::path path);
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;
  ~ReportFile();

  /// Once. Throws FileError, disk full included.
  void write(std::string_view text);

 private:
  [[noreturn]] void fail(int code) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;  ///< Empty where the path is written directly.
  std::ofstream file_;
};

}  // namespace perceptron::cli
