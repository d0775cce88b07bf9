#include "src/ptx/shared_memory.hpp"

namespace perceptron::ptx {

SharedMemory::SharedMemory(std::size_t bytes, const Program& program)
    : bytes_(bytes),
      granule_log2_(program.shared_granule_log2),
      has_partial_ordering_(program.has_partial_ordering) {
  const std::size_t count = granules(bytes) + 1;
  write_stamp_.resize(count);
  read_stamp_.resize(count);
  writer_.resize(count);
  reader_.resize(count);
  for (const SharedGap& gap : program.shared_gaps) {
    const std::size_t first = granule(gap.begin + granule_bytes() - 1), end = granule(gap.end);
    if (first < end) mark(first, end - first, 0, kOutside);
  }
}

/// Conflicts for every thread: a copy in flight there, or a gap between variables.
Conflict SharedMemory::judge_touch(std::size_t granule) const {
  if (write_stamp_[granule] == kInFlight) return Conflict::in_flight;
  return write_stamp_[granule] == kOutside ? Conflict::outside : Conflict::none;
}

/// The last writer, where the thread does not know of its write; of several strong writers, any that it does
/// not know of.
std::optional<Accessor> SharedMemory::unknown_writer(std::size_t granule, std::uint32_t thread,
                                                     const Clocks& clocks) const {
  const Accessor last = last_writer(granule);
  if (last.stamp < clocks.floor()) return std::nullopt;
  if (is_strong(granule)) return history_.strong_writers.find_unobserved(granule, thread, clocks);
  if (clocks.knows(thread, last.thread, last.stamp)) return std::nullopt;
  return last;
}

Conflict SharedMemory::judge_read(std::size_t granule, std::uint32_t thread, const Clocks& clocks) {
  const Stamp stamp = write_stamp_[granule];
  if (stamp == 0) return Conflict::unwritten;
  if (const Conflict closed = judge_touch(granule); closed != Conflict::none) return closed;
  return conflict_with(unknown_writer(granule, thread, clocks), Conflict::writer);
}

Conflict SharedMemory::judge_write(std::size_t granule, std::uint32_t thread, const Clocks& clocks) {
  if (const Conflict closed = judge_touch(granule); closed != Conflict::none) return closed;
  if (const auto writer = unknown_writer(granule, thread, clocks))
    return conflict_with(writer, Conflict::writer);
  if (read_stamp_[granule] < clocks.floor()) return Conflict::none;
  if (has_partial_ordering_) {
    const auto strong = history_.strong_readers.take(granule, thread, clocks);
    return conflict_with(strong ? strong : history_.readers.take(granule, thread, clocks), Conflict::reader);
  }
  if (reader_[granule] == thread) return Conflict::none;
  return conflict_with(Accessor{reader_[granule], read_stamp_[granule]}, Conflict::reader);
}

/// For a strong access, which does not race with strong ones: the plain write before them, if the thread does
/// not know of it.
std::optional<Accessor> SharedMemory::unknown_plain_writer(std::size_t granule, std::uint32_t thread,
                                                           const Clocks& clocks) const {
  return is_strong(granule) ? history_.plain_writer.find_unknown(granule, thread, clocks)
                            : unknown_writer(granule, thread, clocks);
}

Conflict SharedMemory::judge_strong_read(std::size_t granule, std::uint32_t thread, const Clocks& clocks) {
  if (write_stamp_[granule] == 0) return Conflict::unwritten;
  if (const Conflict closed = judge_touch(granule); closed != Conflict::none) return closed;
  return conflict_with(unknown_plain_writer(granule, thread, clocks), Conflict::writer);
}

Conflict SharedMemory::judge_strong_write(std::size_t granule, std::uint32_t thread, const Clocks& clocks) {
  if (const Conflict closed = judge_touch(granule); closed != Conflict::none) return closed;
  if (const auto writer = unknown_plain_writer(granule, thread, clocks))
    return conflict_with(writer, Conflict::writer);
  return conflict_with(history_.readers.find_unknown(granule, thread, clocks), Conflict::reader);
}

Conflict SharedMemory::read_strong(std::size_t first, std::size_t count, std::uint32_t thread,
                                   const Clocks& clocks) {
  Conflict result = Conflict::none;
  for (std::size_t g = first; g < first + count; ++g) {
    const Conflict conflict = judge_strong_read(g, thread, clocks);
    if (conflict == Conflict::unwritten) {
      result = conflict;
    } else if (conflict != Conflict::none) {
      return found(g, conflict);
    }
    history_.strong_readers.note(g, {thread, clocks.now()});
    read_stamp_[g] = clocks.now();
    reader_[g] = kSeveral;
  }
  return result;
}

Conflict SharedMemory::write_strong(std::size_t first, std::size_t count, std::uint32_t thread,
                                    bool is_observer, const Clocks& clocks) {
  for (std::size_t g = first; g < first + count; ++g) {
    const Conflict conflict = judge_strong_write(g, thread, clocks);
    if (conflict != Conflict::none) return found(g, conflict);
    if (!is_strong(g)) history_.begin_strong(g, last_writer(g));
    history_.strong_writers.note(g, {.thread = thread, .stamp = clocks.now(), .is_observer = is_observer});
    write_stamp_[g] = clocks.now();
    writer_[g] = static_cast<std::uint16_t>(thread | kStrong);
  }
  return Conflict::none;
}

}  // namespace perceptron::ptx
