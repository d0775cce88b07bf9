// Who knows of whose accesses: the happens-before order within a block, and what flags tell between blocks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "src/ptx/past.hpp"
#include "src/ptx/program.hpp"

namespace perceptron::ptx {

/// An access: whose, and when. Its step is for messages.
struct Accessor {
  std::uint32_t thread;
  Stamp stamp;
  std::uint32_t block = 0;  ///< From 1; 0: of the block at hand.
  std::uint32_t step = kNone;
  bool is_observer = false;  ///< Has read what the strong write before it wrote.
};

/// What one thread knows: of each thread of its block the accesses up to that stamp, and of other blocks.
struct Knowledge {
  std::vector<Stamp> stamps;
  Past beyond;
};

/// A barrier of the whole block orders everything before it, and costs one number: the floor. Finer
/// synchronisation (bar.warp.sync, named barriers, mbarriers, flags) keeps a vector per thread, made on first
/// use. Threads that are copies in flight have numbers from `threads` on.
class Clocks {
 public:
  /// `block`: its number, from 1.
  Clocks(std::uint32_t block, std::uint32_t threads, std::uint32_t copies)
      : block_(block), threads_(threads), width_(threads + copies) {}

  Stamp now() const { return now_; }
  Stamp tick() { return ++now_; }
  Stamp floor() const { return floor_; }
  /// All threads have met.
  void raise_floor() {
    floor_ = ++now_;
    if (has_performed_ || !beyond_.empty()) share();
  }

  /// True where `reader` knows what `writer` did at that stamp.
  bool knows(std::uint32_t reader, std::uint32_t writer, Stamp stamp) const {
    if (stamp < floor_ || reader == writer) return true;
    return !rows_.empty() && writer < width_ && row(reader)[writer] >= stamp;
  }
  bool knows(std::uint32_t reader, const Accessor& other) const {
    if (other.block == 0 || other.block == block_) return knows(reader, other.thread, other.stamp);
    return common_.covers(other.block, other.thread, other.stamp) ||
           (!beyond_.empty() && beyond_[reader].covers(other.block, other.thread, other.stamp));
  }

  /// Everything that the threads know and did becomes part of `into`.
  void publish(std::uint32_t thread, Knowledge& into) {
    ensure();
    into.stamps.resize(width_);
    const Stamp* known = row(thread);
    for (std::uint32_t other = 0; other < width_; ++other)
      into.stamps[other] = std::max(into.stamps[other], known[other]);
    into.stamps[thread] = std::max(into.stamps[thread], now_);
    if (!beyond_.empty()) into.beyond.join(beyond_[thread]);
  }
  void learn(std::uint32_t thread, const Knowledge& from) {
    learn_stamps(thread, from.stamps);
    if (!from.beyond.is_empty()) learn_beyond(thread, from.beyond);
  }

  // Flags: a thread's fence, and then a store or an atomic operation, tell whoever reads that (PTX ISA,
  // "Release and Acquire Patterns"). `scope`: of the fence, or of the access that tells or hears.

  /// What the thread knows and did is there to be told, and what it heard is known.
  void fence(std::uint32_t thread, Scope scope);
  /// The first half alone: of .release.
  void perform(std::uint32_t thread, Scope scope);
  /// The place that the thread writes tells what fences have performed.
  void tell(std::uint32_t thread, Scope scope, Release& into) const;
  /// Of a place that the thread has read: known after its next fence, or now.
  void hear(std::uint32_t thread, const Release& release) { heard_[thread].join(release); }
  void learn(std::uint32_t thread, Scope scope, const Release& release);
  /// Without a fence there is nothing to tell.
  bool has_performed() const { return has_performed_; }

 private:
  /// When it was made, and how far its thread knew of the block's accesses.
  struct Fence {
    Stamp stamp;
    Reach reach;
  };
  static constexpr std::size_t kMostFences = 16;

  void ensure() {
    if (rows_.empty()) rows_.resize(std::size_t{threads_} * width_);
  }
  Stamp* row(std::uint32_t thread) { return rows_.data() + std::size_t{thread} * width_; }
  const Stamp* row(std::uint32_t thread) const { return rows_.data() + std::size_t{thread} * width_; }
  void learn_stamps(std::uint32_t thread, const std::vector<Stamp>& stamps) {
    if (stamps.empty()) return;
    ensure();
    Stamp* known = row(thread);
    for (std::size_t other = 0; other < stamps.size(); ++other)
      known[other] = std::max(known[other], stamps[other]);
  }
  void learn_beyond(std::uint32_t thread, const Past& past);
  void learn_own(std::uint32_t thread, const Past& past);
  void share();
  Stamp known(std::uint32_t thread, std::uint32_t other) const {
    return other == thread ? now_ : std::max(floor_ - 1, rows_.empty() ? 0 : row(thread)[other]);
  }
  Reach reach_of(std::uint32_t thread, const Fence& fence) const;
  Reach performed_of(std::uint32_t thread, Scope scope) const;

  std::uint32_t block_, threads_, width_;
  Stamp now_ = 1, floor_ = 1;
  std::vector<Stamp> rows_;
  Past common_;               ///< What all threads know of other blocks,
  std::vector<Past> beyond_;  ///< and what each knows besides; empty: nothing.
  /// By scope: the accesses that fences have made visible there; those of fences that everybody knows, and
  /// by thread, in order, its fences since.
  Reach performed_[2];
  std::map<std::uint32_t, std::vector<Fence>> fences_[2];
  bool has_performed_ = false;
  std::map<std::uint32_t, Release> heard_;  ///< By thread: not known before its next fence.
};

}  // namespace perceptron::ptx
