#include "src/cli/output_paths.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <system_error>

#include "perceptron/error.hpp"

namespace perceptron::cli {

namespace fs = std::filesystem;

bool is_same_file(const fs::path& a, const fs::path& b) {
  // fs::equivalent refuses pipes.
  struct stat one {
  }, other{};
  if (stat(a.c_str(), &one) == 0 && stat(b.c_str(), &other) == 0) {
    return !S_ISCHR(one.st_mode) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
  }
  std::error_code error;
  const fs::path canonical_a = fs::weakly_canonical(fs::absolute(a, error), error);
  const fs::path canonical_b = fs::weakly_canonical(fs::absolute(b, error), error);
  return !error && canonical_a == canonical_b;
}

void refuse_overwriting(const fs::path& written, const char* written_name, const fs::path& kept,
                        const char* kept_name) {
  if (!is_same_file(written, kept)) return;
  throw InvalidArgument(fmt::format("{}: the {} is the same file as the {} {}; choose another name",
                                    written.string(), written_name, kept_name, kept.string()));
}

bool takes_any_order(const fs::path& output) {
  std::error_code error;
  const fs::file_status status = fs::status(output, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) return false;
  const std::string name = output.string();
  return !name.starts_with("/dev/") && !name.starts_with("/proc/");
}

bool is_standard_output(const fs::path& path) {
  struct stat ours {
  }, theirs{};
  if (fstat(STDOUT_FILENO, &ours) != 0 || stat(path.c_str(), &theirs) != 0) return false;
  // Text does no harm to a device that keeps nothing.
  if (S_ISCHR(ours.st_mode) && isatty(STDOUT_FILENO) == 0) return false;
  return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

}  // namespace perceptron::cli
