#include "perceptron/dtype.hpp"

#include <fmt/format.h>

#include <string>

#include "perceptron/error.hpp"

namespace perceptron {

DType parse_dtype(std::string_view name) {
  std::string names;
  for (const DTypeTraits& each : kDTypes) {
    if (each.name == name) return each.dtype;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", each.name);
  }
  throw InvalidArgument(fmt::format("unknown dtype \"{}\"; expected one of {}", name, names));
}

}  // namespace perceptron
