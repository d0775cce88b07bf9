#include "bench/gpu/enqueue.hpp"

#include <optional>
#include <stdexcept>

#include "bench/gpu/workload.hpp"
#include "bench/support/clock.hpp"
#include "bench/support/interleave.hpp"

namespace perceptron::bench::gpu {
namespace {

/// Queued while the stream is held: below the thousand that the driver's queue takes.
constexpr int kCalls = 200;
constexpr int kGraphCalls = 20;
constexpr int kGraphNodes = 20;
constexpr int kFewestRounds = 10;
constexpr int kMostRounds = 100;

/// On a stream of its own, which a failed capture takes down with it.
OwnedGraphExec captured(const Contender& contender) {
  const OwnedStream own = make_stream();
  cudaStream_t stream = own.get();
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "beginning a capture");
  for (int i = 0; i < kGraphNodes; ++i) contender.enqueue(stream);
  cudaGraph_t made = nullptr;
  check(cudaStreamEndCapture(stream, &made), "ending a capture");
  const OwnedGraph graph(made);
  cudaGraphExec_t instance = nullptr;
  check(cudaGraphInstantiate(&instance, graph.get(), 0), "instantiating a graph");
  return OwnedGraphExec(instance);
}

struct HostWorks {
  Work launch, enqueue, replay;
};

/// Nanoseconds per call, one of each per round.
struct HostTimes {
  std::vector<double> launches, enqueues, replays;

  /// A round counts as a whole or not at all.
  void add(EventTimer& timer, const HostWorks& works, bool is_launch_first) {
    std::optional<double> launch, enqueue;
    if (is_launch_first) launch = timer.host_nanoseconds(works.launch, kCalls);
    enqueue = timer.host_nanoseconds(works.enqueue, kCalls);
    if (!is_launch_first) launch = timer.host_nanoseconds(works.launch, kCalls);
    const std::optional<double> replay = timer.host_nanoseconds(works.replay, kGraphCalls);
    if (!launch || !enqueue || !replay) return;
    launches.push_back(*launch);
    enqueues.push_back(*enqueue);
    replays.push_back(*replay);
  }
};

double median_of(const std::vector<double>& values) { return quartiles(values).median; }

}  // namespace

EnqueueResult measure_enqueue(EventTimer& timer, const Problem& problem, double until) {
  const Workload workload(problem, timer);
  const Contender ours = engine_contender(workload);
  timer.warm(ours.enqueue);
  const OwnedGraphExec graph = captured(ours);
  const Work replay = [&](Stream stream) {
    check(cudaGraphLaunch(graph.get(), stream), "launching a graph");
  };
  timer.warm(replay);
  const double host_until = (seconds_now(Clock::wall) + until) / 2;
  HostTimes times;
  for (int round = 0; round < kMostRounds; ++round) {
    times.add(timer, {launch_nothing, ours.enqueue, replay}, round % 2 == 0);
    if (round + 1 >= kFewestRounds && seconds_now(Clock::wall) >= host_until) break;
  }
  if (times.launches.empty()) {
    throw std::runtime_error("the host waits for launches that it only queues: they cannot be timed");
  }
  const std::vector<Work> works{ours.enqueue, replay};
  const Rounds rounds = time_in_rounds(timer, works, until);
  return {problem,
          median_of(times.launches),
          median_of(times.enqueues),
          median_ratio(times.enqueues, times.launches),
          kGraphNodes,
          median_of(times.replays),
          figure_of(rounds[0]),
          figure_of(rounds[1])};
}

}  // namespace perceptron::bench::gpu
