// One kernel entry under mutation: its cases, which of them execute which instruction, and the trial of a
// mutant.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/ptx/module.hpp"
#include "tests/mutate/kill_cases.hpp"
#include "tests/mutate/mutations.hpp"

namespace perceptron::mutate {

/// What became of a mutant.
struct Outcome {
  bool is_killed = false;
  std::string
      by;  ///< "refused", "wrong bits", or the fault's kind; of a survivor, "not executed" or nothing.
};

class Subject {
 public:
  /// Runs every case once on the entry as it is; throws where one does not pass. `module` outlives it.
  Subject(const ptx::Module& module, const Target& target);

  const ptx::Entry& entry() const { return entry_; }
  /// Where an activation is computed: code that runs, and in no plain case.
  bool is_formula(std::size_t instruction) const;
  /// May be called by several threads, each with its own copy of the entry, which is as before afterwards.
  Outcome try_mutant(ptx::Entry& copy, std::size_t instruction, const Mutation& mutation) const;

 private:
  struct Baseline {
    std::vector<bool> executes;  ///< By instruction.
    std::uint64_t warp_instructions = 0;
  };

  Baseline observe(const Case& one) const;
  void spread_to_control();
  Outcome run_cases(const ptx::Program& program, std::size_t instruction, int seeds) const;

  const ptx::Module& module_;
  const ptx::Entry& entry_;
  std::vector<Case> cases_;
  std::vector<Baseline> baselines_;  ///< Of the cases, shortest first.
};

}  // namespace perceptron::mutate
