#include "src/planning/occupancy.hpp"

#include <charconv>
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

/// The architecture's number where its code runs on the device, else 0: "90a" on 9.0 alone, "80" on 8.x.
std::int64_t usable_architecture(std::string_view architecture, std::int64_t compute_capability) {
  std::int64_t number = 0;
  const char* const end = architecture.data() + architecture.size();
  const bool is_exact = std::from_chars(architecture.data(), end, number).ptr != end;
  if (number == compute_capability) return number;
  return !is_exact && number / 10 == compute_capability / 10 && number < compute_capability ? number : 0;
}

}  // namespace

const kernels::Resources* usable_resources(std::string_view entry, const DeviceTraits& traits) {
  const kernels::Resources* best = nullptr;
  std::int64_t best_number = 0;
  for (const kernels::Resources& row : kernels::resources()) {
    if (row.entry != entry) continue;
    const std::int64_t number = usable_architecture(row.architecture, traits.compute_capability);
    if (number <= best_number) continue;
    best = &row;
    best_number = number;
  }
  return best;
}

BlockNeeds needs_of(const kernels::Launch& launch, const DeviceTraits& traits) {
  BlockNeeds needs{static_cast<std::int64_t>(launch.block.count()), 0, launch.shared_bytes};
  if (const kernels::Resources* const found = usable_resources(launch.entry, traits)) {
    needs.registers_per_thread = found->registers;
    needs.shared_bytes += found->static_shared_bytes;
  }
  return needs;
}

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
