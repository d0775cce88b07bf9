// Loads and stores of lanes, checked: where an address leads, whether it may be touched, who else touched it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "src/ptx/block.hpp"

namespace perceptron::ptx {

/// The bytes behind a checked address.
struct Target {
  std::byte* data = nullptr;
  Space space = Space::global;
  Allocation* allocation = nullptr;  ///< Of global memory.
  std::uint64_t offset = 0;          ///< Into the allocation, or the address in the shared window.
};

/// One lane's access, and the step that makes it.
struct LaneAccess {
  Warp& warp;
  const Step& step;
  int lane;

  std::uint32_t thread() const { return warp.thread(lane); }
  /// Of a target: no race with others that are.
  bool is_strong(const Target& target) const {
    return step.order.is_strong && (target.space == Space::global || !step.order.is_volatile);
  }
  [[noreturn]] void fault(FaultKind kind, const std::string& message) const {
    warp.fault(kind, step, lane, message);
  }
};

/// Resolves an address of `space` (generic: by its window) and checks bounds and alignment, to the access's
/// size unless another one is given.
Target resolve(const LaneAccess& access, Space space, std::uint64_t address, std::size_t bytes, bool is_write,
               std::size_t alignment = 0);

/// Records a read; `by_several_lanes`: other lanes read the same bytes with this one. False: some byte is
/// unwritten.
bool note_read(const LaneAccess& access, const Target& target, std::size_t bytes,
               bool by_several_lanes = false);

/// `value`: what is to be written; where it is there already, a race is a milder one.
void note_write(const LaneAccess& access, const Target& target, std::size_t bytes,
                const std::byte* value = nullptr);

/// After a strong read: what the place tells is known at the thread's next fence, of an acquiring or atomic
/// one now.
void hear(const LaneAccess& access, const Target& target);
/// After a strong write: the place tells what fences have performed. An atomic operation leaves standing what
/// others told (PTX ISA, "Observation": a chain of atomic operations).
void tell(const LaneAccess& access, const Target& target, bool is_atomic);

/// True where all of those bytes have been written; records nothing.
bool is_written(const LaneAccess& access, const Target& target, std::size_t bytes);

/// After a write of values that were never written themselves.
void mark_unwritten(const LaneAccess& access, const Target& target, std::size_t bytes);

}  // namespace perceptron::ptx
