#include "src/ptx/global_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <span>

namespace perceptron::ptx {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

/// Of the granules that the access touches. Those of an allocation start at its address rounded down, so that
/// they follow addresses and not offsets.
std::span<GlobalRecord> records_of(const Block& block, const Target& target, std::size_t bytes) {
  const int log2 = block.program().global_granule_log2;
  const std::size_t begin = (target.allocation->address & 255) + target.offset;
  const std::size_t first = begin >> log2;
  return {&target.allocation->records[first], ((begin + bytes - 1) >> log2) - first + 1};
}

void mark_written(const Target& target, std::size_t bytes) {
  std::fill_n(target.allocation->written.data() + target.offset, bytes, std::uint8_t{1});
}

/// The access becomes the record's last write.
void sign(GlobalRecord& record, const LaneAccess& access, bool is_strong) {
  record.writer.store(writer_of(access.thread(), is_strong), kRelaxed);
  record.write_stamp.store(access.warp.block().clocks().now(), kRelaxed);
  record.write_step.store(access.step.instruction, kRelaxed);
}

std::uintptr_t key_of(const GlobalRecord& record) { return reinterpret_cast<std::uintptr_t>(&record); }

Accessor self(const LaneAccess& access) {
  Block& block = access.warp.block();
  return {access.thread(), block.clocks().now(), block.number(), access.step.instruction};
}

Accessor last_writer(const GlobalRecord& record) {
  return {thread_of(record.writer.load(kRelaxed)), record.write_stamp.load(kRelaxed),
          record.writer_block.load(kRelaxed), record.write_step.load(kRelaxed)};
}

/// Not of reads by several blocks or threads.
Accessor last_reader(const Block& block, const GlobalRecord& record) {
  const std::uint32_t reader = record.reader_block.load(kRelaxed);
  const Stamp stamp = record.read_stamp.load(kRelaxed);
  const std::uint32_t step = reader == block.number() ? block.step_at(stamp) : kNone;
  return {record.reader.load(kRelaxed), stamp, reader, step};
}

std::string describe(const Block& block, const Accessor& other) {
  if (other.block == kManyBlocks && other.step == kNone) return "several blocks";
  const std::string who = other.block == kManyBlocks ? "several blocks, the last one's"
                                                     : fmt::format("block {},", other.block - 1);
  const bool has_thread = other.thread != kNone;
  return fmt::format("{} {}", who,
                     has_thread ? block.describe(other.step, other.thread) : block.describe_step(other.step));
}

[[noreturn]] void fault_race(const LaneAccess& access, std::string_view what, const Accessor& other) {
  access.fault(FaultKind::race,
               fmt::format("unordered with the {} by {}", what, describe(access.warp.block(), other)));
}

void fault_second_write(const LaneAccess& access, const Accessor& other, bool is_same_value) {
  const Block& block = access.warp.block();
  if (!is_same_value) fault_race(access, "write", other);
  if (block.grid().options.forgives_same_value) return;
  access.fault(FaultKind::same_value_race,
               fmt::format("unordered with the write by {}", describe(block, other)));
}

/// With flags blocks may know of one another, and what each does is recorded under a lock.
std::unique_lock<std::recursive_mutex> lock_of(const Block& block) {
  if (!block.program().has_flags) return {};
  return std::unique_lock(block.grid().order.mutex);
}

/// Readers are told apart where that may matter: inputs, which most reads are of, are never written.
bool has_readers(const Block& block, const Allocation& allocation) {
  return block.program().has_partial_ordering && !allocation.is_read_only;
}

/// The last writer, where the access is not ordered behind it; of several strong writers, any such.
std::optional<Accessor> unknown_writer(const LaneAccess& access, const GlobalRecord& record) {
  Block& block = access.warp.block();
  const Clocks& clocks = block.clocks();
  const Accessor last = last_writer(record);
  if (last.block == 0) return std::nullopt;
  const bool is_strong = (record.writer.load(kRelaxed) & kStrong) != 0;
  if (!block.program().has_flags) {
    if (last.block != block.number()) return last;
    if (last.stamp < clocks.floor()) return std::nullopt;
  }
  if (is_strong)
    return block.global_history().strong_writers.find_unobserved(key_of(record), access.thread(), clocks);
  return clocks.knows(access.thread(), last) ? std::nullopt : std::optional(last);
}

/// The same of a strong access: of other strong ones, only the plain write before them matters.
std::optional<Accessor> unknown_plain_writer(const LaneAccess& access, const GlobalRecord& record) {
  Block& block = access.warp.block();
  if ((record.writer.load(kRelaxed) & kStrong) == 0) return unknown_writer(access, record);
  const std::uint32_t plain = record.plain_block.load(kRelaxed);
  if (plain == 0) return std::nullopt;
  if (plain != block.number() && !block.program().has_flags)
    return Accessor{kNone, 0, plain, record.plain_step.load(kRelaxed)};
  return block.global_history().plain_writer.find_unknown(key_of(record), access.thread(), block.clocks());
}

/// One who has read what a plain access writes, unordered.
std::optional<Accessor> unknown_reader(const LaneAccess& access, const Allocation& allocation,
                                       const GlobalRecord& record) {
  Block& block = access.warp.block();
  const Clocks& clocks = block.clocks();
  AccessHistory& history = block.global_history();
  if (block.program().has_flags) {
    const auto strong = history.strong_readers.take(key_of(record), access.thread(), clocks);
    return strong ? strong : history.readers.take(key_of(record), access.thread(), clocks);
  }
  const Accessor last = last_reader(block, record);
  if (last.block == 0 || (last.block == block.number() && last.stamp < clocks.floor())) return std::nullopt;
  if (last.block != block.number()) return last;
  if (has_readers(block, allocation)) return history.readers.take(key_of(record), access.thread(), clocks);
  return last.thread != kSeveral && clocks.knows(access.thread(), last) ? std::nullopt : std::optional(last);
}

/// The same of a strong access, which leaves them on record for others.
std::optional<Accessor> unknown_plain_reader(const LaneAccess& access, const GlobalRecord& record) {
  Block& block = access.warp.block();
  const Accessor last = last_reader(block, record);
  if (last.block == 0) return std::nullopt;
  if (last.block != block.number() && !block.program().has_flags) return last;
  return block.global_history().readers.find_unknown(key_of(record), access.thread(), block.clocks());
}

void note_reader(const LaneAccess& access, const Allocation& allocation, GlobalRecord& record,
                 bool by_several_lanes) {
  Block& block = access.warp.block();
  const std::uint32_t own = block.number(), reader = record.reader_block.load(kRelaxed);
  if (has_readers(block, allocation)) block.global_history().readers.note(key_of(record), self(access));
  if (reader == kManyBlocks) return;
  if (reader != own && reader != 0) {
    record.reader_block.store(kManyBlocks, kRelaxed);
    return;
  }
  const bool has_other = reader == own && record.read_stamp.load(kRelaxed) >= block.clocks().floor() &&
                         record.reader.load(kRelaxed) != access.thread();
  record.reader.store(by_several_lanes || has_other ? kSeveral : static_cast<std::uint16_t>(access.thread()),
                      kRelaxed);
  record.read_stamp.store(block.clocks().now(), kRelaxed);
  record.reader_block.store(own, kRelaxed);
}

}  // namespace

