#include "bench/gpu/ceilings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "src/cuda/cuda_accelerator.hpp"
#include "src/cuda/cuda_device.hpp"
#include "src/cuda/matrix_algorithms.hpp"

namespace perceptron::bench::gpu {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;
constexpr std::size_t kBusBytes = std::size_t{256} << 20;

/// A sixteenth of the memory, so that any GPU has room for two.
std::size_t copied_bytes(const Gpu& gpu) { return std::min(kMostBytes, gpu.memory_bytes / 16 / 4096 * 4096); }

void copy(void* to, const void* from, std::size_t bytes, Stream stream) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), "copying");
}

/// Two buffers on the device and two on the host, and the copies between them.
class Copies {
 public:
  explicit Copies(EventTimer& timer)
      : bytes_(copied_bytes(timer.gpu())),
        bus_bytes_(std::min(kBusBytes, bytes_)),
        first_(allocate_device(bytes_, "copies")),
        second_(allocate_device(bytes_, "copies")),
        sent_(allocate_pinned(bus_bytes_, "copies")),
        received_(allocate_pinned(bus_bytes_, "copies")),
        back_(make_stream()),
        forked_(make_event()),
        joined_(make_event()) {
    const auto elements = static_cast<std::int64_t>(bytes_ / sizeof(float));
    cuda::generate(*cuda::accelerator_of(timer.gpu().number),
                   {static_cast<float*>(first_.get()), 1, elements}, 1, timer.stream());
    copy(sent_.get(), first_.get(), bus_bytes_, timer.stream());
  }

  double bytes() const { return static_cast<double>(bytes_); }
  double bus_bytes() const { return static_cast<double>(bus_bytes_); }
  void on_device(Stream stream) const { copy(second_.get(), first_.get(), bytes_, stream); }
  void read(Stream stream, int multiprocessors) const {
    read_all(stream, first_.get(), bytes_, multiprocessors);
  }
  void to_device(Stream stream) const { copy(second_.get(), sent_.get(), bus_bytes_, stream); }
  void to_host(Stream stream) const { copy(received_.get(), first_.get(), bus_bytes_, stream); }
  /// On two streams between a fork and a join, so that events around both see the longer.
  void both_ways(Stream stream) const {
    check(cudaEventRecord(forked_.get(), stream), "recording an event");
    check(cudaStreamWaitEvent(back_.get(), forked_.get(), 0), "waiting for an event");
    to_device(stream);
    to_host(back_.get());
    check(cudaEventRecord(joined_.get(), back_.get()), "recording an event");
    check(cudaStreamWaitEvent(stream, joined_.get(), 0), "waiting for an event");
  }

 private:
  std::size_t bytes_, bus_bytes_;
  DeviceMemory first_, second_;
  PinnedMemory sent_, received_;
  OwnedStream back_;
  OwnedEvent forked_, joined_;
};

struct Probe {
  std::string_view name;
  std::string includes;
  double amount;
  Work work;
};

std::vector<Probe> probes_of(const Copies& copies, int processors) {
  const std::string whole = fmt::format("{:.2f} GB", copies.bytes() / 1e9);
  const std::string bus = fmt::format("{:.2f} GB of pinned memory", copies.bus_bytes() / 1e9);
  const double flop = multiply_add_flops(processors);
  return {
      {kCopy, "one cudaMemcpyAsync on the device, " + whole + " read and as many written, both counted",
       2 * copies.bytes(), [&](Stream s) { copies.on_device(s); }},
      {kRead, "a kernel that sums " + whole, copies.bytes(),
       [&, processors](Stream s) { copies.read(s, processors); }},
      {kToDevice, "one cudaMemcpyAsync from " + bus, copies.bus_bytes(),
       [&](Stream s) { copies.to_device(s); }},
      {kToHost, "one cudaMemcpyAsync into " + bus, copies.bus_bytes(), [&](Stream s) { copies.to_host(s); }},
      {kBothWays, "both copies at once, " + bus + " each, the bytes of both counted", 2 * copies.bus_bytes(),
       [&](Stream s) { copies.both_ways(s); }},
      {kFmaF32, "f32 multiply-adds on registers, no tensor cores, a burst of some milliseconds", flop,
       [processors](Stream s) { multiply_add(s, DType::f32, processors); }},
      {kFmaF64, "f64 multiply-adds on registers, no tensor cores, a burst of some milliseconds", flop,
       [processors](Stream s) { multiply_add(s, DType::f64, processors); }},
      {kEmptyKernel, "one kernel that does nothing, between two events: every other figure holds this too", 0,
       launch_nothing},
  };
}

}  // namespace

Ceilings measure_ceilings(EventTimer& timer, double until) {
  const Copies copies(timer);
  const std::vector<Probe> probes = probes_of(copies, timer.gpu().multiprocessors);
  std::vector<Work> works;
  for (const Probe& probe : probes) {
    works.push_back(probe.work);
    timer.warm(probe.work);
  }
  const Rounds rounds = time_in_rounds(timer, works, until);
  Ceilings ceilings;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    ceilings.push_back(
        {std::string(probes[i].name), probes[i].includes, probes[i].amount, figure_of(rounds[i])});
  }
  return ceilings;
}

}  // namespace perceptron::bench::gpu
