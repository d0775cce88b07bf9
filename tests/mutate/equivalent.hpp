// The committed list of mutants that compute the same: equivalent.txt, each with its argument.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/ptx/module.hpp"

namespace perceptron::mutate {

/// A mutant by what a person sees of it.
struct Mutant {
  std::string mutation;     ///< "constant +1"
  std::string instruction;  ///< The line of PTX: "shr.u64 %rd57, %rd56, 60;"
  std::string source;       ///< "tile_fma.cuh:81: the text there, trimmed"
  bool is_formula = false;  ///< Of an activation.
  bool is_executed = true;  ///< By some case.
};

Mutant describe(std::string_view family, const ptx::Module& module, const ptx::Instruction& instruction,
                std::string mutation);
/// Of the source, as a rule sees it.
std::string source_text(const Mutant& mutant);
std::string to_string(const Mutant& mutant);

/// Lines "KIND | MUTATION | INSTRUCTION | SOURCE | ARGUMENT". KIND: "same", it computes the same; "rare", it
/// shows in too few values, or needs too much memory, for the cases. The next three: texts that the mutant's
/// holds, several with
/// '&' between them, none for any. SOURCE is "[formula] tile_fma.cuh:81: the line there (not executed)", with
/// the first part in code of an activation and the last where no case gets there. '#' begins a comment.
class Equivalents {
 public:
  Equivalents();
  /// The kind of the first line that covers the mutant; empty where none does.
  std::string_view kind_of(const Mutant& mutant) const;

 private:
  struct Rule {
    std::string kind;
    std::vector<std::string> mutation, instruction, source;
  };
  std::vector<Rule> rules_;
};

}  // namespace perceptron::mutate
