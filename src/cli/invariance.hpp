// What a row's bits must not depend on: the rows around it, their number and order, how they are cut into
// calls and chunks, threads, strides and alignment.
#pragma once

#include <string>
#include <vector>

#include "perceptron/engine.hpp"
#include "src/cli/data_kind.hpp"

namespace perceptron::cli {

/// Runs the operands again in every other way; `y` is what the engine of these options gave for all rows. One
/// line for each way that gave other bits, or wrote where it must not.
std::vector<std::string> broken_invariances(const Operands& operands, const ConstMatrixView& y,
                                            const Options& options);

}  // namespace perceptron::cli
