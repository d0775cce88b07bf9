// What `perceptron bench` measures: one problem or one model's rows, alone or beside peers, against the limit
// of the machine, as values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/comparison.hpp"
#include "bench/roofline.hpp"
#include "perceptron/engine.hpp"
#include "perceptron/model.hpp"

namespace perceptron::bench {

struct MeasureOptions {
  std::string device = "auto";  ///< As Options::device; not "ptx".
  int threads = 1;
  double seconds = 0.3;  ///< Measured per contender.
  int repetitions = 6;   ///< Samples at least.
  std::uint64_t seed = 1;
  bool is_resident = false;  ///< One x and y instead of sets in turn.
  std::vector<Peer> peers;
  std::function<void()> poll = {};  ///< Called between calls; what it throws ends the measurement.
};

struct Latency {
  std::int64_t rows = 0;
  double p50_ns = 0, p90_ns = 0, p99_ns = 0;  ///< Of single calls, noise included.

  double rows_per_second() const { return static_cast<double>(rows) / p50_ns * 1e9; }
};

/// Of a sweep, what a point shares with the others, and where on it it lies.
struct SweepPoint {
  std::string series;  ///< "1x784x128:f32:relu, rows=1:64:x2"
  std::string axis;    ///< "rows"
  std::int64_t value = 0;
};

struct Result {
  std::string name;  ///< The problem string; of a model its file and rows.
  std::int64_t rows = 0;
  std::string device, kernel;
  int threads = 1;
  Quartiles nanoseconds;
  Work work;
  Placement placement;
  std::optional<Limit> limit;  ///< Nothing where the device's peaks are not measured.
  std::vector<Timing> peers;
  std::vector<std::string> absent_peers;  ///< Asked for, but they have no call for this problem.
  int samples = 0, rejected = 0;
  std::optional<Latency> latency;    ///< Of a model's calls.
  std::optional<StageTimes> stages;  ///< Of a model's calls, and of any on a GPU.
  std::optional<SweepPoint> sweep;   ///< Nothing where it was asked for by itself.

  /// Median and quartiles of the rounds that nothing disturbed.
  void keep_quiet(const std::vector<double>& rounds);
  /// Nothing where `peaks` is null.
  void set_limit(const Peaks* peaks);
  double gflops() const { return work.flops / nanoseconds.median; }
  double gbytes_per_second() const { return work.bytes() / nanoseconds.median; }
  double share_of_limit() const { return limit ? limit->nanoseconds() / nanoseconds.median : 0; }
  /// The quartiles are more than a tenth of the median apart.
  bool is_noisy() const { return nanoseconds.p75 - nanoseconds.p25 > nanoseconds.median / 10; }
};

/// Sets enough that x and y together pass twice the last cache, at most 1024 of them.
Placement placement_of(const Work& work, bool is_resident);

/// `peaks`: null where the device is no CPU. Throws as Engine does, std::runtime_error where a peer's result
/// differs from ours.
Result measure(const Problem& problem, const MeasureOptions& options, const Peaks* peaks);

/// Random rows through all layers, host memory to host memory.
Result measure_model(const Model& model, std::int64_t rows, const MeasureOptions& options,
                     const Peaks* peaks);

/// One line of what would help; empty where nothing is known.
std::string advice(const Result& result, int usable_cores);

}  // namespace perceptron::bench
