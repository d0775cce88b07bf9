// The report for people, and its bars.
#include <fmt/format.h>

#include "bench/gpu/problems.hpp"
#include "bench/gpu/report.hpp"

namespace perceptron::bench::gpu {
namespace {

std::string ceiling_line(const Ceiling& ceiling) {
  const Quartiles& time = ceiling.figure.nanoseconds;
  if (ceiling.amount == 0) return fmt::format("  {:<13}{:>12}", ceiling.name, duration(time.median));
  const bool is_fma = ceiling.name.starts_with("fma");
  return fmt::format("  {:<13}{:>12.1f} {}", ceiling.name, ceiling.per_second() / 1e9,
                     is_fma ? "GFLOP/s" : "GB/s");
}

std::string comparison_line(const Comparison& comparison) {
  const ContenderResult& ours = comparison.ours();
  const double median = ours.figure.nanoseconds.median;
  std::string line =
      fmt::format("{:<30} {:>10} {:>9.1f} {:>8.1f} {:>5.1f} % {:<8}", to_string(comparison.problem),
                  duration(median), flops(comparison.problem) / median, bytes(comparison.problem) / median,
                  100 * comparison.share(), comparison.bound.ceiling);
  for (std::size_t i = 1; i < comparison.results.size(); ++i) {
    const ContenderResult& peer = comparison.results[i];
    line += fmt::format(" {} {:.3f};", peer.contender, peer.ratio);
  }
  if (!ours.figure.is_settled) line += " not settled";
  return line;
}

std::string host_line(const HostResult& host) {
  return fmt::format("{:<30} {:>10} pinned, {:.1f} % of the copies; {} pageable, {:.1f} %",
                     to_string(host.problem), duration(host.pinned.median), 100 * host.pinned_share,
                     duration(host.pageable.median), 100 * host.pageable_share);
}

std::string enqueue_line(const EnqueueResult& enqueue) {
  return fmt::format(
      "enqueue {} of the host, a bare launch {}: ratio {:.3f}; {} in a graph: {} of the device each",
      duration(enqueue.enqueue_host), duration(enqueue.launch_host), enqueue.ratio, enqueue.graph_nodes,
      duration(enqueue.graph_device.nanoseconds.median / enqueue.graph_nodes));
}

class Misses {
 public:
  /// A bar of 0 is none.
  void require_at_least(double bar, double value, const std::string& what) {
    if (bar > 0 && value < bar) add(what, value, "at least", bar);
  }
  void require_at_most(double bar, double value, const std::string& what) {
    if (value > bar) add(what, value, "at most", bar);
  }
  std::vector<std::string> lines() && { return std::move(lines_); }

 private:
  void add(const std::string& what, double value, const char* side, double bar) {
    lines_.push_back(fmt::format("missed: {} is {:.3f}, must be {} {:.3f}", what, value, side, bar));
  }
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> missed_bars(const Report& report) {
  Misses misses;
  for (const Comparison& comparison : report.comparisons) {
    const GpuProblem bars = bars_of(comparison.problem);
    const std::string name = to_string(comparison.problem);
    misses.require_at_least(bars.least_share, comparison.share(),
                            fmt::format("{}: share of {}", name, comparison.bound.ceiling));
    if (const ContenderResult* peer = comparison.peer(bars.against)) {
      misses.require_at_least(bars.least_ratio, peer->ratio,
                              fmt::format("{}: ratio to {}", name, peer->contender));
    }
  }
  for (const HostResult& host : report.host) {
    misses.require_at_least(kLeastHostShare, host.pinned_share,
                            to_string(host.problem) + ": pinned arrays' share of the copies");
  }
  if (report.enqueue)
    misses.require_at_most(kMostLaunchRatio, report.enqueue->ratio, "enqueue: ratio to a launch");
  return std::move(misses).lines();
}

std::vector<std::string> table(const Report& report) {
  std::vector<std::string> lines{
      fmt::format("{}, {}, driver {}, CUDA {}, commit {}, {}", report.gpu.device, report.gpu.name,
                  report.gpu.driver, report.gpu.runtime, report.commit, report.date),
      "ceilings of this run"};
  for (const Ceiling& ceiling : report.ceilings) lines.push_back(ceiling_line(ceiling));
  lines.push_back(fmt::format("{:<30} {:>10} {:>9} {:>8} {:>16} {}", "problem, cache cold", "ours", "GFLOP/s",
                              "GB/s", "share of ceiling", "peers' time / ours"));
  for (const Comparison& comparison : report.comparisons) lines.push_back(comparison_line(comparison));
  for (const HostResult& host : report.host) lines.push_back(host_line(host));
  if (report.enqueue) lines.push_back(enqueue_line(*report.enqueue));
  for (const Comparison& comparison : report.comparisons) {
    if (!comparison.note.empty()) lines.push_back(to_string(comparison.problem) + ": " + comparison.note);
  }
  for (const std::string& text : report.left_out) lines.push_back("left out: " + text);
  for (const std::string& text : report.wrong) lines.push_back("wrong: " + text);
  for (const std::string& text : missed_bars(report)) lines.push_back(text);
  return lines;
}

}  // namespace perceptron::bench::gpu
