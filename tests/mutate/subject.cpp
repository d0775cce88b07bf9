#include "tests/mutate/subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "src/ptx/entry_decoder.hpp"
#include "src/ptx/program.hpp"

namespace perceptron::mutate {
namespace {

/// Steps whose execution is seen; the others are control.
struct Observation {
  std::vector<ptx::Execute> originals;
  std::vector<bool> executed;
};
thread_local Observation* observation = nullptr;

void observe_step(ptx::Warp& warp, const ptx::Step& step, ptx::Mask mask) {
  observation->executed[step.instruction] = true;
  observation->originals[step.instruction](warp, step, mask);
}

/// Applies the mutation for its life.
class Applied {
 public:
  Applied(ptx::Entry& entry, std::size_t instruction, const Mutation& mutation)
      : entry_(entry), index_(instruction), original_(entry.instructions[instruction]) {
    if (mutation.replacement) {
      entry.instructions[instruction] = *mutation.replacement;
      return;
    }
    is_left_out_ = true;
    labels_ = entry.labels;
    entry.instructions.erase(place());
    for (auto& [name, at] : entry.labels) at -= at > instruction ? 1 : 0;
  }
  Applied(const Applied&) = delete;
  Applied& operator=(const Applied&) = delete;
  ~Applied() {
    if (!is_left_out_) {
      entry_.instructions[index_] = std::move(original_);
      return;
    }
    entry_.instructions.insert(place(), std::move(original_));
    entry_.labels = std::move(labels_);
  }

 private:
  std::vector<ptx::Instruction>::iterator place() const {
    return entry_.instructions.begin() + static_cast<std::ptrdiff_t>(index_);
  }

  ptx::Entry& entry_;
  std::size_t index_;
  ptx::Instruction original_;
  bool is_left_out_ = false;
  std::map<std::string, std::size_t> labels_;
};

}  // namespace

Subject::Subject(const ptx::Module& module, const Target& target)
    : module_(module), entry_(module.entry(target.entry)), cases_(target.make_cases()) {
  std::vector<Baseline> found;
  for (const Case& one : cases_) found.push_back(observe(one));
  std::vector<std::size_t> order(cases_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return found[a].warp_instructions < found[b].warp_instructions;
  });
  std::vector<Case> cases;
  for (const std::size_t index : order) {
    cases.push_back(std::move(cases_[index]));
    baselines_.push_back(std::move(found[index]));
  }
  cases_ = std::move(cases);
  spread_to_control();
}

Subject::Baseline Subject::observe(const Case& one) const {
  ptx::Program program = ptx::decode(module_, entry_);
  Observation seen;
  seen.executed.resize(program.steps.size());
  for (ptx::Step& step : program.steps) {
    seen.originals.push_back(step.execute);
    if (step.execute != nullptr) step.execute = observe_step;
  }
  observation = &seen;
  ptx::RunReport report;
  ptx::RunOptions options;
  const bool passes = one.passes(program, options, report);
  observation = nullptr;
  if (!passes)
    throw std::runtime_error(fmt::format("{}: wrong bits without any mutation: {}", entry_.name, one.name));
  return {std::move(seen.executed), report.warp_instructions};
}

/// Branches and barriers are not seen executing: they count as executed where a neighbour is.
void Subject::spread_to_control() {
  const ptx::Program program = ptx::decode(module_, entry_);
  for (Baseline& baseline : baselines_) {
    std::vector<bool>& executes = baseline.executes;
    const std::vector<bool> seen = executes;
    const auto is_seen = [&](std::size_t at) { return program.steps[at].execute != nullptr; };
    for (std::size_t at = 0; at < executes.size(); ++at) {
      if (is_seen(at)) continue;
      std::size_t before = at, after = at;
      while (before > 0 && !is_seen(before)) --before;
      while (after + 1 < executes.size() && !is_seen(after)) ++after;
      executes[at] = seen[before] || seen[after];
    }
  }
}

bool Subject::is_formula(std::size_t instruction) const {
  bool runs = false;
  for (std::size_t index = 0; index < cases_.size(); ++index) {
    if (!baselines_[index].executes[instruction]) continue;
    if (cases_[index].is_plain) return false;
    runs = true;
  }
  return runs;
}

Outcome Subject::try_mutant(ptx::Entry& copy, std::size_t instruction, const Mutation& mutation) const {
  ptx::Program program;
  try {
    const Applied applied(copy, instruction, mutation);
    program = ptx::decode(module_, copy);
  } catch (const Error&) {
    return {true, "refused"};
  }
  return run_cases(program, instruction, mutation.is_about_order ? 6 : 1);
}

Outcome Subject::run_cases(const ptx::Program& program, std::size_t instruction, int seeds) const {
  bool is_executed = false;
  for (int seed = 1; seed <= seeds; ++seed) {
    for (std::size_t index = 0; index < cases_.size(); ++index) {
      if (!baselines_[index].executes[instruction]) continue;
      is_executed = true;
      ptx::RunOptions options;
      options.seed = static_cast<std::uint64_t>(seed) * 1000 + index;
      options.instruction_budget = baselines_[index].warp_instructions * 3 + 2000;
      ptx::RunReport report;
      try {
        if (!cases_[index].passes(program, options, report)) return {true, "wrong bits"};
      } catch (const ptx::KernelFault& fault) {
        return {true, std::string(to_string(fault.kind()))};
      } catch (const Error&) {
        return {true, "refused"};
      }
    }
  }
  return {false, is_executed ? "" : "not executed"};
}

}  // namespace perceptron::mutate
