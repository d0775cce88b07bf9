// The arithmetic of limits, on a made-up machine with round figures; and that this machine's peaks can be
// measured.
#include "bench/roofline.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "bench/support/peaks.hpp"
#include "bench/support/statistics.hpp"

namespace perceptron::bench {
namespace {

constexpr double kEndless = std::numeric_limits<double>::infinity();

Peaks round_machine() {
  Peaks peaks;
  peaks.flops_f32_per_ns = 100;
  peaks.flops_f64_per_ns = 50;
  peaks.levels = {{"L1", 1000, 40, 20}, {"L2", 100000, 20, 10}, {"memory", kEndless, 10, 5}};
  return peaks;
}

TEST(Roofline, FindsTheNearestLevelThatHolds) {
  const Peaks peaks = round_machine();
  EXPECT_EQ(peaks.level_of(1).name, "L1");
  EXPECT_EQ(peaks.level_of(1000).name, "L1");
  EXPECT_EQ(peaks.level_of(1001).name, "L2");
  EXPECT_EQ(peaks.level_of(1e12).name, "memory");
}

TEST(Roofline, CountsEachOperandOnce) {
  const Traffic traffic = traffic_of(Problem::parse("2@10x3x5:f32-f64:relu"));
  EXPECT_EQ(traffic.read, 2 * 10 * 3 * 4);
  EXPECT_EQ(traffic.written, 2 * 10 * 5 * 8);
  EXPECT_EQ(work_of(Problem::parse("2@10x3x5:f32-f64:relu")).weight_bytes, 2 * (3 * 5 + 5) * 4);
  const Work shared = work_of(Problem::parse("2@10x3x5:f16:relu:nobias:sharedx"));
  EXPECT_EQ(shared.traffic.read, 10 * 3 * 2);
  EXPECT_EQ(shared.weight_bytes, 2 * 3 * 5 * 2);
}

TEST(Roofline, PairsReadsWithWrites) {
  const Level level{"memory", kEndless, 10, 5};
  EXPECT_DOUBLE_EQ(memory_nanoseconds({100, 0}, level), 10);
  EXPECT_DOUBLE_EQ(memory_nanoseconds({100, 100}, level), 40);
  EXPECT_DOUBLE_EQ(memory_nanoseconds({200, 50}, level), 20 + 15);
  EXPECT_DOUBLE_EQ(memory_nanoseconds({0, 50}, level), 10);
}

TEST(Roofline, NamesTheLimiter) {
  const Peaks peaks = round_machine();
  const Problem deep = Problem::parse("100x1000x100:f32:relu"), flat = Problem::parse("1x100x100:f32:relu");
  const Limit compute = limit_of(work_of(deep), peaks, {1, 1e9, 1e9});
  EXPECT_EQ(compute.limiter, "f32 multiply-adds");
  EXPECT_DOUBLE_EQ(compute.nanoseconds(), 2e7 / 100);
  const Limit memory = limit_of(work_of(flat), peaks, {1, 1e9, 1e9});
  EXPECT_EQ(memory.limiter, "memory");
  EXPECT_GT(memory.nanoseconds(), flops(flat) / 100);
  EXPECT_EQ(limit_of(work_of(flat), peaks, {1, 5e4, 5e4}).limiter, "L2");
}

TEST(Roofline, CountsF64AtItsOwnPeakAndNarrowTypesAtF32s) {
  const Peaks peaks = round_machine();
  const auto compute_ns = [&](const char* text) {
    return limit_of(work_of(Problem::parse(text)), peaks, {}).compute_ns;
  };
  EXPECT_DOUBLE_EQ(compute_ns("10x10x10:f64:relu"), 2 * compute_ns("10x10x10:f32:relu"));
  EXPECT_DOUBLE_EQ(compute_ns("10x10x10:bf16:relu"), compute_ns("10x10x10:f32:relu"));
}

TEST(Roofline, TakesWeightsFromNearerThanOperands) {
  const Work work{0, DType::f32, 400, {100, 100}};
  const Limit limit = limit_of(work, round_machine(), {1024, 600, 1e9});
  EXPECT_DOUBLE_EQ(limit.memory_ns, 400 / 40.0 + 200 / 5.0);
  EXPECT_EQ(limit.limiter, "memory");
}

TEST(Roofline, KeepsTheBetterOfTwoMeasurements) {
  Peaks lower = round_machine();
  lower.flops_f64_per_ns = 60;
  lower.flops_f32_per_ns = 1;
  lower.levels[1].read_bytes_per_ns = 21;
  const Peaks best = better_of(lower, round_machine());
  EXPECT_EQ(best.flops_f32_per_ns, 100);
  EXPECT_EQ(best.flops_f64_per_ns, 60);
  EXPECT_EQ(best.levels[1].read_bytes_per_ns, 21);
  EXPECT_EQ(best.levels[1].copied_bytes_per_ns, 10);
}

TEST(Peaks, AreMeasuredInOrder) {
  const Peaks peaks = measure_peaks(1, 16);
  EXPECT_GT(peaks.flops_f32_per_ns, 0.1);
  EXPECT_GT(peaks.flops_f32_per_ns, peaks.flops_f64_per_ns);
  ASSERT_GE(peaks.levels.size(), 2U);
  EXPECT_EQ(peaks.levels.back().name, "memory");
  EXPECT_EQ(peaks.levels.back().capacity_bytes, kEndless);
  for (const Level& level : peaks.levels) {
    EXPECT_GT(level.read_bytes_per_ns, 0);
    EXPECT_GT(level.copied_bytes_per_ns, 0);
  }
}

TEST(Statistics, RejectsOnlyWhatIsFarTooLong) {
  const Quiet quiet = without_noise({10, 11, 12, 11, 10, 11, 12, 400, 1});
  EXPECT_EQ(quiet.rejected, 1);
  EXPECT_EQ(quiet.kept.size(), 8U);
  EXPECT_EQ(without_noise({5}).rejected, 0);
}

TEST(Statistics, InterpolatesPercentiles) {
  EXPECT_DOUBLE_EQ(percentile({3, 1, 2}, 0.5), 2);
  EXPECT_DOUBLE_EQ(percentile({0, 10}, 0.9), 9);
}

}  // namespace
}  // namespace perceptron::bench
