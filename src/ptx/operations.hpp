// The one table of opcodes, put together from those of the operation files.
#pragma once

#include <string_view>
#include <vector>

#include "src/ptx/decoder.hpp"

namespace perceptron::ptx {

const Operation* find_operation(std::string_view opcode);
/// Every opcode that the machine knows.
std::vector<std::string_view> operation_names();

}  // namespace perceptron::ptx
