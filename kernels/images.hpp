// What nvcc made of each kernel family, embedded in the library: the PTX that the machine of src/ptx
// executes, and the fat binary, assembled from that PTX, that a GPU loads. Empty where the library was built
// without CUDA.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace perceptron::kernels {

struct Image {
  std::string_view family;
  std::string_view ptx;  ///< A NUL follows its last character.
  std::span<const std::byte> fatbin;
};

std::span<const Image> images();

/// Null where there is none.
inline const Image* find_image(std::string_view family) {
  for (const Image& image : images()) {
    if (image.family == family) return &image;
  }
  return nullptr;
}

}  // namespace perceptron::kernels
