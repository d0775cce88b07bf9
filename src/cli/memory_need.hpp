// Whether a problem fits the memory of this machine: asked before anything of it is made.
#pragma once

#include <string>

#include "perceptron/problem.hpp"

namespace perceptron::cli {

/// How often each operand is held at a time.
struct Copies {
  double x = 1;
  double weights = 1;
  double y = 1;
};

/// Throws InvalidArgument with the arithmetic where the operands need more than this machine has.
void refuse_oversize(const Problem& problem, const Copies& copies);

/// Throws InvalidArgument with the arithmetic where x, W and b, or y has more bytes than addresses count:
/// 2^63.
void refuse_uncountable(const Problem& problem);

}  // namespace perceptron::cli
