// ld, st, atomics, asynchronous copies, fences and mbarriers.
#pragma once

#include <span>

#include "src/ptx/decoder.hpp"

namespace perceptron::ptx {

std::span<const Operation> memory_operations();
std::span<const Operation> copy_operations();
std::span<const Operation> atomic_operations();

/// The state space among an instruction's modifiers; generic where none is named.
Space take_space(Decoder& decoder);
/// The lane's address: base row plus the immediate offset.
std::uint64_t lane_address(Warp& warp, const Step& step, int lane, bool is_wide);

}  // namespace perceptron::ptx
