#include "bench/gpu/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "bench/gpu/problems.hpp"
#include "bench/support/clock.hpp"
#include "perceptron/error.hpp"

namespace perceptron::bench::gpu {
namespace {

/// For contexts, code, cuBLAS and the engine's own slots.
constexpr double kReserveBytes = 768e6;
/// Of a problem's time, for making data and finding each peer's fastest way.
constexpr double kTrialShare = 0.4;
/// A way this much slower than the best first sample gets no second.
constexpr double kHopeless = 1.3;
constexpr int kTrials = 4;
/// The energy counter moves about ten times per second.
constexpr double kLeastPowerSeconds = 0.5;

struct Trial {
  Contender contender;
  double nanoseconds = std::numeric_limits<double>::infinity();
};

FittedProblem fitted(const Problem& asked) {
  const double available = available_bytes();
  if (auto problem = fit_to_memory(asked, available)) return *problem;
  throw DoesNotFit(fmt::format("{}: one row needs more than the {:.2f} GB of device memory that are there",
                               to_string(asked), available / 1e9));
}

}  // namespace

double available_bytes() {
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "asking for free memory");
  return std::max(0.0, static_cast<double>(free) - kReserveBytes);
}

bool Comparer::agrees(const Workload& workload, const Contender& contender) {
  const std::int64_t wrong = workload.count_wrong(contender);
  if (wrong == 0) return true;
  report_.wrong.push_back(fmt::format("{}: {} ({}): {} elements differ from ours",
                                      to_string(workload.problem()), contender.name, contender.way, wrong));
  return false;
}

/// One sample of each way, three more of those that are near the best; per contender's name the fastest. A
/// way that the library refuses when it is called is none.
std::vector<Contender> Comparer::fastest_ways(const Workload& workload, double until) {
  std::map<std::string, Trial> best;
  const auto try_way = [&](const Contender& way) {
    timer_.warm(way.enqueue);
    Trial& leader = best.try_emplace(way.name).first->second;
    double least = timer_.time(way.enqueue).nanoseconds;
    for (int trial = 1; trial < kTrials && least < kHopeless * leader.nanoseconds; ++trial) {
      least = std::min(least, timer_.time(way.enqueue).nanoseconds);
    }
    if (least < leader.nanoseconds) leader = {way, least};
  };
  for (const auto& peer : peers_) {
    for (const Contender& way : peer->ways(workload)) {
      if (seconds_now(Clock::wall) > until && best.contains(way.name)) continue;
      try {
        try_way(way);
      } catch (const DeviceLost&) {
        throw;
      } catch (const DeviceError& error) {
        report_.left_out.push_back(
            fmt::format("{}: {} ({}): {}", to_string(workload.problem()), way.name, way.way, error.what()));
      }
    }
  }
  std::vector<Contender> result;
  for (auto& [name, trial] : best) result.push_back(std::move(trial.contender));
  return result;
}

std::vector<Contender> Comparer::verified_contenders(Workload& workload, double until) {
  std::vector<Contender> result{engine_contender(workload)};
  workload.set_expected(result.front());
  agrees(workload, result.front());
  for (Contender& peer : fastest_ways(workload, until)) {
    if (agrees(workload, peer)) result.push_back(std::move(peer));
  }
  return result;
}

Comparison Comparer::compare(const Problem& asked, double seconds) {
  const double start = seconds_now(Clock::wall);
  FittedProblem fit = fitted(asked);
  Workload workload(fit.problem, timer_);
  const std::vector<Contender> contenders = verified_contenders(workload, start + kTrialShare * seconds);
  std::vector<Work> works;
  for (const Contender& contender : contenders) works.push_back(contender.enqueue);
  const double rounds_start = seconds_now(Clock::wall), joules = nvml_.joules();
  const Rounds rounds = time_in_rounds(timer_, works, start + seconds);
  Comparison result{fit.problem, fit.note, {}, bound_of(fit.problem, report_.ceilings), 0};
  const double rounds_seconds = seconds_now(Clock::wall) - rounds_start;
  if (joules > 0 && rounds_seconds > kLeastPowerSeconds) {
    result.watts = (nvml_.joules() - joules) / rounds_seconds;
  }
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    const Contender& c = contenders[i];
    result.results.push_back({c.name, c.way, c.includes, figure_of(rounds[i]),
                              i == 0 ? 1 : ratio_of_rounds(rounds[i], rounds.front())});
  }
  return result;
}

}  // namespace perceptron::bench::gpu
