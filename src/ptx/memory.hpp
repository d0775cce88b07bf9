// The machine's global memory: allocations far apart, so that no stray offset lands in another one, with a
// record per granule of who wrote and read it last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace perceptron::ptx {

/// A device address. Allocation i begins at (i + 1)·2⁴⁴ plus its alignment offset.
using DeviceAddress = std::uint64_t;

class Memory {
 public:
  Memory();
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  /// Bytes that a kernel may read and write; unwritten at first. `name` is how faults call it. `phase` < 256
  /// is added to the 256-byte aligned start, to keep the alignment of what is copied there.
  DeviceAddress allocate(std::size_t bytes, std::string name, std::size_t phase = 0);
  void release(DeviceAddress address);
  /// Host → device; marks the bytes written. Throws InvalidArgument outside an allocation.
  void write(DeviceAddress to, std::span<const std::byte> bytes);
  void fill(DeviceAddress to, std::byte value, std::size_t bytes);
  /// Device → host, written or not.
  void read(DeviceAddress from, std::span<std::byte> bytes) const;
  /// True where every byte has been written.
  bool is_written(DeviceAddress from, std::size_t bytes) const;
  /// Stores by kernels become faults.
  void protect(DeviceAddress address);

  /// What the machine itself works on (memory_state.hpp).
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace perceptron::ptx
