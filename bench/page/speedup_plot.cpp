#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/page/plots.hpp"
#include "bench/page/svg.hpp"

namespace perceptron::bench {
namespace {

constexpr double kTop = 20, kNameHeight = 16, kBarHeight = 9, kBarPitch = 12, kGap = 7;
/// Room for the figure behind the longest bar.
constexpr double kLeft = 34, kRight = kPlotWidth - 40;

double height_of(const Result& result) {
  return kNameHeight + kBarPitch * static_cast<double>(result.peers.size()) + kGap;
}

void draw_bar(Svg& svg, const LogAxis& axis, double top, const Timing& peer) {
  const double one = axis.at(1), end = axis.at(peer.ratio);
  const double width = std::max(1.0, std::abs(end - one));
  svg.rect({std::min(one, end), top}, {width, kBarHeight}, peer_class(peer.contender));
  const bool is_right = peer.ratio >= 1;
  svg.text({is_right ? end + 3 : end - 3, top + kBarHeight - 1}, fmt::format("{:.2f}×", peer.ratio),
           is_right ? "figure" : "figure end");
}

std::string name_of(const Result& result) {
  return fmt::format("{} · {} thread{}", result.name, result.threads, result.threads == 1 ? "" : "s");
}

}  // namespace

std::string peer_class(std::string_view peer) {
  return fmt::format("p{}", std::ranges::find(kPeers, peer) - kPeers.begin());
}

std::vector<const Result*> compared_results(const Findings& findings) {
  std::vector<const Result*> compared, points;
  for (const Result& result : findings.results) {
    if (!result.peers.empty()) (result.sweep ? points : compared).push_back(&result);
  }
  return compared.empty() ? points : compared;
}

double most_ratio(std::span<const Result* const> results) {
  double most = 2;
  for (const Result* result : results) {
    for (const Timing& peer : result->peers) most = std::max({most, peer.ratio, 1 / peer.ratio});
  }
  return most;
}

std::string speedup_plot(std::span<const Result* const> results, double most_ratio) {
  double height = kTop;
  for (const Result* result : results) height += height_of(*result);
  Svg svg(kPlotWidth, height, "Peers' times divided by ours, one bar each, a line at 1");
  double least = 1;
  for (const Result* result : results) {
    for (const Timing& peer : result->peers) least = std::min(least, peer.ratio);
  }
  const LogAxis axis(std::min(0.5, least), most_ratio, kLeft, kRight);
  for (const double value : axis.ticks(2)) {
    svg.line({axis.at(value), kTop - 4}, {axis.at(value), height}, value == 1 ? "one" : "grid");
    svg.text({axis.at(value), 11}, fmt::format("{}×", tick_text(value)), "middle");
  }
  double top = kTop;
  for (const Result* result : results) {
    svg.text({0, top + kNameHeight - 5}, name_of(*result), "name");
    for (std::size_t index = 0; index < result->peers.size(); ++index) {
      const double bar_top = top + kNameHeight + kBarPitch * static_cast<double>(index);
      draw_bar(svg, axis, bar_top, result->peers[index]);
    }
    top += height_of(*result);
  }
  return svg.str();
}

}  // namespace perceptron::bench
