// Opening and reading regular files; see byte_source.hpp.
#include "src/files/byte_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "perceptron/error.hpp"

namespace perceptron::files {

ByteSource::ByteSource(std::filesystem::path path, std::string_view expected) : path_(std::move(path)) {
  // Without O_NONBLOCK, opening a pipe that nobody writes would wait for ever.
  file_ = FileDescriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file_.valid()) throw_system_failure(path_, "open for reading", errno);
  struct stat status {};
  if (::fstat(file_.number(), &status) != 0) throw_system_failure(path_, "examine", errno);
  if (!S_ISREG(status.st_mode)) {
    throw FileError(fmt::format("{} is {}; expected {}", path_.string(), kind_of(status.st_mode), expected));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

void ByteSource::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  if (offset > size_ || bytes.size() > size_ - offset) {
    throw FormatError(fmt::format("{}: {} bytes expected at offset {}, but the file has {} bytes",
                                  path_.string(), bytes.size(), offset, size_));
  }
  while (!bytes.empty()) {
    const ssize_t count = ::pread(file_.number(), bytes.data(), std::min(bytes.size(), kLargestTransfer),
                                  static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_failure(path_, fmt::format("read at offset {}", offset), errno);
    if (count == 0) {
      throw FileError(
          fmt::format("{}: ends at offset {}, but had {} bytes when it was opened; "
                      "something shortened it meanwhile",
                      path_.string(), offset, size_));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

}  // namespace perceptron::files
