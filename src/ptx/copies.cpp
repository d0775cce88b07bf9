// The parts of Block that carry out asynchronous copies.
#include <cstring>

#include "src/ptx/access.hpp"

namespace perceptron::ptx {
namespace {

/// The bytes themselves: false where a byte of the source was never written.
bool land(const LaneAccess& access, const Copy& copy) {
  std::byte* const to = access.warp.block().shared().at(copy.to);
  bool is_written = true;
  if (copy.source_bytes > 0) {
    const Target source = resolve({access.warp, access.step, copy.lane}, Space::generic, copy.from, 1, false);
    is_written = note_read(access, source, copy.source_bytes);
    std::memcpy(to, source.data, copy.source_bytes);
  }
  std::memset(to + copy.source_bytes, 0, copy.bytes - copy.source_bytes);
  return is_written;
}

}  // namespace

void Block::begin_copy(Warp& warp, const Step& step, Copy& copy) {
  const LaneAccess access{warp, step, copy.lane};
  const Target to = resolve(access, Space::shared, copy.to, copy.bytes, true);
  if (copy.source_bytes > 0) {
    resolve(access, Space::generic, copy.from + copy.source_bytes - 1, 1, false);
    const Target from = resolve(access, Space::generic, copy.from, 1, false);
    note_read(access, from, copy.source_bytes);
  }
  note_write(access, to, copy.bytes);
  if (lands_early()) {
    land(access, copy);
    copy.has_landed = true;
  }
  if (is_watched())
    shared_.mark(shared_.granule(copy.to), shared_.granules(copy.bytes), access.thread(), kInFlight);
}

void Block::finish_copy(Warp& warp, const Step& step, Copy& copy, std::uint32_t writer) {
  const LaneAccess access{warp, step, copy.lane};
  const bool is_written = copy.has_landed ? shared_written_by(copy) : land(access, copy);
  if (!is_watched()) return;
  shared_.mark(shared_.granule(copy.to), shared_.granules(copy.bytes), writer,
               is_written ? clocks_.now() : 0);
}

/// A source may be partly unwritten, padding for example: then so is the destination.
bool Block::shared_written_by(const Copy& copy) const {
  const Allocation* source = grid_.memory.find(copy.from);
  if (source == nullptr || source->is_fully_written) return true;
  const std::uint8_t* written = source->written.data() + (copy.from - source->address);
  return std::memchr(written, 0, copy.source_bytes) == nullptr;
}

}  // namespace perceptron::ptx
