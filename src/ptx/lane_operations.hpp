// Operations that each lane carries out by itself: arithmetic, comparison, conversion, moves, bits.
#pragma once

#include <span>

#include "src/ptx/decoder.hpp"

namespace perceptron::ptx {

/// The best table for this machine's vector instructions; every one gives the same bits.
std::span<const Operation> lane_operations();

}  // namespace perceptron::ptx
