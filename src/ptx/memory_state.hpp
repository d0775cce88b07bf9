// What Memory keeps: allocations with their bytes, which of them are written, and who touched each granule
// during the present launch.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/ptx/memory.hpp"
#include "src/ptx/program.hpp"
#include "src/ptx/zero_pages.hpp"

namespace perceptron::ptx {

/// Last accesses to one granule of global memory. Blocks are counted from 1; 0 is nobody. Several cores write
/// here at once: relaxed, since a race between blocks is found by whoever comes second, and each sees its own
/// mark.
struct GlobalRecord {
  std::atomic<std::uint32_t> writer_block, reader_block;  ///< Or kManyBlocks; writers only strong ones.
  std::atomic<std::uint32_t> write_stamp, read_stamp;     ///< Of the block above: its own clock.
  std::atomic<std::uint16_t> writer, reader;              ///< Threads of that block, or kSeveral.
  std::atomic<std::uint32_t> write_step;
  /// The plain write before the last writer's strong one and those before it.
  std::atomic<std::uint32_t> plain_block, plain_step;
};

inline constexpr std::uint32_t kManyBlocks = ~std::uint32_t{0};

struct Allocation {
  std::string name;
  DeviceAddress address = 0;
  ZeroPages<std::byte> bytes;
  ZeroPages<std::uint8_t> written;  ///< One per byte.
  bool is_fully_written = false;
  bool is_read_only = false;
  bool is_released = false;
  ZeroPages<GlobalRecord> records;  ///< Of the launch.
};

struct Memory::State {
  std::vector<std::unique_ptr<Allocation>> allocations;
  std::vector<std::unique_ptr<Allocation>> variables;  ///< Of the launch.

  Allocation* find(DeviceAddress address) const {
    const std::uint64_t index = (address >> kAllocationShift) - 1;
    if (index < allocations.size())
      return allocations[index]->is_released ? nullptr : allocations[index].get();
    const std::uint64_t variable = (address - kVariableWindow) >> kAllocationShift;
    return variable < variables.size() ? variables[variable].get() : nullptr;
  }
  /// Throws InvalidArgument.
  Allocation& checked(DeviceAddress address, std::size_t bytes) const;
  /// Forgets all accesses: launches are ordered. The program's variables hold their initial values.
  void begin_launch(const Program& program);
};

}  // namespace perceptron::ptx
