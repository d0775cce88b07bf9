// The fixed list of single-instruction mutations: what may be wrong in one instruction of a kernel.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/ptx/module.hpp"

namespace perceptron::mutate {

struct Mutation {
  std::string name;                             ///< "lt → le", "deleted".
  std::optional<ptx::Instruction> replacement;  ///< Nothing: the instruction is left out.
  bool is_about_order = false;  ///< A barrier, wait, copy or predicate: whether it shows depends on the seed.
};

/// Every mutation of the list that applies, always in the same order.
std::vector<Mutation> mutations_of(const ptx::Instruction& instruction);

}  // namespace perceptron::mutate
