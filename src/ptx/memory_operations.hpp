// ld and st, addresses, atomics, asynchronous copies, mbarriers and fences.
#pragma once

#include <span>

#include "src/ptx/decoder.hpp"
#include "src/ptx/warp.hpp"

namespace perceptron::ptx {

std::span<const Operation> memory_operations();
std::span<const Operation> address_operations();
std::span<const Operation> copy_operations();
std::span<const Operation> mbarrier_operations();
std::span<const Operation> atomic_operations();

/// The state space among an instruction's modifiers; generic where none is named.
Space take_space(Decoder& decoder);

/// What order the instruction's modifiers ask for: `orders`, and the scope. Every atomic operation is strong.
MemoryOrder take_order(Decoder& decoder, Space space, bool is_atomic);

/// What the lane's slot of an address register holds.
inline std::uint64_t base_address(Warp& warp, std::uint32_t row, bool is_wide, int lane) {
  return is_wide ? warp.row<std::uint64_t>(row)[lane] : warp.row<std::uint32_t>(row)[lane];
}

/// The lane's address: base row plus the immediate offset.
inline std::uint64_t lane_address(Warp& warp, const Step& step, int lane, bool is_wide) {
  return base_address(warp, step.source[0], is_wide, lane) + step.immediate;
}

/// [address] of an mbarrier, generic or of shared memory. Step::count: bytes of the register, 8 or 4.
void decode_mbarrier_address(Decoder& decoder, std::size_t operand);
inline std::uint64_t mbarrier_address(Warp& warp, const Step& step, int lane) {
  const std::uint64_t address = lane_address(warp, step, lane, step.count == 8);
  return address >= kSharedWindow ? address - kSharedGeneric : address;
}

}  // namespace perceptron::ptx
