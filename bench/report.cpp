#include "bench/report.hpp"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>

#include "bench/support/figures.hpp"

namespace perceptron::bench {
namespace {

Json result(const Problem& problem, int threads, const Timing& timing) {
  Json json{{"problem", to_string(problem)}, {"threads", threads}, {"contender", timing.contender}};
  json["way"] = timing.way;
  json.update(times(timing.nanoseconds));
  json["gflops"] = rounded(flops(problem) / timing.nanoseconds.median);
  json["gbytes_per_s"] = rounded(bytes(problem) / timing.nanoseconds.median);
  json["ratio_to_perceptron"] = rounded(timing.ratio);
  return json;
}

Json copy_result(const Comparison& comparison) {
  const Problem& p = comparison.problem;
  const double moved = static_cast<double>(p.rows * (p.inputs + p.outputs)) * sizeof(float);
  Json json{{"problem", to_string(p)}, {"threads", comparison.threads}, {"contender", "memcpy"}};
  json.update(times(comparison.copy->nanoseconds));
  json["gbytes_per_s"] = rounded(moved / comparison.copy->nanoseconds.median);
  return json;
}

Json ratio(const Comparison& comparison) {
  Json json{{"problem", to_string(comparison.problem)}, {"threads", comparison.threads}};
  if (const Timing* best = comparison.best_peer()) {
    json["best_peer"] = best->contender;
    json["ratio"] = rounded(best->ratio);
  }
  if (comparison.copy) json["share_of_memcpy"] = rounded(comparison.copy->ratio);
  return json;
}

}  // namespace

void write_json(const Report& report, const std::filesystem::path& path) {
  Json results = Json::array(), ratios = Json::array(), activations = Json::array();
  for (const Comparison& comparison : report.comparisons) {
    for (const Timing& timing : comparison.timings) {
      results.push_back(result(comparison.problem, comparison.threads, timing));
    }
    if (comparison.copy) results.push_back(copy_result(comparison));
    ratios.push_back(ratio(comparison));
  }
  for (const ActivationTiming& timing : report.activations) {
    Json json{{"problem", to_string(timing.problem)}, {"threads", timing.threads}};
    json.update(times(timing.nanoseconds));
    json["ratio_to_relu"] = rounded(timing.ratio);
    activations.push_back(json);
  }
  const Machine& machine = report.machine;
  const Json json{{"machine",
                   {{"cpu", machine.cpu},
                    {"cores", machine.cores},
                    {"caches", machine.caches},
                    {"kernel", machine.kernel},
                    {"compiler", machine.compiler}}},
                  {"date", report.date},
                  {"commit", report.commit},
                  {"clock", report.clock == Clock::wall ? "wall" : "processor"},
                  {"load_before", rounded(report.load_before)},
                  {"threads", report.threads},
                  {"results", results},
                  {"ratios", ratios},
                  {"activations", activations}};
  std::ofstream file(path);
  file << json.dump(1) << '\n';
  if (!file.flush()) throw std::runtime_error(fmt::format("{}: cannot be written", path.string()));
}

}  // namespace perceptron::bench
