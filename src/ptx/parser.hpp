// PTX text → Module.
#pragma once

#include <string_view>

#include "src/ptx/module.hpp"

namespace perceptron::ptx {

/// Reads all of a PTX module as nvcc, Triton and inline assembly write it. Throws InvalidArgument that gives
/// `name`, the line, what was expected and what was found; device functions (.func) and `call` are refused
/// only where an entry uses them. `name` is how messages call the text ("tile_fma.ptx").
Module parse(std::string_view text, std::string_view name = "ptx");

}  // namespace perceptron::ptx
