// Where the kernel entries of the conformance test run: on the PTX machine or on a GPU. One program is linked
// for each.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "kernels/candidate.hpp"

namespace perceptron::test {

/// Name of the device on which that policy serves everything; the planner's choice where there is none. The
/// seed is for devices whose order of work can be chosen.
std::string kernel_device(const kernels::Candidate* policy, std::uint64_t seed);

/// Skips, or fails where a GPU is required, with the reason.
class KernelConformance : public testing::Test {
 protected:
  void SetUp() override;
};

}  // namespace perceptron::test
