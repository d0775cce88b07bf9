// The one table of opcodes, put together from those of the operation files.
#pragma once

#include <string_view>
#include <vector>

#include "src/ptx/decoder.hpp"

namespace perceptron::ptx {

/// Null where it is not known.
const Operation* find_operation(std::string_view opcode);
std::string_view why_unknown(std::string_view opcode);
/// Every opcode that the machine knows.
std::vector<std::string_view> operation_names();

}  // namespace perceptron::ptx
