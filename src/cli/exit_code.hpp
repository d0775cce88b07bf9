// How the command ends, and the end that the library has no error for.
#pragma once

#include <stdexcept>
#include <string_view>

namespace perceptron::cli {

enum ExitCode : int {
  kDone = 0,
  kCheckFailed = 1,
  kBadInput = 2,  ///< Usage, arguments, or what a file holds.
  kFailure = 3,   ///< A file or device that cannot be used, or memory.
  kNoSuchDevice = 77,
};

/// For the help of verbs that check.
inline constexpr std::string_view kExitCodeHelp =
    "Exit codes: 0 done, 1 a check failed, 2 bad usage or input, 3 device or file failure,\n"
    "77 no such device, 130 interrupted.";

/// A signal asked for an early end; everything unfinished has been or will be removed.
class Interrupted : public std::runtime_error {
 public:
  Interrupted(const char* message, int signal) : std::runtime_error(message), signal_(signal) {}
  /// As a shell reports it: 130 for SIGINT.
  int exit_code() const { return 128 + signal_; }

 private:
  int signal_;
};

}  // namespace perceptron::cli
