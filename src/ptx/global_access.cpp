#include "src/ptx/global_access.hpp"

#include <fmt/format.h>

#include <algorithm>
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
void sign(GlobalRecord& record, const LaneAccess& access, bool is_atomic) {
  record.writer.store(writer_of(access.thread(), is_atomic), kRelaxed);
  record.write_stamp.store(access.warp.block().clocks().now(), kRelaxed);
  record.write_step.store(access.step.instruction, kRelaxed);
}

std::uintptr_t key_of(const GlobalRecord& record) { return reinterpret_cast<std::uintptr_t>(&record); }

std::string describe(const Block& block, std::uint32_t number, std::uint32_t step, std::uint32_t thread) {
  return fmt::format("block {}, {}", number - 1, block.describe(step, thread));
}

std::string describe_reader(const Block& block, const GlobalRecord& record) {
  const std::uint32_t reader = record.reader_block.load(kRelaxed);
  if (reader == kManyBlocks) return "several blocks";
  const bool is_own = reader == block.number();
  return describe(block, reader, is_own ? block.step_at(record.read_stamp.load(kRelaxed)) : kNone,
                  record.reader.load(kRelaxed));
}

/// Of one in the own block who is named, or else of the last one.
std::string describe_writer(const Block& block, const GlobalRecord& record,
                            const std::optional<Accessor>& named) {
  if (named) return describe(block, block.number(), block.step_at(named->stamp), named->thread);
  const std::uint32_t writer = record.writer_block.load(kRelaxed), step = record.write_step.load(kRelaxed);
  if (writer != kManyBlocks) return describe(block, writer, step, record.writer.load(kRelaxed));
  return fmt::format("several blocks, the last one's {}", block.describe(step, record.writer.load(kRelaxed)));
}

[[noreturn]] void fault_race(const LaneAccess& access, std::string_view what, const std::string& who) {
  access.fault(FaultKind::race, fmt::format("unordered with the {} by {}", what, who));
}

/// Readers are told apart where that may matter: inputs, which most reads are of, are never written.
bool has_readers(const Block& block, const Allocation& allocation) {
  return block.program().has_partial_ordering && !allocation.is_read_only;
}

/// Whether a write is ordered behind all reads by its own block, which are of no more use then.
bool knows_readers(const LaneAccess& access, const Allocation& allocation, const GlobalRecord& record) {
  Block& block = access.warp.block();
  const Clocks& clocks = block.clocks();
  const Stamp stamp = record.read_stamp.load(kRelaxed);
  if (stamp < clocks.floor()) return true;
  if (has_readers(block, allocation))
    return !block.global_history().readers.take(key_of(record), access.thread(), clocks);
  const std::uint16_t thread = record.reader.load(kRelaxed);
  return thread != kSeveral && clocks.knows(access.thread(), thread, stamp);
}

void check_readers(const LaneAccess& access, const Allocation& allocation, GlobalRecord& record) {
  const Block& block = access.warp.block();
  const std::uint32_t reader = record.reader_block.load(kRelaxed);
  if (reader == 0) return;
  if (reader != block.number() || !knows_readers(access, allocation, record))
    fault_race(access, "read", describe_reader(block, record));
  record.reader_block.store(0, kRelaxed);
}

/// Whether a plain access is ordered behind the last writer, of several atomic ones behind all. `unknown`:
/// one of the own block that it is not ordered behind.
bool knows_writers(const LaneAccess& access, const GlobalRecord& record, std::optional<Accessor>& unknown) {
  Block& block = access.warp.block();
  const std::uint32_t writer = record.writer_block.load(kRelaxed);
  if (writer == 0) return true;
  if (writer != block.number()) return false;
  const std::uint16_t thread = record.writer.load(kRelaxed);
  const Stamp stamp = record.write_stamp.load(kRelaxed);
  if ((thread & kAtomic) == 0) return block.clocks().knows(access.thread(), thread, stamp);
  if (stamp < block.clocks().floor()) return true;
  unknown =
      block.global_history().atomic_writers.find_unknown(key_of(record), access.thread(), block.clocks());
  return !unknown;
}

void fault_second_write(const LaneAccess& access, const GlobalRecord& record, bool is_mild,
                        const std::optional<Accessor>& unknown = {}) {
  const Block& block = access.warp.block();
  if (is_mild && block.grid().options.forgives_same_value) return;
  access.fault(is_mild ? FaultKind::same_value_race : FaultKind::race,
               fmt::format("unordered with the write by {}", describe_writer(block, record, unknown)));
}

/// An atomic operation is ordered behind no other one, but must be behind the plain write before them.
void check_plain_writer(const LaneAccess& access, const GlobalRecord& record) {
  Block& block = access.warp.block();
  const std::uint32_t writer = record.plain_block.load(kRelaxed);
  if (writer == 0) return;
  const std::uint32_t step = record.plain_step.load(kRelaxed);
  if (writer != block.number()) {
    fault_race(access, "write", fmt::format("block {}, {}", writer - 1, block.describe_step(step)));
  }
  const auto unknown =
      block.global_history().plain_writer.find_unknown(key_of(record), access.thread(), block.clocks());
  if (unknown) fault_race(access, "write", describe(block, writer, step, unknown->thread));
}

