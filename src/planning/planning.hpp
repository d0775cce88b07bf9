// Which kernel policy serves a problem on a GPU: pure functions of Problem × DeviceTraits over the list of
// candidates. rules.cpp decides, device_plan.cpp describes what was decided, policy_table.cpp decides ahead.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/candidate.hpp"
#include "kernels/families.hpp"
#include "perceptron/device_plan.hpp"
#include "perceptron/device_traits.hpp"
#include "perceptron/problem.hpp"

namespace perceptron::planning {

using Candidates = std::span<const kernels::Candidate>;

/// What the families compute of the problem: for softmax the sums, in the accumulator's type, which
/// row_softmax reads; else all of it. The functions below do this by themselves.
Problem linear_part(Problem problem);

/// A policy that was not chosen, and why.
struct Rejection {
  const kernels::Candidate* candidate = nullptr;
  bool is_refusal = false;  ///< It cannot compute the problem; else it could and lost.
  std::string reason;
};

struct Choice {
  const kernels::Candidate* candidate = nullptr;  ///< Null where every one refuses.
  std::string reason;
  std::vector<Rejection> rejections;  ///< Every other candidate, in the order of the list.
};

/// The candidate and nothing else: what choose() chooses, for callers that ask often. Null where all refuse.
const kernels::Candidate* select(const Problem& problem, const DeviceTraits& traits,
                                 Candidates candidates = kernels::candidates());

Choice choose(const Problem& problem, const DeviceTraits& traits,
              Candidates candidates = kernels::candidates());

/// Why no kernel computes the problem: one line per candidate. For Unsupported.
std::string refusal_text(const Problem& problem, const Choice& choice);

/// The chosen candidate's launch, what it takes of the device, an estimate of its time, and the rejections.
DevicePlan describe(const Problem& problem, const DeviceTraits& traits, const Choice& choice);

/// How the policy is launched for the problem with contiguous views. The candidate accepts the problem.
kernels::Launch launch_of(const Problem& asked, const kernels::Candidate& candidate);

/// From that row count on, up to the next range's, the candidate is chosen.
struct PolicyRange {
  std::int64_t first_row = 1;
  const kernels::Candidate* candidate = nullptr;

  bool operator==(const PolicyRange&) const = default;
};

/// The choice for every row count of at least 1, so that afterwards nothing is decided; the problem's own
/// rows are not looked at. At the largest counts the last range holds.
std::vector<PolicyRange> policy_table(const Problem& layer, const DeviceTraits& traits,
                                      Candidates candidates = kernels::candidates());

/// The range that holds that many rows; rows = 0 is served by the first.
const PolicyRange& find_range(std::span<const PolicyRange> table, std::int64_t rows);

}  // namespace perceptron::planning
