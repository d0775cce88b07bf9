#include "bench/cpu_linear.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
#include <string>

#include "bench/engine_contender.hpp"
#include "bench/peers/peers.hpp"
#include "bench/workload.hpp"

namespace perceptron::bench {
namespace {

Contenders engine_ways(const Task& task) {
  Contenders ways;
  ways.push_back(std::make_unique<EngineContender>(task));
  return ways;
}

/// Times the contender's fastest way; the label says which that is.
void run_benchmark(benchmark::State& state, const Problem& problem, int threads, const Peer& peer) {
  Workload workload(problem, {.threads = threads});
  EngineContender ours(workload.task());
  workload.set_expected(ours);
  const std::unique_ptr<Contender> contender = fastest_way(peer, workload, {});
  if (contender == nullptr) return state.SkipWithError("this peer does not serve the problem");
  for ([[maybe_unused]] const auto iteration : state) {
    contender->run(0);
    benchmark::ClobberMemory();
  }
  state.SetLabel(contender->way());
  const auto iterations = static_cast<double>(state.iterations());
  state.counters["flops"] = benchmark::Counter(flops(problem) * iterations, benchmark::Counter::kIsRate);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes(problem) * iterations));
}

void register_contender(const Problem& problem, int threads, const Peer& peer) {
  const std::string name = fmt::format("{}/threads:{}/{}", to_string(problem), threads, peer.name);
  benchmark::RegisterBenchmark(name.c_str(), [problem, threads, peer](benchmark::State& state) {
    run_benchmark(state, problem, threads, peer);
  })->UseRealTime();
}

}  // namespace

CpuProblem bars_of(const Problem& problem) {
  for (const CpuProblem& listed : kCpuProblems) {
    if (parse_cpu_problem(listed.shape) == problem) return listed;
  }
  return {};
}

Problem parse_cpu_problem(std::string_view text) {
  const bool is_shape = text.find(':') == std::string_view::npos;
  return Problem::parse(is_shape ? fmt::format("{}:f32:relu", text) : std::string(text));
}

void register_cpu_linear() {
  const std::vector<Peer> peers = found_peers();
  for (const CpuProblem& listed : kCpuProblems) {
    const Problem problem = parse_cpu_problem(listed.shape);
    for (const int threads : {1, 2}) {
      register_contender(problem, threads, {std::string(kOurName), &engine_ways});
      for (const Peer& peer : peers) register_contender(problem, threads, peer);
    }
  }
}

}  // namespace perceptron::bench
