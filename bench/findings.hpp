// Everything that one run of `perceptron bench` found, as the files and the text that it writes.
#pragma once

#include <string>
#include <vector>

#include "bench/measure.hpp"
#include "bench/support/figures.hpp"
#include "bench/support/machine.hpp"

namespace perceptron::bench {

struct Findings {
  Machine machine;
  std::string date, commit;
  double load_before = 0;    ///< Load average when it began.
  std::vector<Peaks> peaks;  ///< One for each number of threads; empty where the device is no CPU.
  std::vector<Result> results;

  /// Null where there are none.
  const Peaks* peaks_on(int threads) const;
};

/// {"machine": {…}, "commit": …, "results": [{"problem", "device", "threads", "kernel", "median_ns",
/// "p25_ns", "p75_ns", "gflops", "gbytes_per_s", "share_of_limit", "limiter", "peers": {NAME: {"median_ns",
/// "p25_ns", "p75_ns", "way", "ratio"}}}]}; a model's result also has "latency", its and
/// a GPU's "stages".
Json to_json(const Findings& findings);

/// The same results, one per line, RFC 4180; a column for each peer's median and ratio.
std::string to_csv(const Findings& findings);

/// Machine, peaks and what is inside each number; ended lines.
std::string heading_text(const Findings& findings);
/// One line for each number of threads.
std::string peaks_text(const Findings& findings);
std::string column_text();
/// One line, and one more for each thing to be said of it.
std::string result_text(const Result& result, const Findings& findings);
/// The geometric mean of each peer's ratios; ended lines.
std::string means_text(const Findings& findings);

/// What the nanoseconds of a result hold, and what not.
inline constexpr std::string_view kInside =
    "Session::run whole, checks included, host memory to host memory; engine, weights packed and a peer's "
    "primitives are made before. Medians of interleaved rounds after warm-up; ratio: peer's time / ours.";

/// "x and y in 300 sets in turn, 0.06 GB with the weights: from memory".
std::string placement_text(const Result& result, const Findings& findings);

}  // namespace perceptron::bench
