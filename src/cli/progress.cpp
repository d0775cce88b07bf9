#include "src/cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <string>

namespace perceptron::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kDelay = 500ms;
constexpr auto kInterval = 100ms;
constexpr int kCells = 30;

/// kCells characters, filled to an eighth of one.
std::string bar(double share) {
  const char* const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int filled = static_cast<int>(share * kCells * 8);
  std::string cells;
  for (int cell = 0; cell < filled / 8; ++cell) cells += "█";
  const bool has_part = filled % 8 != 0;
  cells += eighths[filled % 8];
  return cells + std::string(static_cast<std::size_t>(kCells - filled / 8 - (has_part ? 1 : 0)), ' ');
}

std::string clock_time(double seconds) {
  const long whole = std::lround(seconds);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

Progress::Progress(std::int64_t total, bool is_wanted, const char* noun)
    : total_(total),
      is_shown_(is_wanted && isatty(STDERR_FILENO) != 0),
      noun_(noun),
      next_(start_ + kDelay) {}

void Progress::show(std::int64_t done) {
  const Clock::time_point now = Clock::now();
  if (!is_shown_ || now < next_ || total_ == 0) return;
  next_ = now + kInterval;
  is_drawn_ = true;
  const double share = static_cast<double>(done) / static_cast<double>(total_);
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const std::string left = done > 0 ? clock_time(elapsed / share - elapsed) + " left" : "";
  fmt::print(stderr, "\r{:3.0f} % ▕{}▏ {} of {} {}, {}\033[K", share * 100, bar(share), done, total_, noun_,
             left);
  std::fflush(stderr);
}

Progress::~Progress() { hide(); }

void Progress::hide() {
  if (!is_drawn_) return;
  is_drawn_ = false;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

}  // namespace perceptron::cli
