#include "bench/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/engine_contender.hpp"
#include "bench/support/peaks.hpp"

namespace perceptron::bench {
namespace {

constexpr double kMostSets = 1024;
/// Of the limit; what lies further above needs an explanation.
constexpr double kMostShare = 1.05;

ComparisonOptions comparison_options(const MeasureOptions& options) {
  return {options.seconds, Clock::wall, options.repetitions, options.poll};
}

/// Threads of peers may spin after a call; where there are none nobody needs to wait.
Schedule schedule_with(const MeasureOptions& options, bool has_peers) {
  Schedule schedule = schedule_of(options.threads, comparison_options(options));
  if (!has_peers) schedule.settle_seconds = 0;
  return schedule;
}

/// Those that serve the problem; the others go into the result by name.
Contenders peers_of(Workload& workload, const MeasureOptions& options, Result& result) {
  Contenders found;
  const bool is_served = is_served_by_peers(workload.task().problem);
  for (const Peer& peer : options.peers) {
    auto way = is_served ? fastest_way(peer, workload, comparison_options(options)) : nullptr;
    if (way) {
      found.push_back(std::move(way));
    } else {
      result.absent_peers.push_back(peer.name);
    }
  }
  return found;
}

}  // namespace

Placement placement_of(const Work& work, bool is_resident) {
  const double set_bytes = work.traffic.bytes();
  const double wanted = std::ceil(2 * last_level_cache_bytes() / set_bytes);
  const double sets = is_resident ? 1 : std::clamp(wanted, 1.0, kMostSets);
  return {static_cast<std::int64_t>(sets), work.bytes(), work.weight_bytes + sets * set_bytes};
}

void Result::set_limit(const Peaks* peaks) {
  limit.reset();
  if (peaks != nullptr) limit = limit_of(work, *peaks, placement);
}

void Result::keep_quiet(const std::vector<double>& rounds) {
  Quiet quiet = without_noise(rounds);
  samples = static_cast<int>(rounds.size());
  rejected = quiet.rejected;
  nanoseconds = quartiles(std::move(quiet.kept));
}

Result measure(const Problem& problem, const MeasureOptions& options, const Peaks* peaks) {
  Result result;
  result.work = work_of(problem);
  result.placement = placement_of(result.work, options.is_resident);
  Workload workload(problem, {options.threads, options.seed, result.placement.sets});
  EngineContender ours(workload.task(), options.device);
  workload.set_expected(ours);
  const Contenders peers = peers_of(workload, options, result);
  const std::size_t sets = workload.task().sets.size();
  std::vector<Lane> lanes{lane_of(ours, sets)};
  for (const auto& peer : peers) lanes.push_back(lane_of(*peer, sets));
  const Rounds rounds = interleave(lanes, schedule_with(options, !peers.empty()));
  result.keep_quiet(rounds.front());
  for (std::size_t peer = 0; peer < peers.size(); ++peer) {
    result.peers.push_back({peers[peer]->name(), peers[peer]->way(),
                            quartiles(without_noise(rounds[peer + 1]).kept),
                            median_ratio(rounds[peer + 1], rounds.front())});
  }
  result.name = to_string(problem);
  result.rows = problem.rows;
  result.device = options.device;
  result.kernel = ours.way();
  result.threads = options.threads;
  if (peaks == nullptr) result.stages = ours.stages(options.seconds, options.poll);
  result.set_limit(peaks);
  return result;
}

std::string advice(const Result& result, int usable_cores) {
  if (!result.limit) return "";
  const double share = result.share_of_limit();
  const bool is_compute_bound = result.limit->is_compute_bound();
  if (share > kMostShare) {
    return "above the limit: the peaks were disturbed, or part of the data stayed in a nearer cache";
  }
  if (result.nanoseconds.median < 2000 && share < 0.5) {
    return "a call this short is mostly latency: hand over more rows per call";
  }
  if (result.threads > 1 && result.nanoseconds.median < 20000 && share < 0.5) {
    return "too little work for several threads: threads = 1 or more rows per call";
  }
  if (share >= 0.8 && is_compute_bound && result.threads < usable_cores) {
    return fmt::format("at the limit of {} thread{}: give it more", result.threads,
                       result.threads == 1 ? "" : "s");
  }
  if (share >= 0.8 && !is_compute_bound) {
    return "at the limit of " + result.limit->limiter + ": a narrower dtype moves fewer bytes";
  }
  return "";
}

}  // namespace perceptron::bench
