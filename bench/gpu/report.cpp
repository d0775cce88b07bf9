#include "bench/gpu/report.hpp"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>

namespace perceptron::bench::gpu {
namespace {

/// Null where it is unknown.
Json known(double value) { return value > 0 ? Json(rounded(value)) : Json(nullptr); }

Json figure(const Figure& figure) {
  Json json = times(figure.nanoseconds);
  json["samples"] = figure.kept;
  json["rejected"] = {{"unheld", figure.unheld}, {"throttled", figure.throttled}, {"stray", figure.stray}};
  json["scatter"] = rounded(figure.scatter);
  json["is_settled"] = figure.is_settled;
  json["sm_clock_mhz"] = known(figure.clock_hz / 1e6);
  return json;
}

Json machine(const Report& report) {
  const Gpu& gpu = report.gpu;
  return {
      {"gpu", gpu.name},
      {"device", gpu.device},
      {"bus_id", gpu.bus_id},
      {"driver", gpu.driver},
      {"runtime", gpu.runtime},
      {"toolkit", gpu.toolkit},
      {"compute_capability", gpu.compute_capability},
      {"multiprocessors", gpu.multiprocessors},
      {"memory_bytes", gpu.memory_bytes},
      {"l2_bytes", gpu.l2_bytes},
      {"clocks", {{"most_sm_mhz", known(gpu.most_clock_mhz)}, {"memory_mhz", known(gpu.memory_clock_mhz)}}},
      {"power_limit_w", known(gpu.power_limit_watts)},
      {"temperature_c", known(gpu.temperature_celsius)},
      {"cpu", report.machine.cpu},
      {"cores", report.machine.cores},
      {"kernel", report.machine.kernel},
      {"compiler", report.machine.compiler}};
}

Json ceiling(const Ceiling& ceiling) {
  Json json{{"ceiling", ceiling.name}};
  const bool is_rate = ceiling.amount > 0, is_fma = ceiling.name.starts_with("fma");
  if (is_rate) json[is_fma ? "gflops" : "gbytes_per_s"] = rounded(ceiling.per_second() / 1e9);
  json.update(figure(ceiling.figure));
  json["includes"] = ceiling.includes;
  return json;
}

Json result(const Comparison& comparison, const ContenderResult& result) {
  const double median = result.figure.nanoseconds.median;
  Json json{{"problem", to_string(comparison.problem)}, {"contender", result.contender}, {"way", result.way}};
  json.update(figure(result.figure));
  json["gflops"] = rounded(flops(comparison.problem) / median);
  json["gbytes_per_s"] = rounded(bytes(comparison.problem) / median);
  json["ceiling"] = comparison.bound.ceiling;
  json["share_of_ceiling"] = rounded(comparison.bound.nanoseconds / median);
  json["ratio_to_perceptron"] = rounded(result.ratio);
  json["includes"] = result.includes;
  return json;
}

Json ratio(const Comparison& comparison) {
  Json json{{"problem", to_string(comparison.problem)}, {"power_w", known(comparison.watts)}};
  if (!comparison.note.empty()) json["note"] = comparison.note;
  if (const ContenderResult* best = comparison.peer()) {
    json["best_peer"] = best->contender;
    json["ratio"] = rounded(best->ratio);
  }
  return json;
}

Json host_array(const HostResult& host) {
  Json json{{"problem", to_string(host.problem)},
            {"includes",
             "Session::run, host memory to host memory, by the wall clock; copies: x in and y out at "
             "once in pinned memory, nothing computed"}};
  json["copies"] = times(host.copies);
  json["pinned"] = times(host.pinned);
  json["pageable"] = times(host.pageable);
  json["pinned_share_of_copies"] = rounded(host.pinned_share);
  json["pageable_share_of_copies"] = rounded(host.pageable_share);
  return json;
}

Json enqueue(const EnqueueResult& enqueue) {
  return {
      {"problem", to_string(enqueue.problem)},
      {"includes", "host_ns: the calling thread's time per call, the stream held; device: between events"},
      {"launch_host_ns", rounded(enqueue.launch_host)},
      {"enqueue_host_ns", rounded(enqueue.enqueue_host)},
      {"ratio_to_launch", rounded(enqueue.ratio)},
      {"graph_nodes", enqueue.graph_nodes},
      {"graph_launch_host_ns", rounded(enqueue.graph_launch_host)},
      {"enqueue_device", figure(enqueue.enqueue_device)},
      {"graph_device", figure(enqueue.graph_device)}};
}

}  // namespace

Json to_json(const Report& report) {
  Json json{{"machine", machine(report)}, {"date", report.date}, {"commit", report.commit}};
  json["seconds"] = report.seconds;
  Json ceilings = Json::array(), results = Json::array(), ratios = Json::array(), host = Json::array();
  for (const Ceiling& c : report.ceilings) ceilings.push_back(ceiling(c));
  for (const Comparison& comparison : report.comparisons) {
    for (const ContenderResult& r : comparison.results) results.push_back(result(comparison, r));
    ratios.push_back(ratio(comparison));
  }
  for (const HostResult& h : report.host) host.push_back(host_array(h));
  json["ceilings"] = ceilings;
  json["results"] = results;
  json["ratios"] = ratios;
  json["host_arrays"] = host;
  json["enqueue"] = report.enqueue ? enqueue(*report.enqueue) : Json(nullptr);
  json["left_out"] = report.left_out;
  json["wrong"] = report.wrong;
  return json;
}

void write_json(const Report& report, const std::filesystem::path& path) {
  const std::filesystem::path part = path.string() + ".part";
  std::ofstream file(part);
  file << to_json(report).dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
  if (!file.flush()) throw std::runtime_error(fmt::format("{}: cannot be written", part.string()));
  std::filesystem::rename(part, path);
}

}  // namespace perceptron::bench::gpu
