#include "perceptron/dtype.hpp"

#include <fmt/format.h>

#include "perceptron/error.hpp"

namespace perceptron {

DType parse_dtype(std::string_view name) {
  for (std::size_t index = 0; index < kDTypes.size(); ++index) {
    if (kDTypes[index].name == name) return static_cast<DType>(index);
  }
  throw InvalidArgument(fmt::format("unknown dtype \"{}\"; expected one of f64, f32, f16, bf16", name));
}

}  // namespace perceptron
