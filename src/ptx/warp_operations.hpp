// Control flow, barriers, and what lanes of a warp tell one another.
#pragma once

#include <span>

#include "src/ptx/decoder.hpp"

namespace perceptron::ptx {

struct BarrierVote;

std::span<const Operation> control_operations();
std::span<const Operation> warp_operations();

/// call_operations.cpp.
void decode_call(Decoder& decoder);

enum class BarrierKind : std::uint8_t { sync, arrive, red_popc, red_and, red_or };

/// bar.warp.sync: memory of the lanes is ordered.
void execute_warp_barrier(Warp& warp, const Step& step, Mask mask);

/// bar.red: the warp's predicates go in, the result comes out for all. Other barriers leave both alone.
void contribute(Warp& warp, const Step& step, Mask mask, BarrierVote& vote);
void collect(Warp& warp, const Step& step, Mask mask, const BarrierVote& vote);

}  // namespace perceptron::ptx
