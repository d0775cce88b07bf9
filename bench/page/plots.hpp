// The three kinds of plots, each one SVG element 360 units wide: as wide as a phone.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "bench/findings.hpp"

namespace perceptron::bench {

inline constexpr double kPlotWidth = 360;

/// A bar per peer and problem from the line at 1: to the right where we are faster, on a scale that is the
/// same in every plot of the findings. Empty without a peer's timing.
std::string speedup_plot(std::span<const Result* const> results, double most_ratio);
/// Of its dot: "spot f32", by its dtype, or "spot model".
std::string dtype_class(const Result& result);
/// Results that were timed beside peers: points of sweeps only where there is nothing else.
std::vector<const Result*> compared_results(const Findings& findings);
/// The largest factor by which anyone is faster, at least 2.
double most_ratio(std::span<const Result* const> results);

/// Roofs of the machine and a dot per result on that many threads.
std::string roofline_plot(const Findings& findings, const Peaks& peaks);

/// Time of a call against what a sweep varied, ours and each peer's; `points` belong to one sweep.
std::string latency_plot(std::span<const Result* const> points);

/// "openblas" → "p0": the peer's colour, the same in every plot.
std::string peer_class(std::string_view peer);

}  // namespace perceptron::bench
