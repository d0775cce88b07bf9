// Findings without a measurement, for the tests of what is written of them.
#pragma once

#include <limits>

#include "bench/findings.hpp"

namespace perceptron::bench {

inline Result made_up_result(const char* problem_text, int threads) {
  const Problem problem = Problem::parse(problem_text);
  Result result;
  result.name = to_string(problem);
  result.rows = problem.rows;
  result.device = "cpu";
  result.kernel = "cpu:avx2/tile";
  result.threads = threads;
  result.nanoseconds = {99, 100, 101};
  result.work = work_of(problem);
  result.placement = {7, 1000, 5000};
  result.limit = Limit{50, 20, "f32 multiply-adds"};
  result.samples = 20;
  result.rejected = 1;
  return result;
}

/// Two problems beside peers, one sweep of three points, one model; a name that needs every escape.
inline Findings made_up_findings() {
  Findings findings;
  findings.machine = {"A <fine> & \"quiet\" CPU", 2, {"L1 Data 32K"}, "Linux", "GNU"};
  findings.date = "2025-01-31T12:00:00Z";
  findings.commit = "abc1234";
  findings.peaks = {{1,
                     16,
                     100,
                     50,
                     {{"L1", 32768, 300, 200}, {"memory", std::numeric_limits<double>::infinity(), 20, 10}}}};
  for (const char* text : {"64x64x64:f32:relu", "1x1x1:f64:step"}) {
    findings.results.push_back(made_up_result(text, 1));
    findings.results.back().peers = {{"openblas", "sgemm", {140, 150, 160}, 1.5},
                                     {"onednn", "matmul", {70, 80, 90}, 0.8}};
  }
  for (const std::int64_t rows : {1, 2, 4}) {
    findings.results.push_back(made_up_result("3x4x5:bf16:tanh", 1));
    findings.results.back().sweep = SweepPoint{"3x4x5:bf16:tanh, rows=1:4:x2", "rows", rows};
    findings.results.back().peers = {{"eigen", "", {190, 200, 210}, 2}};
    findings.results.back().absent_peers = {"openblas", "onednn"};
  }
  findings.results.push_back(made_up_result("8x4x5:f32:relu", 1));
  findings.results.back().name = "m<1>,\"x\".safetensors rows=8";
  findings.results.back().limit.reset();
  findings.results.back().latency = Latency{8, 100, 120, 200};
  findings.results.back().stages = StageTimes{30e-9, 50e-9, 0};
  return findings;
}

}  // namespace perceptron::bench
