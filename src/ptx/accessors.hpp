// Who has accessed a granule of memory, thread by thread: a program whose threads are ordered by more than
// barriers of the whole block needs to know each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "src/ptx/clocks.hpp"

namespace perceptron::ptx {

struct Accessor {
  std::uint32_t thread;
  Stamp stamp;  ///< Of its latest access.
};

/// Granules have numbers of the caller's choice.
class Accessors {
 public:
  void note(std::uintptr_t granule, Accessor accessor) {
    std::vector<Accessor>& known = accessors_[granule];
    const auto old = std::find_if(known.begin(), known.end(),
                                  [&](const Accessor& one) { return one.thread == accessor.thread; });
    if (old == known.end()) {
      known.push_back(accessor);
    } else {
      old->stamp = accessor.stamp;
    }
  }

  /// One of whose latest access `thread` does not know.
  std::optional<Accessor> find_unknown(std::uintptr_t granule, std::uint32_t thread,
                                       const Clocks& clocks) const {
    const auto found = accessors_.find(granule);
    if (found == accessors_.end()) return std::nullopt;
    for (const Accessor& one : found->second) {
      if (!clocks.knows(thread, one.thread, one.stamp)) return one;
    }
    return std::nullopt;
  }

  /// The same, before `thread` writes: where there is none, all are forgotten.
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

/// What a record of a granule's last write and read leaves out. Neither reads nor atomic operations are
/// ordered among themselves: who knows of the last of them may not know of the others, nor need the last
/// one's thread tell others of the plain write before.
struct AccessHistory {
  Accessors readers;         ///< Since the last plain write.
  Accessors atomic_writers;  ///< Since the last plain write.
  Accessors plain_writer;    ///< Of the last plain write, where atomic operations followed.

  /// Before the first atomic operation since a plain write, or since nobody's.
  void begin_atomic(std::uintptr_t granule, const std::optional<Accessor>& plain) {
    atomic_writers.forget(granule);
    plain_writer.forget(granule);
    if (plain) plain_writer.note(granule, *plain);
  }
};

}  // namespace perceptron::ptx
