// A warp: register rows of 32 lanes, which of their lanes have been written, and where its lanes stand.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "src/ptx/fault.hpp"
#include "src/ptx/program.hpp"

namespace perceptron::ptx {

class Block;

/// Slots are four bytes for types up to 32 bits, else eight. Narrow integers are kept zero-extended.
template <class T>
using Slot = std::conditional_t<(sizeof(T) > 4), std::uint64_t, std::uint32_t>;

template <class T>
constexpr T from_slot(Slot<T> slot) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::bit_cast<T>(slot);
  } else {
    return static_cast<T>(slot);
  }
}

template <class T>
constexpr Slot<T> to_slot(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::bit_cast<Slot<T>>(value);
  } else {
    return static_cast<std::make_unsigned_t<T>>(value);
  }
}

/// Lanes that stand at one step.
struct LaneGroup {
  std::uint32_t step = 0;
  Mask mask = 0;
  bool is_waiting = false;  ///< At a .sync instruction or barrier, for lanes or warps that are not there yet.
};

class Warp {
 public:
  Warp(Block& block, const Program& program, std::uint32_t index, Mask lanes);

  template <class T>
  Slot<T>* row(std::uint32_t number) {
    return reinterpret_cast<Slot<T>*>(rows_[number].bytes);
  }
  Mask& written(std::uint32_t row) { return written_[row]; }
  Mask& predicate(std::uint32_t number) { return predicates_[number]; }
  Mask& predicate_written(std::uint32_t number) { return predicate_written_[number]; }

  /// The lanes of the mask use a register's value: a fault where a lane was never written.
  void use(const Step& step, std::uint32_t row, Mask mask) {
    if ((written_[row] & mask) != mask) [[unlikely]]
      fault_unwritten(step, mask & ~written_[row]);
  }
  void use_predicate(const Step& step, std::uint32_t number, Mask mask) {
    if ((predicate_written_[number] & mask) != mask) [[unlikely]] {
      fault_unwritten(step, mask & ~predicate_written_[number]);
    }
  }
  /// For the message of a later use: where such a value may have come from.
  void remember_unwritten(const Step& step, int lane) { unwritten_source_ = {step.instruction, lane}; }
  void define(std::uint32_t row, Mask mask) { written_[row] |= mask; }
  /// The target's lanes are written where `source` is: for moves, which are no use.
  void define_as(std::uint32_t row, Mask mask, Mask source) {
    written_[row] = (written_[row] & ~mask) | (source & mask);
  }
  void define_predicate(std::uint32_t number, Mask mask, Mask value) {
    predicates_[number] = (predicates_[number] & ~mask) | (value & mask);
    predicate_written_[number] |= mask;
  }

  [[noreturn]] void fault(FaultKind kind, const Step& step, int lane, const std::string& message) const;

  Block& block() const { return block_; }
  std::uint32_t index() const { return index_; }
  /// Number of the lane's thread within the block.
  std::uint32_t thread(int lane) const { return index_ * kLanes + static_cast<std::uint32_t>(lane); }

  std::array<LaneGroup, kLanes> groups;
  int group_count = 1;
  Mask all = 0;   ///< Lanes that the warp began with.
  Mask live = 0;  ///< Lanes that have not exited.

 private:
  /// 32 narrow slots; wide registers take two.
  struct alignas(128) Row {
    std::byte bytes[128];
  };

  [[noreturn]] void fault_unwritten(const Step& step, Mask lanes) const;
  void set_special(const SpecialRow& special);

  struct UnwrittenSource {
    std::uint32_t step = kNone;
    int lane = 0;
  };

  Block& block_;
  std::uint32_t index_;
  std::unique_ptr<Row[]> rows_;
  std::vector<Mask> written_;
  std::vector<Mask> predicates_;
  std::vector<Mask> predicate_written_;
  UnwrittenSource unwritten_source_;
};

/// Calls body(lane) for the lanes of the mask, ascending.
template <class Body>
void for_each_lane(Mask mask, Body&& body) {
  for (; mask != 0; mask &= mask - 1) body(std::countr_zero(mask));
}

}  // namespace perceptron::ptx
