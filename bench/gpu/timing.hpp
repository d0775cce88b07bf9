// Time of calls on the device, between two events that are queued with the call before any of it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "bench/gpu/cuda_objects.hpp"
#include "bench/gpu/gpu.hpp"
#include "bench/gpu/kernels.hpp"
#include "bench/gpu/samples.hpp"
#include "perceptron/options.hpp"

namespace perceptron::bench::gpu {

/// Enqueues something and returns without waiting for the stream.
using Work = std::function<void(Stream)>;

class EventTimer {
 public:
  explicit EventTimer(const Gpu& gpu);

  Stream stream() const { return stream_.get(); }
  const Gpu& gpu() const { return gpu_; }

  /// In this order: the second-level cache is filled with other data; a hold; stamp, event, the work, event,
  /// stamp; the hold is released. So neither gaps between launches nor the host are inside, and clean lines
  /// of the cache are cold.
  Sample time(const Work& work);

  /// Nanoseconds of the host per call, while the stream is held: what queueing costs the calling thread. The
  /// calls' launches must fit into the driver's queue, some thousand. Nothing where the host had to wait for
  /// the stream, until the hold gave up.
  std::optional<double> host_nanoseconds(const Work& work, int calls);

  /// Runs it once, untimed and unheld: loads code, so that nothing waits while the stream is held.
  void warm(const Work& work);

 private:
  class Held;
  void empty_cache();
  double clock_of_last_sample();

  Gpu gpu_;
  OwnedStream stream_;
  OwnedEvent start_, stop_;
  PinnedMemory word_;
  std::size_t flush_bytes_;
  DeviceMemory flush_;
  DeviceMemory stamps_;  ///< Before, then after.
  PinnedMemory stamps_host_;
  std::uint32_t ticket_ = 0;
};

using Rounds = std::vector<std::vector<Sample>>;

/// Times all works in rounds ABC, CBA, ABC, …, so that a drift of the clock meets all of them, until every
/// figure is settled or `until` of the wall clock has passed. Rounds are even in number, and at least two.
Rounds time_in_rounds(EventTimer& timer, std::span<const Work> works, double until);

}  // namespace perceptron::bench::gpu
