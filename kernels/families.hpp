// The list of all kernel families: what planning, devices and tests loop over.
#pragma once

#include <span>

#include "kernels/candidate.hpp"

namespace perceptron::kernels {

/// Every policy of every family that computes y = f(x·Wᵀ + b), families in the order in which they are
/// listed.
std::span<const Candidate> candidates();

}  // namespace perceptron::kernels
