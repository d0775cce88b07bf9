// Drawing by text: shapes of one SVG picture, coloured by the page's classes, and logarithmic axes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perceptron::bench {

/// With &, <, > and quotes as entities.
std::string escaped(std::string_view text);

struct Point {
  double x = 0, y = 0;
};

class Svg {
 public:
  /// `label` is read out where the picture cannot be seen.
  Svg(double width, double height, std::string_view label);

  void line(Point from, Point to, std::string_view css_class);
  void path(const std::vector<Point>& points, std::string_view css_class);
  void rect(Point corner, Point size, std::string_view css_class);
  /// `note` appears where a pointer rests.
  void dot(Point center, std::string_view css_class, std::string_view note);
  /// css_class "end" and "middle" anchor it there.
  void text(Point at, std::string_view text, std::string_view css_class = "");

  /// The element, whole.
  std::string str() const { return text_ + "</svg>\n"; }

 private:
  std::string text_;
};

/// Maps values to a line of the picture; values outside are moved to its ends.
class LogAxis {
 public:
  /// 0 < low < high.
  LogAxis(double low, double high, double from, double to);

  double at(double value) const;
  double low() const { return low_; }
  double high() const { return high_; }
  /// The powers of the base inside, every second or third of them where there are more than seven.
  std::vector<double> ticks(double base = 10) const;

 private:
  double low_, high_, from_, to_;
};

/// "100", "10k", "2M", "0.5".
std::string tick_text(double value);

/// The axes of a plot in the frame that they span, with grid lines, ticks and names.
void draw_axes(Svg& svg, const LogAxis& x, const LogAxis& y,
               std::pair<std::string_view, std::string_view> names);

}  // namespace perceptron::bench
