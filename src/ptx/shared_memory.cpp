#include "src/ptx/shared_memory.hpp"

namespace perceptron::ptx {

SharedMemory::SharedMemory(std::size_t bytes, int granule_log2, bool has_partial_ordering)
    : bytes_(bytes), granule_log2_(granule_log2), has_partial_ordering_(has_partial_ordering) {
  const std::size_t count = granules(bytes) + 1;
  write_stamp_.resize(count);
  read_stamp_.resize(count);
  writer_.resize(count);
  reader_.resize(count);
}

/// One who wrote last, of several atomic ones any, that the thread does not know of.
std::optional<Accessor> SharedMemory::unknown_writer(std::size_t granule, std::uint32_t thread,
                                                     const Clocks& clocks) const {
  const Accessor last = last_writer(granule);
  if (last.stamp < clocks.floor()) return std::nullopt;
  if (is_atomic(granule)) return history_.atomic_writers.find_unknown(granule, thread, clocks);
  if (clocks.knows(thread, last.thread, last.stamp)) return std::nullopt;
  return last;
}

Conflict SharedMemory::judge_read(std::size_t granule, std::uint32_t thread, const Clocks& clocks) {
  const Stamp stamp = write_stamp_[granule];
  if (stamp == 0) return Conflict::unwritten;
  if (stamp == kInFlight) return Conflict::in_flight;
  return conflict_with(unknown_writer(granule, thread, clocks), Conflict::writer);
}

Conflict SharedMemory::judge_write(std::size_t granule, std::uint32_t thread, const Clocks& clocks) {
  if (write_stamp_[granule] == kInFlight) return Conflict::in_flight;
  if (const auto writer = unknown_writer(granule, thread, clocks))
    return conflict_with(writer, Conflict::writer);
  if (read_stamp_[granule] < clocks.floor()) return Conflict::none;
  if (has_partial_ordering_)
    return conflict_with(history_.readers.take(granule, thread, clocks), Conflict::reader);
  if (reader_[granule] == thread) return Conflict::none;
  return conflict_with(Accessor{reader_[granule], read_stamp_[granule]}, Conflict::reader);
}

Conflict SharedMemory::judge_atomic(std::size_t granule, std::uint32_t thread, const Clocks& clocks) {
  if (write_stamp_[granule] == kInFlight) return Conflict::in_flight;
  const auto writer = is_atomic(granule) ? history_.plain_writer.find_unknown(granule, thread, clocks)
                                         : unknown_writer(granule, thread, clocks);
  if (writer) return conflict_with(writer, Conflict::writer);
  return conflict_with(history_.readers.find_unknown(granule, thread, clocks), Conflict::reader);
}

Conflict SharedMemory::write_atomic(std::size_t first, std::size_t count, std::uint32_t thread,
                                    const Clocks& clocks) {
  for (std::size_t g = first; g < first + count; ++g) {
    const Conflict conflict = judge_atomic(g, thread, clocks);
    if (conflict != Conflict::none) return found(g, conflict);
    if (!is_atomic(g)) history_.begin_atomic(g, last_writer(g));
    history_.atomic_writers.note(g, {thread, clocks.now()});
    write_stamp_[g] = clocks.now();
    writer_[g] = static_cast<std::uint16_t>(thread | kAtomic);
  }
  return Conflict::none;
}

}  // namespace perceptron::ptx
