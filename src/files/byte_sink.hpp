// Writing a file so that its old content stays until the new one is whole: a hidden file beside it is written
// and renamed over it. What is no regular file (device, pipe, socket) is written directly, in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "src/files/file_descriptor.hpp"

namespace perceptron::files {

/// Destroyed without finish(), it removes what it wrote and leaves the path as it was.
class ByteSink {
 public:
  /// Symbolic links are followed, so that the file they lead to is replaced and not the link. An existing
  /// file's permissions are kept. Throws FileError where the path cannot be written; space for `total_bytes`
  /// is reserved, so that a full disk shows here and not after hours of work.
  ByteSink(const std::filesystem::path& path, std::uint64_t total_bytes);
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;
  ~ByteSink();

  const std::filesystem::path& path() const { return path_; }
  /// False for devices, pipes and sockets, which take bytes in ascending order only.
  bool any_order() const { return !temporary_.empty(); }

  /// Throws FileError where writing fails, InvalidArgument where bytes come out of order.
  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Closes and renames; throws FileError.
  void finish();

 private:
  void open_beside(std::uint64_t total_bytes);
  void discard() noexcept;

  std::filesystem::path path_;       // As the caller gave it, for messages.
  std::filesystem::path target_;     // With links followed.
  std::filesystem::path temporary_;  // Empty where the path is written directly.
  FileDescriptor file_;
  std::uint64_t position_ = 0;  // Next offset of a direct write.
};

}  // namespace perceptron::files
