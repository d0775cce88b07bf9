// Asynchronous copies in flight: from their issue until the wait that covers them, nobody may touch their
// bytes. A copy's bytes land at once in some runs and at the last moment in others.
#pragma once

#include <cstdint>
#include <vector>

#include "src/ptx/program.hpp"

namespace perceptron::ptx {

/// One lane's copy from global to shared memory; bytes beyond source_bytes become zero.
struct Copy {
  int lane = 0;
  std::uint32_t group = 0;  ///< Number of the commit group it will belong to.
  std::uint64_t to = 0, from = 0;
  std::uint32_t bytes = 0, source_bytes = 0;
  std::uint32_t step = 0;  ///< That issued it.
  bool has_landed = false;
};

/// Of one warp: what its lanes have issued (cp.async) and not waited for.
struct PendingCopies {
  std::vector<Copy> copies;
  std::uint32_t committed[kLanes] = {};
};

/// Bytes on their way that report to an mbarrier: cp.async.bulk, or cp.async with mbarrier arrival.
struct Delivery {
  std::uint64_t mbarrier = 0;
  std::vector<Copy> copies;
  std::uint32_t warp = 0;
  std::uint64_t transaction_bytes = 0;  ///< Of complete_tx; 0 where the delivery arrives instead.
  bool is_arrival = false;
  std::uint32_t thread = 0;
  std::uint32_t step = 0;  ///< That made it.
};

}  // namespace perceptron::ptx
