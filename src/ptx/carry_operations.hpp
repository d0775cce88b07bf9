// Sums of numbers longer than a register: add, sub and mad that give a carry, addc, subc and madc that take
// one.
#pragma once

#include <span>

#include "src/ptx/decoder.hpp"

namespace perceptron::ptx {

/// addc, subc, madc.
std::span<const Operation> carry_operations();

/// add.cc, sub.cc and mad.cc, whose .cc is taken already.
void decode_add_cc(Decoder& decoder);
void decode_sub_cc(Decoder& decoder);
void decode_mad_cc(Decoder& decoder);

}  // namespace perceptron::ptx
