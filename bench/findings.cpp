#include "bench/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bench/peers/peers.hpp"

namespace perceptron::bench {
namespace {

Json level_value(const Level& level) {
  return {{"name", level.name},
          {"read_gbytes_per_s", rounded(level.read_bytes_per_ns)},
          {"copied_gbytes_per_s", rounded(level.copied_bytes_per_ns)}};
}

Json peaks_value(const Peaks& peaks) {
  Json levels = Json::array();
  for (const Level& level : peaks.levels) levels.push_back(level_value(level));
  return {{"threads", peaks.threads},
          {"lanes_f32", peaks.lanes_f32},
          {"f32_gflops", rounded(peaks.flops_f32_per_ns)},
          {"f64_gflops", rounded(peaks.flops_f64_per_ns)},
          {"levels", levels}};
}

Json machine_value(const Findings& findings) {
  const Machine& machine = findings.machine;
  Json peaks = Json::array();
  for (const Peaks& each : findings.peaks) peaks.push_back(peaks_value(each));
  return {{"cpu", machine.cpu},
          {"cores", machine.cores},
          {"caches", machine.caches},
          {"kernel", machine.kernel},
          {"compiler", machine.compiler},
          {"date", findings.date},
          {"load_before", rounded(findings.load_before)},
          {"peaks", peaks}};
}

Json result_value(const Result& result) {
  Json json{{"problem", result.name}, {"device", result.device}, {"threads", result.threads}};
  json["kernel"] = result.kernel;
  json.update(times(result.nanoseconds));
  json["gflops"] = rounded(result.gflops());
  json["gbytes_per_s"] = rounded(result.gbytes_per_second());
  json["share_of_limit"] = result.limit ? Json(rounded(result.share_of_limit())) : Json(nullptr);
  json["limiter"] = result.limit ? Json(result.limit->limiter) : Json(nullptr);
  json["peers"] = Json::object();
  for (const Timing& peer : result.peers) {
    Json value = times(peer.nanoseconds);
    value["way"] = peer.way;
    value["ratio"] = rounded(peer.ratio);
    json["peers"][peer.contender] = value;
  }
  if (const auto& latency = result.latency) {
    json["latency"] = {{"rows", latency->rows},
                       {"rows_per_s", rounded(latency->rows_per_second())},
                       {"p50_ns", rounded(latency->p50_ns)},
                       {"p90_ns", rounded(latency->p90_ns)},
                       {"p99_ns", rounded(latency->p99_ns)}};
  }
  if (const auto& stages = result.stages) {
    json["stages"] = {{"staging_in_ns", rounded(1e9 * stages->staging_in)},
                      {"compute_ns", rounded(1e9 * stages->compute)},
                      {"staging_out_ns", rounded(1e9 * stages->staging_out)}};
  }
  return json;
}

/// Quoted where it must be.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char character : text)
    quoted += character == '"' ? std::string("\"\"") : std::string(1, character);
  return quoted + "\"";
}

const Timing* timing_of(const Result& result, std::string_view peer) {
  const auto found = std::ranges::find(result.peers, peer, &Timing::contender);
  return found == result.peers.end() ? nullptr : &*found;
}

std::string csv_line(const Result& result) {
  const Quartiles& ns = result.nanoseconds;
  std::string line =
      fmt::format("{},{},{},{},{},{},{},{},{},{},{}", field(result.name), field(result.device),
                  result.threads, field(result.kernel), rounded(ns.median), rounded(ns.p25), rounded(ns.p75),
                  rounded(result.gflops()), rounded(result.gbytes_per_second()),
                  result.limit ? fmt::format("{}", rounded(result.share_of_limit())) : "",
                  result.limit ? field(result.limit->limiter) : "");
  for (const std::string_view peer : kPeers) {
    const Timing* timing = timing_of(result, peer);
    line += timing == nullptr
                ? ",,"
                : fmt::format(",{},{}", rounded(timing->nanoseconds.median), rounded(timing->ratio));
  }
  return line + "\r\n";
}

}  // namespace

const Peaks* Findings::peaks_on(int threads) const {
  const auto found = std::ranges::find(peaks, threads, &Peaks::threads);
  return found == peaks.end() ? nullptr : &*found;
}

Json to_json(const Findings& findings) {
  Json results = Json::array();
  for (const Result& result : findings.results) results.push_back(result_value(result));
  return {{"machine", machine_value(findings)}, {"commit", findings.commit}, {"results", results}};
}

std::string to_csv(const Findings& findings) {
  std::string text =
      "problem,device,threads,kernel,median_ns,p25_ns,p75_ns,gflops,gbytes_per_s,share_of_limit,limiter";
  for (const std::string_view peer : kPeers) text += fmt::format(",{0}_median_ns,{0}_ratio", peer);
  text += "\r\n";
  for (const Result& result : findings.results) text += csv_line(result);
  return text;
}

}  // namespace perceptron::bench
