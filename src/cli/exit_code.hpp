// How the command ends, and the end that the library has no error for.
#pragma once

#include <stdexcept>

namespace perceptron::cli {

enum ExitCode : int {
  kDone = 0,
  kCheckFailed = 1,
  kBadInput = 2,  ///< Usage, arguments, or what a file holds.
  kFailure = 3,   ///< A file or device that cannot be used, or memory.
  kNoSuchDevice = 77,
};

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
