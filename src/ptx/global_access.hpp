// Who read and wrote each granule of global memory, and whether the next access is ordered behind them.
#pragma once

#include <cstddef>
#include <cstring>

#include "src/ptx/access.hpp"

namespace perceptron::ptx {

/// The milder kind of race: what is written is there already.
inline bool has_same_value(const Target& target, std::size_t bytes, const std::byte* value) {
  return value != nullptr && std::memcmp(value, target.data, bytes) == 0;
}

/// As note_read and note_write of access.hpp, of a target in an allocation.
void note_global_read(const LaneAccess& access, const Target& target, std::size_t bytes,
                      bool by_several_lanes);
void note_global_write(const LaneAccess& access, const Target& target, std::size_t bytes,
                       const std::byte* value);
/// Of strong ones, one at a time among all blocks.
void note_strong_global_read(const LaneAccess& access, const Target& target, std::size_t bytes);
void note_strong_global_write(const LaneAccess& access, const Target& target, std::size_t bytes);

}  // namespace perceptron::ptx
