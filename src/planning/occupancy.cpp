#include "src/planning/occupancy.hpp"

#include <algorithm>
#include <limits>

namespace perceptron::planning {
namespace {

constexpr std::int64_t kWarpThreads = 32, kWarpRegisterUnit = 256, kMultiprocessorParts = 4;
constexpr std::int64_t kSharedUnit = 128, kSystemSharedBytes = 1024;

constexpr std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

std::int64_t blocks_by_registers(const BlockNeeds& block, const DeviceTraits& traits) {
  if (block.registers_per_thread == 0) return std::numeric_limits<std::int64_t>::max();
  const std::int64_t per_warp = round_up(block.registers_per_thread * kWarpThreads, kWarpRegisterUnit);
  const std::int64_t warps =
      kMultiprocessorParts * (traits.registers_per_multiprocessor / kMultiprocessorParts / per_warp);
  return warps / (round_up(block.threads, kWarpThreads) / kWarpThreads);
}

std::int64_t blocks_by_shared_bytes(const BlockNeeds& block, const DeviceTraits& traits) {
  return traits.shared_bytes_per_multiprocessor /
         round_up(block.shared_bytes + kSystemSharedBytes, kSharedUnit);
}

}  // namespace

Occupancy occupancy(const BlockNeeds& block, const DeviceTraits& traits, double blocks) {
  const std::int64_t threads = round_up(block.threads, kWarpThreads);
  Occupancy found{traits.blocks_per_multiprocessor, "blocks"};
  const auto limit = [&found](std::int64_t count, const char* by) {
    if (count < found.blocks_per_multiprocessor) found = {count, by};
  };
  limit(traits.threads_per_multiprocessor / threads, "threads");
  limit(blocks_by_registers(block, traits), "registers");
  limit(blocks_by_shared_bytes(block, traits), "shared memory");
  found.threads_share = static_cast<double>(found.blocks_per_multiprocessor * threads) /
                        static_cast<double>(traits.threads_per_multiprocessor);
  const std::int64_t together = found.blocks_per_multiprocessor * traits.multiprocessors;
  found.waves = together == 0 ? 0 : blocks / static_cast<double>(together);
  return found;
}

}  // namespace perceptron::planning