/// Reads of the own block that an atomic operation is not ordered behind, or of others, are a fault; they
/// stay on record, for other atomic operations.
void check_readers_of_atomic(const LaneAccess& access, const GlobalRecord& record) {
  Block& block = access.warp.block();
  const std::uint32_t reader = record.reader_block.load(kRelaxed);
  if (reader == 0) return;
  if (reader != block.number()) fault_race(access, "read", describe_reader(block, record));
  const auto unknown =
      block.global_history().readers.find_unknown(key_of(record), access.thread(), block.clocks());
  if (unknown)
    fault_race(access, "read", describe(block, reader, block.step_at(unknown->stamp), unknown->thread));
}

}  // namespace

bool note_global_read(const LaneAccess& access, const Target& target, std::size_t bytes, bool is_shared) {
  Block& block = access.warp.block();
  Allocation& allocation = *target.allocation;
  const bool is_written =
      allocation.is_fully_written || std::all_of(allocation.written.data() + target.offset,
                                                 allocation.written.data() + target.offset + bytes,
                                                 [](std::uint8_t byte) { return byte != 0; });
  if (allocation.records == nullptr) return is_written;
  const std::uint32_t own = block.number();
  for (GlobalRecord& record : records_of(block, target, bytes)) {
    const std::uint32_t reader = record.reader_block.load(kRelaxed);
    if (reader != kManyBlocks) {
      if (reader != own && reader != 0) {
        record.reader_block.store(kManyBlocks, kRelaxed);
      } else {
        const bool has_other = reader == own && record.read_stamp.load(kRelaxed) >= block.clocks().floor() &&
                               record.reader.load(kRelaxed) != access.thread();
        record.reader.store(is_shared || has_other ? kSeveral : static_cast<std::uint16_t>(access.thread()),
                            kRelaxed);
        record.read_stamp.store(block.clocks().now(), kRelaxed);
        record.reader_block.store(own, kRelaxed);
        if (has_readers(block, allocation))
          block.global_history().readers.note(key_of(record), {access.thread(), block.clocks().now()});
      }
    }
    std::optional<Accessor> unknown;
    if (!knows_writers(access, record, unknown))
      fault_race(access, "write", describe_writer(block, record, unknown));
  }
  return is_written;
}

void note_global_write(const LaneAccess& access, const Target& target, std::size_t bytes, WriteMode mode) {
  Block& block = access.warp.block();
  mark_written(target, bytes);
  const std::uint32_t own = block.number();
  for (GlobalRecord& record : records_of(block, target, bytes)) {
    const std::uint32_t writer = record.writer_block.load(kRelaxed);
    std::optional<Accessor> unknown;
    if (!knows_writers(access, record, unknown))
      fault_second_write(access, record, has_same_value(target, bytes, mode), unknown);
    check_readers(access, *target.allocation, record);
    sign(record, access, false);
    // A block that came in between sees this one's mark, or leaves its own here.
    const std::uint32_t before = record.writer_block.exchange(own, std::memory_order_acq_rel);
    if (before != writer && before != own) {
      record.writer_block.store(before, kRelaxed);
      fault_second_write(access, record, has_same_value(target, bytes, mode));
    }
  }
}

void note_global_atomic(const LaneAccess& access, const Target& target, std::size_t bytes) {
  Block& block = access.warp.block();
  mark_written(target, bytes);
  const std::uint32_t own = block.number();
  for (GlobalRecord& record : records_of(block, target, bytes)) {
    const std::uint32_t writer = record.writer_block.load(kRelaxed);
    const std::uint16_t thread = record.writer.load(kRelaxed);
    AccessHistory& history = block.global_history();
    const bool follows_atomic = (thread & kAtomic) != 0;
    if (!follows_atomic) {
      record.plain_block.store(writer, kRelaxed);
      record.plain_step.store(record.write_step.load(kRelaxed), kRelaxed);
      const Accessor plain{thread, record.write_stamp.load(kRelaxed)};
      history.begin_atomic(key_of(record), writer == own ? std::optional(plain) : std::nullopt);
    }
    check_plain_writer(access, record);
    check_readers_of_atomic(access, record);
    history.atomic_writers.note(key_of(record), {access.thread(), block.clocks().now()});
    sign(record, access, true);
    const std::uint32_t now = follows_atomic && writer != own ? kManyBlocks : own;
    const std::uint32_t before = record.writer_block.exchange(now, std::memory_order_acq_rel);
    if (before != writer) {  // Atomic operations come one by one: a plain one came in between.
      record.writer_block.store(before, kRelaxed);
      fault_race(access, "write", describe_writer(block, record, {}));
    }
  }
}

}  // namespace perceptron::ptx
