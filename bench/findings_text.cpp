#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "bench/findings.hpp"

namespace perceptron::bench {
namespace {

constexpr std::string_view kRow = "{:<32} {:>7} {:>18} {:>10} {:>6} {:>8} {:>7} {:>6}  {:<20}{}\n";

std::string text_of(const Peaks& peaks) {
  std::string text =
      fmt::format("peaks on {} thread{}: {:.4g} GFLOP/s f32, {:.4g} f64", peaks.threads,
                  peaks.threads == 1 ? "" : "s", peaks.flops_f32_per_ns, peaks.flops_f64_per_ns);
  text += "; GB/s read, copied:";
  for (const Level& level : peaks.levels) {
    text +=
        fmt::format(" {} {:.3g}, {:.3g};", level.name, level.read_bytes_per_ns, level.copied_bytes_per_ns);
  }
  text.back() = '\n';
  return text;
}

std::string peers_text(const Result& result) {
  std::string text;
  for (const Timing& peer : result.peers) text += fmt::format(" {} {:.2f}", peer.contender, peer.ratio);
  return text;
}

std::string absent_text(const Result& result) {
  if (result.absent_peers.empty()) return "";
  return fmt::format(
      "  without {}: openblas and eigen are called for relu in f32 and f64, onednn in f32 and bf16 and "
      "onnxruntime for one group in f32 for activations that they fuse\n",
      fmt::join(result.absent_peers, ", "));
}

std::string latency_text(const Latency& latency) {
  return fmt::format("  {:.4g} rows/s; calls timed one by one: p50 {}, p90 {}, p99 {}\n",
                     latency.rows_per_second(), duration(latency.p50_ns), duration(latency.p90_ns),
                     duration(latency.p99_ns));
}

std::string stages_text(const StageTimes& stages) {
  if (stages.staging_in == 0 && stages.staging_out == 0)
    return "  nothing staged: x and y are used in place\n";
  return fmt::format("  one after another: staging in {}, compute {}, staging out {}\n",
                     duration(1e9 * stages.staging_in), duration(1e9 * stages.compute),
                     duration(1e9 * stages.staging_out));
}

std::string noise_text(const Result& result) {
  std::string text;
  if (result.rejected > 0) {
    text += fmt::format("  {} of {} samples rejected as disturbed\n", result.rejected, result.samples);
  }
  if (result.is_noisy()) {
    text += fmt::format("  noisy: quartiles {} .. {}\n", duration(result.nanoseconds.p25),
                        duration(result.nanoseconds.p75));
  }
  return text;
}

}  // namespace

std::string placement_text(const Result& result, const Findings& findings) {
  const Peaks* peaks = findings.peaks_on(result.threads);
  const std::string level = peaks == nullptr ? "" : " from " + peaks->level_of(result.placement.bytes).name;
  return fmt::format("{} set{}{}", result.placement.sets, result.placement.sets == 1 ? "" : "s", level);
}

std::string heading_text(const Findings& findings) {
  const Machine& machine = findings.machine;
  std::string text = fmt::format("{}, {} cores, {}, {}, load {:.2f}, commit {}\n", machine.cpu, machine.cores,
                                 machine.kernel, machine.compiler, findings.load_before, findings.commit);
  return text + peaks_text(findings) + fmt::format("inside: {}\n", kInside);
}

std::string peaks_text(const Findings& findings) {
  std::string text;
  for (const Peaks& peaks : findings.peaks) text += text_of(peaks);
  return text;
}

std::string column_text() {
  return fmt::format(kRow, "problem", "threads", "kernel", "median", "+- %", "GFLOP/s", "GB/s", "limit",
                     "limiter", "operands; peers' ratios");
}

std::string result_text(const Result& result, const Findings& findings) {
  const Quartiles& ns = result.nanoseconds;
  const std::string share = result.limit ? fmt::format("{:.0f} %", 100 * result.share_of_limit()) : "";
  std::string text =
      fmt::format(kRow, result.name, result.threads, result.kernel, duration(ns.median),
                  fmt::format("{:.1f}", 50 * (ns.p75 - ns.p25) / ns.median),
                  fmt::format("{:.2f}", result.gflops()), fmt::format("{:.2f}", result.gbytes_per_second()),
                  share, result.limit ? result.limit->limiter : "not measured",
                  placement_text(result, findings) + ";" + peers_text(result));
  if (result.latency) text += latency_text(*result.latency);
  if (result.stages) text += stages_text(*result.stages);
  text += absent_text(result) + noise_text(result);
  if (const std::string line = advice(result, findings.machine.cores); !line.empty()) {
    text += fmt::format("  advice: {}\n", line);
  }
  return text;
}

std::string means_text(const Findings& findings) {
  std::map<std::pair<int, std::string>, std::vector<double>> ratios;
  for (const Result& result : findings.results) {
    for (const Timing& peer : result.peers) ratios[{result.threads, peer.contender}].push_back(peer.ratio);
  }
  std::string text;
  for (const auto& [key, values] : ratios) {
    text += fmt::format("{} on {} thread{}: geometric mean of {} ratios {:.3f}\n", key.second, key.first,
                        key.first == 1 ? "" : "s", values.size(), geometric_mean(values));
  }
  return text;
}

}  // namespace perceptron::bench
