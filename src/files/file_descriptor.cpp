// Closing descriptors, and what a failed system call means for the person who gave the path.
#include "src/files/file_descriptor.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "perceptron/error.hpp"

namespace perceptron::files {

namespace {

std::string_view advice(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT: return "; free some space or choose another place";
    case EFBIG: return "; the file size limit (ulimit -f) or the file system forbids files of this size";
    case EACCES:
    case EPERM: return "; check the permissions of the file and its directory";
    case EROFS: return "; choose a place that can be written";
    case ENOENT:
    case ENOTDIR: return "; check the spelling";
    case EPIPE: return "; the reader of the pipe has gone";
    case EMFILE: return "; close some files or raise ulimit -n";
    default: return "";
  }
}

}  // namespace

int FileDescriptor::close() noexcept {
  const int number = std::exchange(number_, -1);
  if (number < 0) return 0;
  // After EINTR the descriptor is gone on Linux; closing again could hit another thread's file.
  return ::close(number) == 0 || errno == EINTR ? 0 : errno;
}

void throw_system_failure(const std::filesystem::path& path, std::string_view action, int code) {
  throw FileError(fmt::format("{}: cannot {}: {}{}", path.string(), action,
                              std::generic_category().message(code), advice(code)));
}

std::string_view kind_of(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return "a regular file";
    case S_IFDIR: return "a directory";
    case S_IFIFO: return "a pipe";
    case S_IFSOCK: return "a socket";
    case S_IFCHR:
    case S_IFBLK: return "a device";
    default: return "no regular file";
  }
}

}  // namespace perceptron::files
