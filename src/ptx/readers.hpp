// Who has read a granule of memory since it was last written, one by one: a program whose threads are ordered
// by more than barriers of the whole block needs to know each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "src/ptx/clocks.hpp"

namespace perceptron::ptx {

/// Granules have numbers of the caller's choice.
class Readers {
 public:
  void note(std::uintptr_t granule, std::uint32_t thread, Stamp stamp) {
    std::vector<Reader>& readers = readers_[granule];
    const auto old = std::find_if(readers.begin(), readers.end(),
                                  [&](const Reader& reader) { return reader.thread == thread; });
    if (old == readers.end()) {
      readers.push_back({thread, stamp});
    } else {
      old->stamp = stamp;
    }
  }

  /// Before `thread` writes: a reader that it does not know of. None: all are forgotten.
  std::optional<std::uint32_t> take(std::uintptr_t granule, std::uint32_t thread, const Clocks& clocks) {
    std::vector<Reader>& readers = readers_[granule];
    for (const Reader& reader : readers) {
      if (!clocks.knows(thread, reader.thread, reader.stamp)) return reader.thread;
    }
    readers.clear();
    return std::nullopt;
  }

 private:
  struct Reader {
    std::uint32_t thread;
    Stamp stamp;
  };

  std::unordered_map<std::uintptr_t, std::vector<Reader>> readers_;
};

}  // namespace perceptron::ptx
