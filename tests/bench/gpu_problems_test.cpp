// The GPU benchmark's list, and how problems are cut to a device's memory.
#include "bench/gpu/problems.hpp"

#include <gtest/gtest.h>

namespace perceptron::bench::gpu {
namespace {

TEST(GpuProblems, EveryListedOneParsesAndKeepsItsBars) {
  for (const GpuProblem& listed : kGpuProblems) {
    const Problem problem = Problem::parse(listed.problem);
    EXPECT_EQ(to_string(problem), listed.problem);
    EXPECT_EQ(bars_of(problem).least_share, listed.least_share) << listed.problem;
    EXPECT_EQ(bars_of(problem).least_ratio, listed.least_ratio) << listed.problem;
  }
  for (const std::string_view text : kHostProblems) EXPECT_EQ(to_string(Problem::parse(text)), text);
  EXPECT_EQ(bars_of(Problem::parse(kEnqueueProblem)).least_share, 0);
}

TEST(GpuProblems, StreamingOnesAreAsLargeAsTheirBarsAskFor) {
  for (const GpuProblem& listed : kGpuProblems) {
    const Problem p = Problem::parse(listed.problem);
    if (listed.least_share == 0.9) {
      EXPECT_GE(p.rows * p.inputs * static_cast<std::int64_t>(size_of(p.dtype)), 4'000'000'000)
          << listed.problem;
    }
    if (listed.least_share == 0.85) {
      EXPECT_GE(p.outputs * p.inputs * static_cast<std::int64_t>(size_of(p.dtype)), 64'000'000)
          << listed.problem;
    }
  }
}

TEST(GpuProblems, MemoryCountsEverythingThatAComparisonHolds) {
  const Problem problem = Problem::parse("1000x100x32:f32:relu");
  const double x = 4e5, y = 4 * 32e3, weight = 4 * 3200, biases = 4 * 32 * 8;
  EXPECT_DOUBLE_EQ(device_bytes(problem), x + 2 * y + 3 * weight + biases);
  EXPECT_LT(device_bytes(Problem::parse("8@1000x100x32:f32:relu:sharedx")),
            device_bytes(Problem::parse("8@1000x100x32:f32:relu")));
}

TEST(GpuProblems, WhatFitsStaysWhole) {
  const Problem problem = Problem::parse("1000x100x32:f32:relu");
  const auto fitted = fit_to_memory(problem, device_bytes(problem));
  ASSERT_TRUE(fitted);
  EXPECT_EQ(fitted->problem, problem);
  EXPECT_EQ(fitted->note, "");
}

TEST(GpuProblems, RowsAreHalvedUntilItFitsAndItIsSaid) {
  const Problem problem = Problem::parse("1048576x1024x1:f32:relu");
  const auto fitted = fit_to_memory(problem, 1.2e9);
  ASSERT_TRUE(fitted);
  EXPECT_EQ(to_string(fitted->problem), "262144x1024x1:f32:relu");
  EXPECT_EQ(fitted->note, "rows cut from 1048576 to 262144: it needs 4.30 GB, 1.20 GB are there");
}

TEST(GpuProblems, WhatDoesNotFitByRowsIsNothing) {
  EXPECT_FALSE(fit_to_memory(Problem::parse("4096x65536x65536:f64:relu"), 80e9));
  EXPECT_FALSE(fit_to_memory(Problem::parse("1x16x16:f32:relu"), 0));
}

}  // namespace
}  // namespace perceptron::bench::gpu
