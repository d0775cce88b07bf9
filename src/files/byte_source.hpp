// Reading a regular file by position (pread, not mmap: a file cut while mapped would kill the process).
// The size is known from the start, so that readers compare every declared length with it before allocating.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "src/files/file_descriptor.hpp"

namespace perceptron::files {

class ByteSource {
 public:
  /// `expected`: what the file should be, for messages ("a .npy file"). Throws FileError where the path
  /// cannot be opened or is no regular file.
  ByteSource(std::filesystem::path path, std::string_view expected);

  const std::filesystem::path& path() const { return path_; }
  /// In bytes, when the file was opened.
  std::uint64_t size() const { return size_; }

  /// Fills all of `bytes` from that offset. Throws FormatError where the range passes size(), FileError where
  /// reading fails or the file has become shorter.
  void read(std::uint64_t offset, std::span<std::byte> bytes) const;

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
};

}  // namespace perceptron::files
