// Cases of y = f(x·Wᵀ + b) for one policy and storage type.
#pragma once

#include <vector>

#include "kernels/candidate.hpp"
#include "tests/mutate/kill_cases.hpp"

namespace perceptron::mutate {

std::vector<Case> linear_cases(const kernels::Candidate& candidate, DType storage);

}  // namespace perceptron::mutate
