// Who read and wrote each granule of global memory, and whether the next access is ordered behind them.
#pragma once

#include <cstddef>
#include <cstring>

#include "src/ptx/access.hpp"

namespace perceptron::ptx {

/// The milder kind of race: what is written is there already.
inline bool has_same_value(const Target& target, std::size_t bytes, WriteMode mode) {
  return mode.value != nullptr && std::memcmp(mode.value, target.data, bytes) == 0;
}

/// As note_read and note_write of access.hpp, of a target in an allocation.
bool note_global_read(const LaneAccess& access, const Target& target, std::size_t bytes, bool is_shared);
void note_global_write(const LaneAccess& access, const Target& target, std::size_t bytes, WriteMode mode);
/// One at a time among all blocks.
void note_global_atomic(const LaneAccess& access, const Target& target, std::size_t bytes);

}  // namespace perceptron::ptx
