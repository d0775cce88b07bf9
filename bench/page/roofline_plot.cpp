#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/page/plots.hpp"
#include "bench/page/svg.hpp"

namespace perceptron::bench {
namespace {

constexpr double kHeight = 300, kLeft = 40, kRight = kPlotWidth - 8, kTop = 24, kBottom = kHeight - 36;

/// Dots of less are drawn at the edge: one tiny call would flatten the rest.
constexpr double kShownBelowPeak = 2000;

struct Spot {
  double flops_per_byte, gflops;
  const Result* result;
};

std::vector<Spot> spots_of(const Findings& findings, int threads) {
  std::vector<Spot> spots;
  for (const Result& result : findings.results) {
    if (result.threads != threads || !result.limit) continue;
    spots.push_back({result.work.flops / result.work.bytes(), result.gflops(), &result});
  }
  return spots;
}

double power_below(double value) { return std::pow(10, std::floor(std::log10(value))); }
double power_above(double value) { return std::pow(10, std::ceil(std::log10(value))); }

/// The copy's rate of the level, up to where it meets the peak.
void draw_slope(Svg& svg, const LogAxis& x, const LogAxis& y, const Level& level, double peak) {
  const double rate = level.copied_bytes_per_ns;
  const double begin = std::max(x.low(), y.low() / rate), end = std::min(x.high(), peak / rate);
  if (begin >= end) return;
  svg.line({x.at(begin), y.at(begin * rate)}, {x.at(end), y.at(end * rate)}, "roof");
  const double near = std::max(begin, std::min(end, y.low() * 2 / rate));
  svg.text({x.at(near) + 4, y.at(near * rate) - 2}, level.name, "note");
}

void draw_peak(Svg& svg, const LogAxis& x, const LogAxis& y, double peak, std::string_view name) {
  svg.line({x.at(x.low()), y.at(peak)}, {x.at(x.high()), y.at(peak)}, "roof");
  svg.text({x.at(x.high()), y.at(peak) - 3}, fmt::format("{} {:.3g} GFLOP/s", name, peak), "note end");
}

}  // namespace

std::string dtype_class(const Result& result) {
  for (const DTypeTraits& dtype : kDTypes) {
    if (result.name.find(fmt::format(":{}", dtype.name)) != std::string::npos) {
      return fmt::format("spot {}", dtype.name);
    }
  }
  return "spot model";
}

std::string roofline_plot(const Findings& findings, const Peaks& peaks) {
  const std::vector<Spot> spots = spots_of(findings, peaks.threads);
  if (spots.empty()) return "";
  const auto [left, right] = std::ranges::minmax(spots, {}, &Spot::flops_per_byte);
  const double lowest = std::ranges::min(spots, {}, &Spot::gflops).gflops;
  const LogAxis x(power_below(left.flops_per_byte), std::max(10.0, power_above(right.flops_per_byte)), kLeft,
                  kRight);
  const LogAxis y(std::max(power_below(lowest), power_below(peaks.flops_f32_per_ns / kShownBelowPeak)),
                  power_above(peaks.flops_f32_per_ns * 1.2), kBottom, kTop);
  Svg svg(kPlotWidth, kHeight, "Roofline: operations per second against operations per byte");
  draw_axes(svg, x, y, {"operations per byte of x, W, b, y", "GFLOP/s"});
  for (const Level& level : peaks.levels) draw_slope(svg, x, y, level, peaks.flops_f32_per_ns);
  draw_peak(svg, x, y, peaks.flops_f32_per_ns, "f32");
  draw_peak(svg, x, y, peaks.flops_f64_per_ns, "f64");
  for (const Spot& spot : spots) {
    svg.dot({x.at(spot.flops_per_byte), y.at(spot.gflops)}, dtype_class(*spot.result),
            fmt::format("{}: {:.3g} GFLOP/s, {:.0f} % of its limit, {}", spot.result->name, spot.gflops,
                        100 * spot.result->share_of_limit(), spot.result->limit->limiter));
  }
  return svg.str();
}

}  // namespace perceptron::bench
