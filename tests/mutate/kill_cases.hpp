// Short launches that an entry must get right to the bit: what mutants are tried on.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "src/ptx/machine.hpp"

namespace perceptron::mutate {

struct Case {
  std::string name;
  bool is_plain = true;  ///< Computes no activation but identity.
  /// Runs the program; true where the output, padding included, is what the reference gives. Throws as
  /// ptx::run.
  std::function<bool(const ptx::Program&, const ptx::RunOptions&, ptx::RunReport&)> passes;
};

/// An entry of one of our images.
struct Target {
  std::string_view family, entry;
  std::function<std::vector<Case>()> make_cases;
};

/// Every entry of every family that has cases.
std::vector<Target> targets();

}  // namespace perceptron::mutate
