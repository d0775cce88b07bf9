// A block's shared memory, and per granule who wrote it last and who has read it since.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "src/ptx/accessors.hpp"
#include "src/ptx/clocks.hpp"

namespace perceptron::ptx {

/// In place of a thread's number in a record.
inline constexpr std::uint16_t kSeveral = 0xffff;  ///< More than one reader.

/// Added to a writer's number by its atomic operations and strong stores, which never race with one another.
inline constexpr std::uint16_t kStrong = 0x8000;
constexpr std::uint16_t thread_of(std::uint16_t writer) {
  return writer & static_cast<std::uint16_t>(~kStrong);
}
constexpr std::uint16_t writer_of(std::uint32_t thread, bool is_strong) {
  return static_cast<std::uint16_t>(is_strong ? thread | kStrong : thread);
}

/// A write stamp that no floor reaches: the destination of a copy that is in flight.
inline constexpr Stamp kInFlight = ~Stamp{0};
/// And another: in a gap between variables.
inline constexpr Stamp kOutside = kInFlight - 1;

/// What an access met.
enum class Conflict : std::uint8_t { none, unwritten, outside, in_flight, writer, reader };

/// Addresses count from kSharedBase. Every granule has been checked to lie inside.
class SharedMemory {
 public:
  SharedMemory(std::size_t bytes, const Program& program);

  std::byte* at(std::uint64_t address) { return bytes_.data() + (address - kSharedBase); }
  std::size_t size_bytes() const { return bytes_.size(); }
  bool contains(std::uint64_t address, std::size_t bytes) const {
    return address >= kSharedBase && address - kSharedBase + bytes <= bytes_.size();
  }
  std::size_t granule(std::uint64_t address) const { return (address - kSharedBase) >> granule_log2_; }
  std::size_t granules(std::size_t bytes) const { return (bytes + granule_bytes() - 1) >> granule_log2_; }
  std::size_t granule_bytes() const { return std::size_t{1} << granule_log2_; }

  /// `thread` reads granules first … first + count − 1, as do others with it where `by_several_lanes`.
  Conflict read(std::size_t first, std::size_t count, std::uint32_t thread, bool by_several_lanes,
                Clocks& clocks) {
    const Stamp now = clocks.now(), floor = clocks.floor();
    Conflict result = Conflict::none;
    for (std::size_t g = first; g < first + count; ++g) {
      if (write_stamp_[g] - 1 >= floor - 1) [[unlikely]] {
        const Conflict conflict = judge_read(g, thread, clocks);
        if (conflict == Conflict::unwritten) {
          result = conflict;
        } else if (conflict != Conflict::none) {
          return found(g, conflict);
        }
      }
      reader_[g] = by_several_lanes || (read_stamp_[g] >= floor && reader_[g] != thread)
                       ? kSeveral
                       : static_cast<std::uint16_t>(thread);
      read_stamp_[g] = now;
      if (has_partial_ordering_) history_.readers.note(g, {thread, now});
    }
    return result;
  }
  Conflict write(std::size_t first, std::size_t count, std::uint32_t thread, Clocks& clocks) {
    const Stamp now = clocks.now(), floor = clocks.floor();
    for (std::size_t g = first; g < first + count; ++g) {
      if (write_stamp_[g] >= floor || read_stamp_[g] >= floor) [[unlikely]] {
        const Conflict conflict = judge_write(g, thread, clocks);
        if (conflict != Conflict::none) return found(g, conflict);
      }
      write_stamp_[g] = now;
      writer_[g] = static_cast<std::uint16_t>(thread);
      read_stamp_[g] = 0;
    }
    return Conflict::none;
  }
  /// By accesses that do not race with their like.
  Conflict read_strong(std::size_t first, std::size_t count, std::uint32_t thread, const Clocks& clocks);
  Conflict write_strong(std::size_t first, std::size_t count, std::uint32_t thread, bool is_observer,
                        const Clocks& clocks);
  void mark(std::size_t first, std::size_t count, std::uint32_t writer, Stamp stamp) {
    for (std::size_t g = first; g < first + count; ++g) {
      write_stamp_[g] = stamp;
      writer_[g] = static_cast<std::uint16_t>(writer);
    }
  }
  bool is_written(std::size_t granule) const { return write_stamp_[granule] != 0; }

  /// Of the last conflict.
  std::size_t conflict_granule() const { return conflict_granule_; }
  const Accessor& conflict_other() const { return conflict_other_; }  ///< Who wrote or read before.

  std::uint16_t writer(std::size_t granule) const { return writer_[granule]; }
  Stamp write_stamp(std::size_t granule) const { return write_stamp_[granule]; }

 private:
  Conflict judge_touch(std::size_t granule) const;
  Conflict judge_read(std::size_t granule, std::uint32_t thread, const Clocks& clocks);
  Conflict judge_write(std::size_t granule, std::uint32_t thread, const Clocks& clocks);
  Conflict judge_strong_read(std::size_t granule, std::uint32_t thread, const Clocks& clocks);
  Conflict judge_strong_write(std::size_t granule, std::uint32_t thread, const Clocks& clocks);
  bool is_strong(std::size_t granule) const { return (writer_[granule] & kStrong) != 0; }
  Accessor last_writer(std::size_t granule) const {
    return {thread_of(writer_[granule]), write_stamp_[granule]};
  }
  std::optional<Accessor> unknown_writer(std::size_t granule, std::uint32_t thread,
                                         const Clocks& clocks) const;
  std::optional<Accessor> unknown_plain_writer(std::size_t granule, std::uint32_t thread,
                                               const Clocks& clocks) const;
  Conflict conflict_with(const std::optional<Accessor>& other, Conflict kind) {
    if (!other) return Conflict::none;
    conflict_other_ = *other;
    return kind;
  }
  Conflict found(std::size_t granule, Conflict conflict) {
    conflict_granule_ = granule;
    return conflict;
  }

  std::vector<std::byte> bytes_;
  int granule_log2_;
  bool has_partial_ordering_;
  std::vector<Stamp> write_stamp_, read_stamp_;
  std::vector<std::uint16_t> writer_, reader_;
  AccessHistory history_;  ///< Only under partial ordering.
  std::size_t conflict_granule_ = 0;
  Accessor conflict_other_{};
};

}  // namespace perceptron::ptx
