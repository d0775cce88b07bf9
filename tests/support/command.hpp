// Programs started by tests: arguments in; exit code, standard output and standard error out.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perceptron::test {

/// How a program ended. A signal's number is added to 128, as a shell does.
struct Finished {
  int exit_code = -1;
  std::string out;
  std::string err;
};

struct CommandOptions {
  bool has_terminal = false;  ///< Standard error is a terminal instead of a pipe.
  std::string out_path = {};  ///< Standard output goes to this file instead of a pipe, where not empty.
  std::optional<rlim_t> most_file_bytes = {};
};

/// A running program. The default actions of signals hold in it, whatever the test's parent had ignored.
class Command {
 public:
  explicit Command(std::vector<std::string> arguments, CommandOptions options = {})
      : arguments_(std::move(arguments)), options_(std::move(options)) {
    if (options_.out_path.empty()) {
      open_pipe(out_);
    } else {
      out_.theirs = ::open(options_.out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    }
    options_.has_terminal ? open_terminal(err_) : open_pipe(err_);
    process_ = ::fork();
    if (process_ == 0) become_program();
    close(out_.theirs);
    close(err_.theirs);
  }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command() {
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
    for (int* end : {&out_.ours, &err_.ours}) close(*end);
  }

  void send(int signal) const { ::kill(process_, signal); }

  /// Reads until standard error holds the words, or the program has ended.
  void wait_for_error(std::string_view words) {
    while (is_open() && finished_.err.find(words) == std::string::npos) read_what_comes();
  }

  /// Reads until both ends close, then waits.
  Finished finish() {
    while (is_open()) read_what_comes();
    int status = 0;
    ::waitpid(std::exchange(process_, -1), &status, 0);
    finished_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return std::move(finished_);
  }

 private:
  struct Channel {
    int ours = -1;
    int theirs = -1;
  };

  static void close(int& descriptor) {
    if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
  }

  static void open_pipe(Channel& channel) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    channel = {ends[0], ends[1]};
  }

  static void open_terminal(Channel& channel) {
    channel.ours = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (channel.ours < 0 || ::grantpt(channel.ours) != 0 || ::unlockpt(channel.ours) != 0) {
      throw std::runtime_error("no pseudo-terminal");
    }
    channel.theirs = ::open(::ptsname(channel.ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
  }

  bool is_open() const { return out_.ours >= 0 || err_.ours >= 0; }

  void read_what_comes() {
    std::array<pollfd, 2> ends{{{out_.ours, POLLIN, 0}, {err_.ours, POLLIN, 0}}};
    ::poll(ends.data(), ends.size(), -1);
    if (ends[0].revents != 0) read_some(out_, finished_.out);
    if (ends[1].revents != 0) read_some(err_, finished_.err);
  }

  static void read_some(Channel& channel, std::string& text) {
    std::array<char, 1 << 16> bytes;
    const ssize_t count = ::read(channel.ours, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) return close(channel.ours);  // A terminal without writers gives EIO.
    text.append(bytes.data(), static_cast<std::size_t>(count));
  }

  [[noreturn]] void become_program() {
    ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    ::dup2(out_.theirs, STDOUT_FILENO);
    ::dup2(err_.theirs, STDERR_FILENO);
    for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) ::signal(signal, SIG_DFL);
    if (options_.most_file_bytes) {
      const rlimit limit{*options_.most_file_bytes, *options_.most_file_bytes};
      ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    std::vector<char*> pointers;
    for (std::string& argument : arguments_) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    ::execvp(pointers.front(), pointers.data());
    ::_exit(127);
  }

  std::vector<std::string> arguments_;
  CommandOptions options_;
  Channel out_;
  Channel err_;
  pid_t process_ = -1;
  Finished finished_;
};

inline Finished run_command(std::vector<std::string> arguments, CommandOptions options = {}) {
  return Command(std::move(arguments), std::move(options)).finish();
}

}  // namespace perceptron::test
