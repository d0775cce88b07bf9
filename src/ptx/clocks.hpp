// Who knows of whose accesses: the happens-before order within a block.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "src/ptx/program.hpp"

namespace perceptron::ptx {

/// A block's count of memory accesses and synchronisations. 0 is before everything.
using Stamp = std::uint32_t;

/// What one thread knows of each other one: their accesses up to that stamp have happened before.
using Knowledge = std::vector<Stamp>;

/// A barrier of the whole block orders everything before it, and costs one number: the floor. Finer
/// synchronisation (bar.warp.sync, named barriers, mbarriers) keeps a vector per thread, made on first use.
/// Threads that are copies in flight have numbers from `threads` on.
class Clocks {
 public:
  Clocks(std::uint32_t threads, std::uint32_t copies) : threads_(threads), width_(threads + copies) {}

  Stamp now() const { return now_; }
  Stamp tick() { return ++now_; }
  Stamp floor() const { return floor_; }
  /// All threads have met.
  void raise_floor() { floor_ = ++now_; }

  /// True where `reader` knows what `writer` did at that stamp.
  bool knows(std::uint32_t reader, std::uint32_t writer, Stamp stamp) const {
    if (stamp < floor_ || reader == writer) return true;
    return !rows_.empty() && writer < width_ && row(reader)[writer] >= stamp;
  }

  /// Everything that the threads know and did becomes part of `into`.
  void publish(std::uint32_t thread, Knowledge& into) {
    ensure();
    into.resize(width_);
    const Stamp* known = row(thread);
    for (std::uint32_t other = 0; other < width_; ++other) into[other] = std::max(into[other], known[other]);
    into[thread] = std::max(into[thread], now_);
  }
  void learn(std::uint32_t thread, const Knowledge& from) {
    if (from.empty()) return;
    ensure();
    Stamp* known = row(thread);
    for (std::uint32_t other = 0; other < width_; ++other) known[other] = std::max(known[other], from[other]);
  }

 private:
  void ensure() {
    if (rows_.empty()) rows_.resize(std::size_t{threads_} * width_);
  }
  Stamp* row(std::uint32_t thread) { return rows_.data() + std::size_t{thread} * width_; }
  const Stamp* row(std::uint32_t thread) const { return rows_.data() + std::size_t{thread} * width_; }

  std::uint32_t threads_, width_;
  Stamp now_ = 1, floor_ = 1;
  std::vector<Stamp> rows_;
};

}  // namespace perceptron::ptx
