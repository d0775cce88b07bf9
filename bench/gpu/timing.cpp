#include "bench/gpu/timing.hpp"

#include <algorithm>
#include <atomic>

#include "bench/support/clock.hpp"

namespace perceptron::bench::gpu {
namespace {

/// Queueing a few launches takes microseconds; a call that still waits after this waits for the stream.
constexpr std::uint64_t kMostHeldNanoseconds = 500'000'000;
constexpr std::size_t kStampBytes = kMostMultiprocessors * sizeof(Stamp);
/// More would only make a long run of a short work longer.
constexpr std::size_t kMostRounds = 400;

}  // namespace

/// The stream waits while this lives.
class EventTimer::Held {
 public:
  explicit Held(EventTimer& timer)
      : word_(static_cast<HoldWord*>(timer.word_.get())), ticket_(++timer.ticket_) {
    hold(timer.stream(), word_, ticket_, kMostHeldNanoseconds);
  }
  ~Held() { release(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  void release() { std::atomic_ref(word_->released).store(ticket_, std::memory_order_release); }
  /// Once the stream has been waited for.
  bool lasted() const { return std::atomic_ref(word_->expired).load(std::memory_order_acquire) != ticket_; }

 private:
  HoldWord* word_;
  std::uint32_t ticket_;
};

EventTimer::EventTimer(const Gpu& gpu)
    : gpu_(gpu),
      stream_(make_stream()),
      start_(make_event()),
      stop_(make_event()),
      word_(allocate_pinned(sizeof(HoldWord), "the hold")),
      flush_bytes_(2 * gpu.l2_bytes / 16 * 16),
      flush_(allocate_device(flush_bytes_, "emptying the cache")),
      stamps_(allocate_device(2 * kStampBytes, "stamps")),
      stamps_host_(allocate_pinned(2 * kStampBytes, "stamps")) {
  *static_cast<HoldWord*>(word_.get()) = {};
  read_all(stream(), flush_.get(), flush_bytes_, gpu_.multiprocessors);
  warm([this](Stream on) { stamp(on, static_cast<Stamp*>(stamps_.get()), gpu_.multiprocessors); });
  Held(*this).release();
  warm(launch_nothing);
}

/// The memset evicts; reading the same memory afterwards replaces its unwritten lines by clean ones, whose
/// writing back would otherwise fall into the sample.
void EventTimer::empty_cache() {
  check(cudaMemsetAsync(flush_.get(), static_cast<int>(ticket_ & 0xff), flush_bytes_, stream()),
        "emptying the cache");
  read_all(stream(), flush_.get(), flush_bytes_, gpu_.multiprocessors);
}

Sample EventTimer::time(const Work& work) {
  auto* before = static_cast<Stamp*>(stamps_.get());
  check(cudaMemsetAsync(before, 0, 2 * kStampBytes, stream()), "clearing stamps");
  empty_cache();
  Held held(*this);
  stamp(stream(), before, gpu_.multiprocessors);
  check(cudaEventRecord(start_.get(), stream()), "recording an event");
  work(stream());
  check(cudaEventRecord(stop_.get(), stream()), "recording an event");
  stamp(stream(), before + kMostMultiprocessors, gpu_.multiprocessors);
  held.release();
  check(cudaStreamSynchronize(stream()), "waiting for a sample");
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, start_.get(), stop_.get()), "reading two events");
  const bool was_held = held.lasted();
  return {1e6 * static_cast<double>(milliseconds), clock_of_last_sample(), was_held};
}

double EventTimer::clock_of_last_sample() {
  check(cudaMemcpyAsync(stamps_host_.get(), stamps_.get(), 2 * kStampBytes, cudaMemcpyDeviceToHost, stream()),
        "copying stamps");
  check(cudaStreamSynchronize(stream()), "waiting for stamps");
  const std::span stamps(static_cast<const Stamp*>(stamps_host_.get()), 2 * kMostMultiprocessors);
  return clock_between(stamps.first(kMostMultiprocessors), stamps.last(kMostMultiprocessors));
}

std::optional<double> EventTimer::host_nanoseconds(const Work& work, int calls) {
  Held held(*this);
  const double seconds = seconds_of(Clock::wall, calls, [&] { work(stream()); });
  held.release();
  check(cudaStreamSynchronize(stream()), "waiting for queued calls");
  if (!held.lasted()) return {};
  return 1e9 * seconds / calls;
}

void EventTimer::warm(const Work& work) {
  work(stream());
  check(cudaStreamSynchronize(stream()), "waiting for a first call");
}

Rounds time_in_rounds(EventTimer& timer, std::span<const Work> works, double until) {
  Rounds rounds(works.size());
  const auto is_settled = [](const std::vector<Sample>& samples) { return figure_of(samples).is_settled; };
  for (std::size_t round = 0; round < kMostRounds; ++round) {
    for (std::size_t step = 0; step < works.size(); ++step) {
      const std::size_t which = round % 2 == 0 ? step : works.size() - 1 - step;
      rounds[which].push_back(timer.time(works[which]));
    }
    if (round % 2 == 0) continue;
    if (std::ranges::all_of(rounds, is_settled) || seconds_now(Clock::wall) >= until) break;
  }
  return rounds;
}

}  // namespace perceptron::bench::gpu
