// How a GPU of given traits would compute a problem: the kernel, its launch, what it takes of a
// multiprocessor, an estimate of its time, and every policy that was not taken. Needs no GPU.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "perceptron/device_traits.hpp"
#include "perceptron/export.hpp"
#include "perceptron/options.hpp"
#include "perceptron/plan.hpp"
#include "perceptron/problem.hpp"

namespace perceptron {

/// A policy that was not chosen.
struct RejectedPolicy {
  std::string family, policy;
  bool is_refusal = false;  ///< It cannot compute the problem; else it could and lost.
  std::string reason;
};

/// Of one entry, as ptxas reported it when the library was built. Per thread, except shared memory per block.
struct EntryResources {
  std::string architecture;  ///< "90a"
  std::int64_t registers = 0;
  std::int64_t static_shared_bytes = 0;
  std::int64_t stack_bytes = 0, spill_bytes = 0;
};

struct Occupancy {
  std::int64_t blocks_per_multiprocessor = 0;
  std::string limit;         ///< "registers", "shared memory", "threads" or "blocks".
  double threads_share = 0;  ///< Of the multiprocessor's threads that may be resident.
  double waves = 0;          ///< Blocks of the grid per blocks that run at the same time.
};

/// A lower bound of the time: the larger of multiply-adds at peak and bytes at full bandwidth, and launches.
/// An estimate: nothing of it is measured, and evaluating the activation is left out.
struct Roofline {
  double flops = 0;
  double flops_per_second = 0;  ///< The peak of the accumulator's type.
  double bytes = 0;             ///< Each byte of x, W, b and y once; for softmax also its sums, twice.
  double bytes_per_second = 0;
  std::int64_t launches = 1;
  double seconds_per_launch = 0;

  double compute_seconds() const { return flops / flops_per_second; }
  double memory_seconds() const { return bytes / bytes_per_second; }
  bool is_compute_bound() const { return compute_seconds() > memory_seconds(); }
  double seconds() const {
    return (is_compute_bound() ? compute_seconds() : memory_seconds()) +
           static_cast<double>(launches) * seconds_per_launch;
  }
};

struct DevicePlan {
  Problem problem;
  DeviceTraits traits;
  std::string family, policy, entry;
  std::string reason;               ///< The rule that decided, or that the device's name did.
  std::optional<std::string> then;  ///< The kernel that follows: row_softmax.
  std::array<std::int64_t, 3> grid{}, block{};
  std::int64_t dynamic_shared_bytes = 0;
  std::optional<EntryResources> resources;  ///< Nothing where the build holds none for these traits.
  std::optional<Occupancy> occupancy;       ///< Known where resources are.
  Roofline roofline;
  std::vector<RejectedPolicy> rejected;
};

/// Throws Unsupported with each policy and why it refused, also where the library was built without kernels'
/// descriptions.
PERCEPTRON_API DevicePlan plan_on(const Problem& problem, const DeviceTraits& traits);

/// One line per fact, for people.
PERCEPTRON_API std::string to_string(const DevicePlan& plan);

/// From that row count on, up to the next range's, that policy serves the layer.
struct RowRange {
  std::int64_t first_row = 1;
  std::string family, policy;
};

/// The policies for every row count; the problem's own rows are not looked at.
PERCEPTRON_API std::vector<RowRange> row_ranges(const Problem& layer, const DeviceTraits& traits);

/// What the engine on a device of this machine does with a problem.
struct LocalPlan {
  std::string device;  ///< As Plan::device: "auto" has become the device that was chosen.
  LayerPlan layer;
  std::optional<DevicePlan> gpu;  ///< The launch in full, of a GPU or of the one that the device "ptx" plays.
};

/// No weights are made. Throws as Engine does.
PERCEPTRON_API LocalPlan plan_on(const Problem& problem, const Options& options);

}  // namespace perceptron
