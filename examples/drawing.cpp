#include "drawing.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace examples {
namespace {

constexpr std::size_t kSide = 8;
constexpr float kInk = 16;
constexpr std::size_t kWidth = 2 * kSide;

std::string_view shade(float value) {
  constexpr std::string_view kShades[] = {"  ", "░░", "▒▒", "▓▓", "██"};
  return kShades[std::lround(std::clamp(value / kInk, 0.0F, 1.0F) * 4)];
}

/// Ends the line, without the spaces before it.
void end_line(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
  text += '\n';
}

}  // namespace

std::string draw(perceptron::ConstMatrixView images, const std::vector<Picture>& pictures) {
  std::string text;
  for (std::size_t line = 0; line < kSide; ++line) {
    for (const Picture& picture : pictures) {
      const float* pixels = static_cast<const float*>(images.element(0, picture.row)) + line * kSide;
      for (std::size_t column = 0; column < kSide; ++column) text += shade(pixels[column]);
    }
    end_line(text);
  }
  for (std::size_t line = 0; line < pictures.front().captions.size(); ++line) {
    for (const Picture& picture : pictures) {
      const std::string& caption = picture.captions[line];
      text += "  " + caption + std::string(kWidth - 2 - std::min(caption.size(), kWidth - 2), ' ');
    }
    end_line(text);
  }
  return text;
}

}  // namespace examples
