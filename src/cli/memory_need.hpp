// Whether a problem fits the memory of this machine: asked before anything of it is made.
#pragma once

#include <cstdint>
#include <string_view>

#include "perceptron/model.hpp"
#include "perceptron/problem.hpp"

namespace perceptron::cli {

/// How often each operand is held at a time.
struct Copies {
  double x = 1;
  double weights = 1;
  double y = 1;
};

/// The problem of one layer that reads and writes what the model does.
Problem ends_of(const Model& model, std::int64_t rows);

/// Throws InvalidArgument with the arithmetic where the operands need more than this machine has; `advice`
/// ends the message.
void refuse_oversize(const Problem& problem, const Copies& copies, std::string_view advice = "");

/// Throws InvalidArgument with the arithmetic where x, W and b, or y has more bytes than addresses count:
/// 2^63.
void refuse_uncountable(const Problem& problem);

}  // namespace perceptron::cli
