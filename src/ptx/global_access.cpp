#include "src/ptx/global_access.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace perceptron::ptx {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

/// Granules of an allocation start at its address rounded down, so that they follow addresses and not
/// offsets.
std::size_t granule_of(const Target& target, int log2) {
  return ((target.allocation->address & 255) + target.offset) >> log2;
}

[[noreturn]] void fault_global(const LaneAccess& access, const GlobalRecord& record, bool with_reader,
                               bool is_mild) {
  const Block& block = access.warp.block();
  const std::uint32_t other =
      with_reader ? record.reader_block.load(kRelaxed) : record.writer_block.load(kRelaxed);
  const std::uint16_t thread = with_reader ? record.reader.load(kRelaxed) : record.writer.load(kRelaxed);
  const std::uint32_t step =
      with_reader ? (other == block.number() ? block.step_at(record.read_stamp.load(kRelaxed)) : kNone)
                  : record.write_step.load(kRelaxed);
  const std::string who = other == kManyBlocks
                              ? "several blocks"
                              : fmt::format("block {}, {}", other - 1, block.describe(step, thread));
  access.fault(is_mild ? FaultKind::same_value_race : FaultKind::race,
               fmt::format("unordered with the {} by {}", with_reader ? "read" : "write", who));
}

/// Readers are told apart where that may matter: inputs, which most reads are of, are never written.
bool has_readers(const Block& block, const Allocation& allocation) {
  return block.program().has_partial_ordering && !allocation.is_read_only;
}

std::uintptr_t key_of(const GlobalRecord& record) { return reinterpret_cast<std::uintptr_t>(&record); }

/// Whether the thread knows of all reads by its own block.
bool knows_readers(const LaneAccess& access, const Allocation& allocation, const GlobalRecord& record) {
  Block& block = access.warp.block();
  const Stamp stamp = record.read_stamp.load(kRelaxed);
  if (stamp < block.clocks().floor()) return true;
  if (has_readers(block, allocation))
    return !block.global_readers().take(key_of(record), access.thread(), block.clocks());
  const std::uint16_t thread = record.reader.load(kRelaxed);
  return thread != kSeveral && block.clocks().knows(access.thread(), thread, stamp);
}

void fault_second_write(const LaneAccess& access, const GlobalRecord& record, bool is_mild) {
  if (is_mild && access.warp.block().grid().options.forgives_same_value) return;
  fault_global(access, record, false, is_mild);
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
  const int log2 = block.program().global_granule_log2;
  const std::size_t first = granule_of(target, log2);
  const std::size_t last = first + ((bytes - 1) >> log2);
  const std::uint32_t own = block.number();
  for (std::size_t g = first; g <= last; ++g) {
    GlobalRecord& record = allocation.records[g];
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
          block.global_readers().note(key_of(record), access.thread(), block.clocks().now());
      }
    }
    const std::uint32_t writer = record.writer_block.load(kRelaxed);
    if (writer == 0) continue;
    if (writer != own || !block.clocks().knows(access.thread(), thread_of(record.writer.load(kRelaxed)),
                                               record.write_stamp.load(kRelaxed))) {
      fault_global(access, record, false, false);
    }
  }
  return is_written;
}

void note_global_write(const LaneAccess& access, const Target& target, std::size_t bytes, WriteMode mode) {
  Block& block = access.warp.block();
  Allocation& allocation = *target.allocation;
  std::fill_n(allocation.written.data() + target.offset, bytes, std::uint8_t{1});
  const int log2 = block.program().global_granule_log2;
  const std::size_t first = granule_of(target, log2);
  const std::size_t last = first + ((bytes - 1) >> log2);
  const std::uint32_t own = block.number();
  Clocks& clocks = block.clocks();
  for (std::size_t g = first; g <= last; ++g) {
    GlobalRecord& record = allocation.records[g];
    const std::uint32_t writer = record.writer_block.load(kRelaxed);
    const std::uint16_t writing_thread = record.writer.load(kRelaxed);
    const bool are_both_atomic = mode.is_atomic && (writing_thread & kAtomic) != 0;
    if (writer != 0 && !are_both_atomic) {
      if (writer != own ||
          !clocks.knows(access.thread(), thread_of(writing_thread), record.write_stamp.load(kRelaxed))) {
        fault_second_write(access, record, has_same_value(target, bytes, mode));
      }
    }
    const std::uint32_t reader = record.reader_block.load(kRelaxed);
    if (reader != 0) {
      if (reader != own || !knows_readers(access, allocation, record))
        fault_global(access, record, true, false);
      record.reader_block.store(0, kRelaxed);
    }
    record.writer.store(writer_of(access.thread(), mode.is_atomic), kRelaxed);
    record.write_stamp.store(clocks.now(), kRelaxed);
    record.write_step.store(access.step.instruction, kRelaxed);
    // A block that came in between sees this one's mark, or leaves its own here.
    const std::uint32_t before = record.writer_block.exchange(own, std::memory_order_acq_rel);
    if (before != writer && before != own && !mode.is_atomic) {
      record.writer_block.store(before, kRelaxed);
      fault_second_write(access, record, has_same_value(target, bytes, mode));
    }
  }
}

}  // namespace perceptron::ptx
