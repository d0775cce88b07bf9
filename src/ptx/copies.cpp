// The parts of Block that carry out asynchronous copies.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "src/ptx/access.hpp"

namespace perceptron::ptx {
namespace {

/// The bytes themselves.
void land(const LaneAccess& access, const Copy& copy) {
  std::byte* const to = access.warp.block().shared().at(copy.to);
  if (copy.source_bytes > 0) {
    const Target source = resolve({access.warp, access.step, copy.lane}, Space::generic, copy.from, 1, false);
    note_read(access, source, copy.source_bytes);
    std::memcpy(to, source.data, copy.source_bytes);
  }
  std::memset(to + copy.source_bytes, 0, copy.bytes - copy.source_bytes);
}

}  // namespace

void Block::begin_copy(Warp& warp, const Step& step, Copy& copy) {
  const LaneAccess access{warp, step, copy.lane};
  // A bulk copy's address is a multiple of 16, whatever its size.
  const Target to =
      resolve(access, Space::shared, copy.to, copy.bytes, true, std::min<std::size_t>(copy.bytes, 16));
  if (copy.source_bytes > 0) {
    resolve(access, Space::generic, copy.from + copy.source_bytes - 1, 1, false);
    const Target from = resolve(access, Space::generic, copy.from, 1, false);
    note_read(access, from, copy.source_bytes);
  }
  note_write(access, to, copy.bytes);
  copy.step = step.instruction;
  if (lands_early()) {
    land(access, copy);
    copy.has_landed = true;
  }
  if (is_watched())
    shared_.mark(shared_.granule(copy.to), shared_.granules(copy.bytes), access.thread(), kInFlight);
}

void Block::finish_copy(Warp& warp, Copy& copy, std::uint32_t writer) {
  const LaneAccess access{warp, program().steps[copy.step], copy.lane};
  if (!copy.has_landed) land(access, copy);
  if (!is_watched()) return;
  shared_.mark(shared_.granule(copy.to), shared_.granules(copy.bytes), writer, clocks_.now());
  mark_unwritten_parts(copy);
}

/// A source may be partly unwritten, padding for example: then so are those granules of the destination.
void Block::mark_unwritten_parts(const Copy& copy) {
  const Allocation* source = grid_.memory.find(copy.from);
  if (source == nullptr || source->is_fully_written) return;
  const std::uint8_t* written = source->written.data() + (copy.from - source->address);
  const std::uint64_t size = shared_.granule_bytes();
  for (std::uint64_t begin = 0; begin < copy.source_bytes; begin += size) {
    const std::uint64_t bytes = std::min<std::uint64_t>(size, copy.source_bytes - begin);
    if (std::memchr(written + begin, 0, bytes) != nullptr)
      shared_.mark(shared_.granule(copy.to + begin), 1, 0, 0);
  }
}

std::string Block::describe_copy_to(std::uint64_t address) const {
  std::string who = "a copy that has no record";
  const auto look = [&](const Copy& copy, std::size_t warp) {
    const auto first_thread = static_cast<std::uint32_t>(warp) * kLanes;
    if (address - copy.to < copy.bytes)
      who = describe(copy.step, first_thread + static_cast<std::uint32_t>(copy.lane));
  };
  for (std::size_t warp = 0; warp < pending_.size(); ++warp) {
    for (const Copy& copy : pending_[warp].copies) look(copy, warp);
  }
  for (const Delivery& delivery : deliveries_) {
    for (const Copy& copy : delivery.copies) look(copy, delivery.warp);
  }
  return who;
}

/// Bytes that nobody waited for may still be on their way when the block's memory is given to another one.
void Block::check_copies_were_awaited() {
  for (const auto& [address, barrier] : mbarriers_) {
    if (barrier.carrying <= barrier.seen) continue;
    warps_[barrier.last_copier / kLanes]->fault(
        FaultKind::pending_copy, program().steps[barrier.last_copy_step],
        static_cast<int>(barrier.last_copier % kLanes),
        fmt::format("the block exits, and nobody has waited for these bytes at the mbarrier {:#x}", address));
  }
}

}  // namespace perceptron::ptx
