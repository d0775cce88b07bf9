// Who has accessed a granule of memory, thread by thread: a program whose threads are ordered by more than
// barriers of the whole block needs to know each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <vector>

#include "src/ptx/clocks.hpp"

namespace perceptron::ptx {

/// Granules have numbers of the caller's choice.
class Accessors {
 public:
  /// The thread's latest access in place of those before.
  void note(std::uintptr_t granule, const Accessor& accessor) {
    std::vector<Accessor>& known = accessors_[granule];
    // Blocks that run at once may alternate: an older access that stays on record does no harm.
    const auto others = std::find_if(known.rbegin(), known.rend(),
                                     [&](const Accessor& one) { return one.block != accessor.block; });
    const auto old = std::find_if(known.rbegin(), others,
                                  [&](const Accessor& one) { return one.thread == accessor.thread; });
    if (old != others) known.erase(std::next(old).base());
    known.push_back(accessor);
  }

  /// One of whose latest access `thread` does not know.
  std::optional<Accessor> find_unknown(std::uintptr_t granule, std::uint32_t thread,
                                       const Clocks& clocks) const {
    const auto found = accessors_.find(granule);
    if (found == accessors_.end()) return std::nullopt;
    for (const Accessor& one : found->second) {
      if (!clocks.knows(thread, one)) return one;
    }
    return std::nullopt;
  }

  /// The same of writers, latest first. An atomic operation that the thread knows has observed the writes
  /// before it, one upon the other, and so they happened before (PTX ISA, "Causality Order"): a last block
  /// may set its ticket back.
  std::optional<Accessor> find_unobserved(std::uintptr_t granule, std::uint32_t thread,
                                          const Clocks& clocks) const {
    const auto found = accessors_.find(granule);
    if (found == accessors_.end()) return std::nullopt;
    bool is_observed = false;
    for (auto one = found->second.rbegin(); one != found->second.rend(); ++one) {
      const bool is_known = is_observed || clocks.knows(thread, *one);
      if (!is_known) return *one;
      is_observed = one->is_observer;
    }
    return std::nullopt;
  }

  /// The same as find_unknown, before `thread` writes: where there is none, all are forgotten.
  std::optional<Accessor> take(std::uintptr_t granule, std::uint32_t thread, const Clocks& clocks) {
    const std::optional<Accessor> unknown = find_unknown(granule, thread, clocks);
    if (!unknown) forget(granule);
    return unknown;
  }
  void forget(std::uintptr_t granule) {
    const auto found = accessors_.find(granule);
    if (found != accessors_.end()) found->second.clear();
  }

 private:
  std::unordered_map<std::uintptr_t, std::vector<Accessor>> accessors_;
};

/// What a record of a granule's last write and read leaves out. Neither reads nor strong accesses (atomic
/// operations, .relaxed, .acquire …) are ordered among themselves: who knows of the last of them may not know
/// of the others, nor need the last one's thread tell others of the plain write before.
struct AccessHistory {
  Accessors readers;         ///< By plain reads, since the last plain write.
  Accessors strong_readers;  ///< By strong reads, since the last plain write.
  Accessors strong_writers;  ///< By strong writes and atomic operations, since the last plain write.
  Accessors plain_writer;    ///< Of the last plain write, where strong ones followed.

  /// Before the first strong write since a plain write, or since nobody's.
  void begin_strong(std::uintptr_t granule, const std::optional<Accessor>& plain) {
    strong_writers.forget(granule);
    plain_writer.forget(granule);
    if (plain) plain_writer.note(granule, *plain);
  }
};

}  // namespace perceptron::ptx
