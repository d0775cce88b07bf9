// How many blocks of a kernel a multiprocessor holds at the same time. Private to planning.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/launch.hpp"
#include "kernels/resources.hpp"
#include "perceptron/device_plan.hpp"

namespace perceptron::planning {

/// What a block takes.
struct BlockNeeds {
  std::int64_t threads = 0;
  std::int64_t registers_per_thread = 0;
  std::int64_t shared_bytes = 0;  ///< Static and dynamic.
};

/// Of the nearest architecture whose code runs on the device; null where this build holds none.
const kernels::Resources* usable_resources(std::string_view entry, const DeviceTraits& traits);

/// Of registers and static shared memory 0 where this build does not know them.
BlockNeeds needs_of(const kernels::Launch& launch, const DeviceTraits& traits);

/// By the rules of allocation of compute capabilities 8.0 to 9.0: registers per warp in units of 256, in four
/// equal parts of the multiprocessor; shared memory in units of 128 bytes, 1 KiB of each block's taken by the
/// system. blocks: of the grid.
Occupancy occupancy(const BlockNeeds& block, const DeviceTraits& traits, double blocks);

}  // namespace perceptron::planning
