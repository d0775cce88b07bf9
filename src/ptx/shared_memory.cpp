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

Conflict SharedMemory::judge_read(std::size_t granule, std::uint32_t thread, const Clocks& clocks) const {
  const Stamp stamp = write_stamp_[granule];
  if (stamp == 0) return Conflict::unwritten;
  if (stamp == kInFlight) return Conflict::in_flight;
  return clocks.knows(thread, thread_of(writer_[granule]), stamp) ? Conflict::none : Conflict::writer;
}

Conflict SharedMemory::judge_write(std::size_t granule, std::uint32_t thread, bool is_atomic,
                                   const Clocks& clocks) {
  const Stamp stamp = write_stamp_[granule];
  if (stamp == kInFlight) return Conflict::in_flight;
  const bool are_both_atomic = is_atomic && (writer_[granule] & kAtomic) != 0;
  if (stamp >= clocks.floor() && !are_both_atomic &&
      !clocks.knows(thread, thread_of(writer_[granule]), stamp)) {
    return Conflict::writer;
  }
  conflict_reader_ = kSeveral;
  if (read_stamp_[granule] < clocks.floor()) return Conflict::none;
  if (!has_partial_ordering_) return reader_[granule] == thread ? Conflict::none : Conflict::reader;
  if (const auto reader = readers_.take(granule, thread, clocks)) {
    conflict_reader_ = static_cast<std::uint16_t>(*reader);
    return Conflict::reader;
  }
  return Conflict::none;
}

}  // namespace perceptron::ptx
