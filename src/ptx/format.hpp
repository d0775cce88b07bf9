// What printf makes of its values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace perceptron::ptx {

struct Printed {
  std::string text;
  int values = 0;  ///< That were asked for.
};

/// As the CUDA C++ Programming Guide says of printf in a kernel. `value_of` gives the next value of 4 or 8
/// bytes, `text_of` the text at an address. What is no conversion stays as it stands.
Printed format(std::string_view format, const std::function<std::uint64_t(std::size_t bytes)>& value_of,
               const std::function<std::string(std::uint64_t address)>& text_of);

}  // namespace perceptron::ptx
