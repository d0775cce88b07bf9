#include "bench/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

#include "bench/engine_contender.hpp"
#include "bench/support/parallel_copy.hpp"
#include "perceptron/error.hpp"

namespace perceptron::bench {
namespace {

/// OpenBLAS's idle threads give way in a loop for 2²⁶ cycles of their own, 26 ms at 2.6 GHz, and libgomp's
/// spin for less: on as many cores as threads they would slow whoever comes next.
constexpr double kSettleSeconds = 0.1;
/// Share of the measured time that is spent on each way of a peer to find its fastest.
constexpr double kTrialShare = 0.2;

/// The engine, then each peer's fastest way; all verified.
Contenders contenders_of(Workload& workload, const ComparisonOptions& options) {
  Contenders result;
  result.push_back(std::make_unique<EngineContender>(workload.task()));
  workload.set_expected(*result.front());
  for (const Peer& peer : found_peers()) {
    if (auto way = fastest_way(peer, workload, options)) result.push_back(std::move(way));
  }
  return result;
}

/// Two halves of as many bytes as x and y hold, written once so that every page exists.
class CopyLane {
 public:
  CopyLane(std::size_t moved_bytes, int threads)
      : half_(moved_bytes / 2), threads_(threads), from_(allocate()), to_(allocate()) {}
  Lane lane() {
    return {"memcpy", [this] { parallel_copy(to_.data(), from_.data(), half_, threads_); }};
  }

 private:
  Matrix allocate() const {
    Matrix matrix(DType::f32, 1, static_cast<std::int64_t>(half_ / sizeof(float) + 1));
    std::memset(matrix.data(), 1, matrix.size_bytes());
    return matrix;
  }
  std::size_t half_;
  int threads_;
  Matrix from_, to_;
};

Timing timing_of(const Contender& contender, const std::vector<double>& rounds,
                 const std::vector<double>& ours) {
  return {contender.name(), contender.way(), quartiles(rounds), median_ratio(rounds, ours)};
}

}  // namespace

const Timing* Comparison::best_peer() const {
  const Timing* best = nullptr;
  for (std::size_t i = 1; i < timings.size(); ++i) {
    if (best == nullptr || timings[i].nanoseconds.median < best->nanoseconds.median) best = &timings[i];
  }
  return best;
}

Schedule schedule_of(int threads, const ComparisonOptions& options) {
  Schedule schedule;
  schedule.lane_seconds = options.seconds;
  schedule.fewest_rounds = options.fewest_rounds;
  schedule.sample_seconds = std::clamp(options.seconds / 20, 0.005, 0.5);
  schedule.clock = threads > 1 ? Clock::wall : options.clock;
  schedule.settle_seconds = threads > 1 ? kSettleSeconds : 0;
  schedule.poll = options.poll;
  return schedule;
}

Lane lane_of(Contender& contender, std::size_t sets) {
  return {contender.name(), [&contender, sets, set = std::size_t{0}]() mutable {
            contender.run(set);
            if (++set == sets) set = 0;
          }};
}

std::unique_ptr<Contender> fastest_way(const Peer& peer, Workload& workload,
                                       const ComparisonOptions& options) {
  Contenders ways = peer.ways(workload.task());
  std::vector<Lane> lanes;
  for (const auto& way : ways) {
    workload.verify(*way);
    lanes.push_back(lane_of(*way, workload.task().sets.size()));
  }
  if (ways.size() <= 1) return ways.empty() ? nullptr : std::move(ways.front());
  ComparisonOptions trial = options;
  trial.seconds *= kTrialShare;
  std::vector<double> medians;
  for (auto& rounds : interleave(lanes, schedule_of(workload.task().threads, trial))) {
    medians.push_back(quartiles(std::move(rounds)).median);
  }
  return std::move(ways[static_cast<std::size_t>(std::ranges::min_element(medians) - medians.begin())]);
}

Comparison compare(const Problem& problem, int threads, bool with_copy, const ComparisonOptions& options) {
  if (!is_served_by_peers(problem)) {
    throw InvalidArgument(
        fmt::format("{}: the comparison takes problems of at least one row, in reproducible arithmetic and "
                    "without softmax",
                    to_string(problem)));
  }
  Workload workload(problem, {.threads = threads});
  const Contenders contenders = contenders_of(workload, options);
  std::vector<Lane> lanes;
  for (const auto& contender : contenders) lanes.push_back(lane_of(*contender, 1));
  std::optional<CopyLane> copy;
  if (with_copy) lanes.push_back(copy.emplace(workload.moved_bytes(), threads).lane());
  const Rounds rounds = interleave(lanes, schedule_of(threads, options));
  Comparison result{problem, threads, {}, {}};
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    result.timings.push_back(timing_of(*contenders[i], rounds[i], rounds.front()));
  }
  if (copy) {
    result.copy = Timing{"memcpy", "", quartiles(rounds.back()), median_ratio(rounds.back(), rounds.front())};
  }
  return result;
}

std::vector<ActivationTiming> compare_activations(const Problem& shape, int threads,
                                                  const ComparisonOptions& options) {
  std::vector<std::unique_ptr<Workload>> workloads;
  Contenders contenders;
  std::vector<Lane> lanes;
  for (const ActivationKind kind : {ActivationKind::relu, ActivationKind::sigmoid, ActivationKind::tanh}) {
    Problem problem = shape;
    problem.activation = kind;
    workloads.push_back(std::make_unique<Workload>(problem, WorkloadOptions{.threads = threads}));
    contenders.push_back(std::make_unique<EngineContender>(workloads.back()->task()));
    lanes.push_back(lane_of(*contenders.back(), 1));
  }
  const Rounds rounds = interleave(lanes, schedule_of(threads, options));
  std::vector<ActivationTiming> result;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    result.push_back({workloads[i]->task().problem, threads, quartiles(rounds[i]),
                      median_ratio(rounds[i], rounds.front())});
  }
  return result;
}

}  // namespace perceptron::bench
