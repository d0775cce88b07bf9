// Small grey images as text, side by side with captions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "perceptron/view.hpp"

namespace examples {

/// One image and the lines below it.
struct Picture {
  std::int64_t row = 0;  ///< Of the matrix of images.
  std::vector<std::string> captions;
};

/// Draws rows of `images` (f32, 64 pixels of 0 … 16, 8 × 8) in one band, 16 characters each: two per pixel.
std::string draw(perceptron::ConstMatrixView images, const std::vector<Picture>& pictures);

}  // namespace examples
