#include "bench/page/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace perceptron::bench {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    switch (character) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += character;
    }
  }
  return result;
}

Svg::Svg(double width, double height, std::string_view label)
    : text_(fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", width, height,
                        escaped(label))) {}

void Svg::line(Point from, Point to, std::string_view css_class) {
  text_ += fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>)", from.x,
                       from.y, to.x, to.y, css_class);
}

void Svg::path(const std::vector<Point>& points, std::string_view css_class) {
  text_ += fmt::format(R"(<polyline class="{}" points=")", css_class);
  for (const Point& point : points) text_ += fmt::format("{:.1f},{:.1f} ", point.x, point.y);
  text_ += "\"/>";
}

void Svg::rect(Point corner, Point size, std::string_view css_class) {
  text_ += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}"/>)", corner.x,
                       corner.y, size.x, size.y, css_class);
}

void Svg::dot(Point center, std::string_view css_class, std::string_view note) {
  text_ += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="3.2" class="{}"><title>{}</title></circle>)",
                       center.x, center.y, css_class, escaped(note));
}

void Svg::text(Point at, std::string_view text, std::string_view css_class) {
  text_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" class="{}">{}</text>)", at.x, at.y, css_class,
                       escaped(text));
}

LogAxis::LogAxis(double low, double high, double from, double to)
    : low_(low), high_(high), from_(from), to_(to) {}

double LogAxis::at(double value) const {
  const double share = std::log(std::clamp(value, low_, high_) / low_) / std::log(high_ / low_);
  return from_ + share * (to_ - from_);
}

std::vector<double> LogAxis::ticks(double base) const {
  constexpr double kMostTicks = 7, kSlack = 1e-9;
  const double first = std::ceil(std::log(low_) / std::log(base) - kSlack);
  const double last = std::floor(std::log(high_) / std::log(base) + kSlack);
  const double stride = std::max(1.0, std::ceil((last - first + 1) / kMostTicks));
  std::vector<double> values;
  for (double power = std::ceil(first / stride) * stride; power <= last; power += stride) {
    values.push_back(std::pow(base, power));
  }
  return values;
}

std::string tick_text(double value) {
  if (value >= 1e9) return fmt::format("{:.3g}G", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.3g}M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:.3g}k", value / 1e3);
  if (value >= 1) return fmt::format("{:.0f}", value);
  return fmt::format("{:.3g}", value);
}

void draw_axes(Svg& svg, const LogAxis& x, const LogAxis& y,
               std::pair<std::string_view, std::string_view> names) {
  const double left = x.at(x.low()), right = x.at(x.high()), bottom = y.at(y.low()), top = y.at(y.high());
  for (const double value : x.ticks()) {
    svg.line({x.at(value), bottom}, {x.at(value), top}, "grid");
    svg.text({x.at(value), bottom + 14}, tick_text(value), x.at(value) > right - 8 ? "end" : "middle");
  }
  for (const double value : y.ticks()) {
    svg.line({left, y.at(value)}, {right, y.at(value)}, "grid");
    svg.text({left - 5, y.at(value) + 4}, tick_text(value), "end");
  }
  svg.line({left, bottom}, {right, bottom}, "axis");
  svg.line({left, bottom}, {left, top}, "axis");
  svg.text({right, bottom + 29}, names.first, "end");
  svg.text({left - 34, top - 8}, names.second);
}

}  // namespace perceptron::bench