void note_global_read(const LaneAccess& access, const Target& target, std::size_t bytes,
                      bool by_several_lanes) {
  Allocation& allocation = *target.allocation;
  if (allocation.records.empty()) return;
  const Block& block = access.warp.block();
  const std::unique_lock lock = lock_of(block);
  for (GlobalRecord& record : records_of(block, target, bytes)) {
    note_reader(access, allocation, record, by_several_lanes);
    if (const auto other = unknown_writer(access, record)) fault_race(access, "write", *other);
  }
}

void note_strong_global_read(const LaneAccess& access, const Target& target, std::size_t bytes) {
  if (target.allocation->records.empty()) return;
  Block& block = access.warp.block();
  for (GlobalRecord& record : records_of(block, target, bytes)) {
    block.global_history().strong_readers.note(key_of(record), self(access));
    if (const auto other = unknown_plain_writer(access, record)) fault_race(access, "write", *other);
  }
}

void note_global_write(const LaneAccess& access, const Target& target, std::size_t bytes,
                       const std::byte* value) {
  Block& block = access.warp.block();
  mark_written(target, bytes);
  const std::uint32_t own = block.number();
  const std::unique_lock lock = lock_of(block);
  for (GlobalRecord& record : records_of(block, target, bytes)) {
    const std::uint32_t writer = record.writer_block.load(kRelaxed);
    if (const auto other = unknown_writer(access, record))
      fault_second_write(access, *other, has_same_value(target, bytes, value));
    if (const auto other = unknown_reader(access, *target.allocation, record))
      fault_race(access, "read", *other);
    record.reader_block.store(0, kRelaxed);
    sign(record, access, false);
    // A block that came in between sees this one's mark, or leaves its own here.
    const std::uint32_t before = record.writer_block.exchange(own, std::memory_order_acq_rel);
    if (before != writer && before != own) {
      record.writer_block.store(before, kRelaxed);
      fault_second_write(access, last_writer(record), has_same_value(target, bytes, value));
    }
  }
}

void note_strong_global_write(const LaneAccess& access, const Target& target, std::size_t bytes) {
  Block& block = access.warp.block();
  mark_written(target, bytes);
  const std::uint32_t own = block.number();
  for (GlobalRecord& record : records_of(block, target, bytes)) {
    const std::uint32_t writer = record.writer_block.load(kRelaxed);
    AccessHistory& history = block.global_history();
    const bool follows_strong = (record.writer.load(kRelaxed) & kStrong) != 0;
    if (const auto other = unknown_plain_writer(access, record)) fault_race(access, "write", *other);
    if (const auto other = unknown_plain_reader(access, record)) fault_race(access, "read", *other);
    if (!follows_strong) {
      const Accessor plain = last_writer(record);
      record.plain_block.store(writer, kRelaxed);
      record.plain_step.store(plain.step, kRelaxed);
      history.begin_strong(key_of(record), writer == 0 ? std::nullopt : std::optional(plain));
    }
    Accessor writing = self(access);
    writing.is_observer = access.step.order.is_atomic && block.program().has_flags;
    history.strong_writers.note(key_of(record), writing);
    sign(record, access, true);
    const std::uint32_t now = follows_strong && writer != own ? kManyBlocks : own;
    const std::uint32_t before = record.writer_block.exchange(now, std::memory_order_acq_rel);
    if (before != writer) {  // These come one by one: a plain one came in between.
      record.writer_block.store(before, kRelaxed);
      fault_race(access, "write", last_writer(record));
    }
  }
}

}  // namespace perceptron::ptx
