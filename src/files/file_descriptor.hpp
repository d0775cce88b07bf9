// A POSIX file descriptor that is closed when its owner goes, and the error text of failed system calls.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

namespace perceptron::files {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() { close(); }

  int number() const { return number_; }
  bool valid() const { return number_ >= 0; }
  /// 0, or the errno of close, with which some file systems report that earlier writes failed.
  int close() noexcept;

 private:
  int number_ = -1;
};

/// Throws FileError "PATH: cannot ACTION: reason of errno `code`; what to do".
[[noreturn]] void throw_system_failure(const std::filesystem::path& path, std::string_view action, int code);

/// "a directory", "a pipe", … of a stat mode.
std::string_view kind_of(std::uint32_t mode);

/// No read or write asks for more at once; Linux moves at most 2³¹ − 4096 bytes anyway.
inline constexpr std::size_t kLargestTransfer = std::size_t{1} << 30;

}  // namespace perceptron::files
