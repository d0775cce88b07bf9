// Writing beside and renaming, or directly into devices and pipes; see byte_sink.hpp.
#include "src/files/byte_sink.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <optional>
#include <string>
#include <utility>

#include "perceptron/error.hpp"

namespace perceptron::files {

namespace {

namespace fs = std::filesystem;

/// The N of /proc/self/fd/N and /dev/fd/N.
std::optional<int> descriptor_of(const fs::path& path) {
  if (path.parent_path() != "/proc/self/fd" && path.parent_path() != "/dev/fd") return std::nullopt;
  const std::string name = path.filename().string();
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number < 0) return std::nullopt;
  return number;
}

/// The path that a chain of symbolic links ends at, or the first in it that stands for an open descriptor.
fs::path follow_links(fs::path path) {
  constexpr int kMostLinks = 40;  // As the kernel's own limit.
  std::error_code ignored;
  for (int links = 0; links < kMostLinks && !descriptor_of(path); ++links) {
    const fs::path next = fs::read_symlink(path, ignored);
    if (ignored) break;
    path = next.is_absolute() ? next : path.parent_path() / next;
  }
  return path;
}

/// A name in the target's directory that no other writer of this machine uses. Throws FileError where the
/// target's own is longer than file systems take, which the renaming would learn after all the work.
fs::path name_beside(const fs::path& target) {
  if (const std::size_t length = target.filename().string().size(); length > NAME_MAX) {
    throw FileError(fmt::format("{}: the file name has {} bytes, at most {} are possible", target.string(),
                                length, NAME_MAX));
  }
  static std::atomic<unsigned> counter{0};
  constexpr std::size_t kLongestStem = 200;  // File systems take 255 bytes, and the suffix needs some.
  const std::string stem = target.filename().string().substr(0, kLongestStem);
  return target.parent_path() / fmt::format(".{}.part-{}-{}", stem, ::getpid(), counter++);
}

/// Writes some bytes and returns how many; waits where the descriptor is a non-blocking one.
std::size_t write_some(int file, std::span<const std::byte> bytes, std::optional<std::uint64_t> offset) {
  const std::size_t size = std::min(bytes.size(), kLargestTransfer);
  const ssize_t count = offset ? ::pwrite(file, bytes.data(), size, static_cast<off_t>(*offset))
                               : ::write(file, bytes.data(), size);
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno == EAGAIN) {
    pollfd ready{.fd = file, .events = POLLOUT, .revents = 0};
    ::poll(&ready, 1, -1);
    return 0;
  }
  if (errno == EINTR) return 0;
  throw std::system_error(errno, std::generic_category());
}

}  // namespace

ByteSink::ByteSink(const fs::path& path, std::uint64_t total_bytes)
    : path_(path), target_(follow_links(path)) {
  if (path.empty()) throw FileError("the output path is empty; expected a file name");
  if (const std::optional<int> descriptor = descriptor_of(target_)) {
    // A copy of the descriptor shares its position, so output goes on where the shell's redirection stands.
    file_ = FileDescriptor(::fcntl(*descriptor, F_DUPFD_CLOEXEC, 0));
    if (!file_.valid()) throw_system_failure(path_, "open for writing", errno);
    return;
  }
  struct stat status {};
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  if (!exists || S_ISREG(status.st_mode)) {
    open_beside(total_bytes);
    return;
  }
  if (S_ISDIR(status.st_mode)) {
    throw FileError(fmt::format("{} is a directory; expected the name of a file to write", path_.string()));
  }
  file_ = FileDescriptor(::open(target_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (!file_.valid()) throw_system_failure(path_, "open for writing", errno);
}

void ByteSink::open_beside(std::uint64_t total_bytes) {
  struct stat status {};
  const bool replaces = ::stat(target_.c_str(), &status) == 0;
  if (replaces && ::access(target_.c_str(), W_OK) != 0) throw_system_failure(path_, "write", errno);
  const mode_t mode = replaces ? status.st_mode & 0777U : 0666U;
  do {
    temporary_ = name_beside(target_);
    file_ = FileDescriptor(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  } while (!file_.valid() && errno == EEXIST);
  if (!file_.valid()) {
    const int code = errno;
    temporary_.clear();
    throw_system_failure(path_, "create a file in its directory", code);
  }
  if (replaces) ::fchmod(file_.number(), mode);  // What umask took away; a failure only narrows access.
  if (total_bytes == 0) return;
  const int reserved = ::fallocate(file_.number(), 0, 0, static_cast<off_t>(total_bytes));
  if (reserved != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
    const int code = errno;
    discard();
    throw_system_failure(path_, fmt::format("reserve {} bytes", total_bytes), code);
  }
}

ByteSink::~ByteSink() { discard(); }

void ByteSink::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (!file_.valid()) throw InvalidArgument(path_.string() + ": written after it was finished");
  if (!any_order() && offset != position_) {
    throw InvalidArgument(
        fmt::format("{}: bytes for offset {} come when {} is next; a device or pipe takes them in order only",
                    path_.string(), offset, position_));
  }
  while (!bytes.empty()) {
    std::size_t count = 0;
    try {
      count = write_some(file_.number(), bytes, any_order() ? std::optional(offset) : std::nullopt);
    } catch (const std::system_error& error) {
      throw_system_failure(path_, fmt::format("write at offset {}", offset), error.code().value());
    }
    bytes = bytes.subspan(count);
    offset += count;
  }
  position_ = offset;
}

void ByteSink::finish() {
  if (!file_.valid()) throw InvalidArgument(path_.string() + ": finished twice");
  if (const int code = file_.close()) {
    discard();
    throw_system_failure(path_, "finish writing", code);
  }
  if (!any_order()) return;
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) {
    const int code = errno;
    discard();
    throw_system_failure(path_, "replace", code);
  }
  temporary_.clear();
}

void ByteSink::discard() noexcept {
  file_.close();
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

}  // namespace perceptron::files
