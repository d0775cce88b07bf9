#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "bench/page/plots.hpp"
#include "bench/page/svg.hpp"

namespace perceptron::bench {
namespace {

constexpr double kHeight = 280, kLeft = 40, kRight = kPlotWidth - 8, kTop = 24, kBottom = kHeight - 36;
constexpr double kNanosecondsPerMicrosecond = 1e3;

struct Sample {
  double swept, microseconds;
};
/// Class of the curve → its samples.
using Curves = std::map<std::string, std::vector<Sample>>;

Curves curves_of(std::span<const Result* const> points) {
  Curves curves;
  for (const Result* point : points) {
    const auto swept = static_cast<double>(point->sweep->value);
    curves["ours"].push_back({swept, point->nanoseconds.median / kNanosecondsPerMicrosecond});
    for (const Timing& peer : point->peers) {
      curves[peer_class(peer.contender)].push_back(
          {swept, peer.nanoseconds.median / kNanosecondsPerMicrosecond});
    }
  }
  return curves;
}

/// From one power of ten to another, at least one apart.
LogAxis axis_over(double low, double high, double from, double to) {
  const double first = std::floor(std::log10(low)), last = std::max(first + 1, std::ceil(std::log10(high)));
  return {std::pow(10, first), std::pow(10, last), from, to};
}

void draw_curve(Svg& svg, const LogAxis& x, const LogAxis& y, const Curves::value_type& curve) {
  std::vector<Point> points;
  for (const Sample& sample : curve.second) points.push_back({x.at(sample.swept), y.at(sample.microseconds)});
  svg.path(points, "curve " + curve.first);
  for (std::size_t index = 0; index < points.size(); ++index) {
    svg.dot(points[index], curve.first,
            fmt::format("{:.0f}: {:.4g} µs", curve.second[index].swept, curve.second[index].microseconds));
  }
}

}  // namespace

std::string latency_plot(std::span<const Result* const> points) {
  const Curves curves = curves_of(points);
  double least = 1e300, most = 0;
  for (const auto& [name, samples] : curves) {
    const auto [low, high] = std::ranges::minmax(samples, {}, &Sample::microseconds);
    least = std::min(least, low.microseconds);
    most = std::max(most, high.microseconds);
  }
  const auto swept = [](const Result* point) { return point->sweep->value; };
  const auto [first, last] = std::ranges::minmax(points, {}, swept);
  Svg svg(kPlotWidth, kHeight, fmt::format("Time of a call against {}", points.front()->sweep->axis));
  const LogAxis x =
      axis_over(static_cast<double>(swept(first)), static_cast<double>(swept(last)), kLeft, kRight);
  const LogAxis y = axis_over(least, most, kBottom, kTop);
  draw_axes(svg, x, y, {points.front()->sweep->axis, "µs per call"});
  for (const auto& curve : curves) draw_curve(svg, x, y, curve);
  return svg.str();
}

}  // namespace perceptron::bench
