// A progress bar on the terminal for work that lasts.
#pragma once

#include <chrono>
#include <cstdint>

namespace perceptron::cli {

/// Draws on stderr, only where that is a terminal, after half a second, ten times a second; wipes the bar
/// when destroyed.
class Progress {
 public:
  /// `noun` is what the total counts, in the plural.
  Progress(std::int64_t total, bool is_wanted, const char* noun = "rows");
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// `done` of the total are finished.
  void show(std::int64_t done);
  /// Wipes the bar, so that other text may follow; show() draws it anew.
  void hide();

 private:
  using Clock = std::chrono::steady_clock;

  const std::int64_t total_;
  const bool is_shown_;
  const char* const noun_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point next_;
  bool is_drawn_ = false;
};

}  // namespace perceptron::cli
