// Device plans over the kernels of this build: occupancy, the estimate, and that every problem has a plan.
#include "perceptron/device_plan.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "perceptron/error.hpp"
#include "src/planning/occupancy.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron {
namespace {

using test::expect_error;

DeviceTraits traits_of(const char* name) { return load_device_traits(name); }

/// Against figures that the vendor's occupancy calculator gives.
TEST(Occupancy, IsThatOfTheVendorsCalculator) {
  const DeviceTraits h200 = traits_of("h200"), a100 = traits_of("a100");
  const auto expect = [](const Occupancy& found, std::int64_t blocks, std::string_view limit) {
    EXPECT_EQ(found.blocks_per_multiprocessor, blocks);
    EXPECT_EQ(found.limit, limit);
  };
  expect(planning::occupancy({256, 32, 0}, h200, 1), 8, "threads");
  expect(planning::occupancy({32, 32, 0}, h200, 1), 32, "blocks");
  expect(planning::occupancy({256, 127, 0}, h200, 1), 2, "registers");
  expect(planning::occupancy({256, 128, 0}, h200, 1), 2, "registers");
  expect(planning::occupancy({256, 129, 0}, h200, 1), 1, "registers");
  expect(planning::occupancy({256, 32, 116736 - 1024}, h200, 1), 2, "shared memory");
  expect(planning::occupancy({256, 32, 116736 - 1023}, h200, 1), 1, "shared memory");
  expect(planning::occupancy({256, 32, 83968 - 1024}, a100, 1), 2, "shared memory");
  expect(planning::occupancy({1024, 65, 0}, a100, 1), 0, "registers");
  const Occupancy half = planning::occupancy({256, 64, 0}, h200, 132 * 6);
  EXPECT_DOUBLE_EQ(half.threads_share, 0.5);
  EXPECT_DOUBLE_EQ(half.waves, 1.5);
}

TEST(DevicePlans, RooflineIsTheLargerOfTwoAndLaunches) {
  const DevicePlan wide = plan_on(Problem::parse("65536x784x128:f32:relu"), traits_of("h200"));
  EXPECT_DOUBLE_EQ(wide.roofline.flops_per_second, 2 * 1.98e9 * 132 * 128);
  EXPECT_DOUBLE_EQ(wide.roofline.seconds(), 2.0 * 65536 * 784 * 128 / (2 * 1.98e9 * 132 * 128) + 2e-6);
  const DevicePlan row = plan_on(Problem::parse("1x4096x1024:f64:softmax"), traits_of("a100"));
  EXPECT_DOUBLE_EQ(row.roofline.bytes, 8.0 * (4096 + 4096 * 1024 + 1024 + 1024) + 2 * 8.0 * 1024);
  EXPECT_DOUBLE_EQ(row.roofline.flops_per_second, 2 * 1.41e9 * 108 * 32);
  EXPECT_DOUBLE_EQ(row.roofline.seconds(), row.roofline.bytes / 2.039e12 + 4e-6);
  EXPECT_EQ(row.then, "row_softmax");
  EXPECT_EQ(plan_on(Problem::parse("0x4096x1024:f64:relu"), traits_of("a100")).roofline.seconds(), 0);
}

TEST(DevicePlans, EveryProblemOfEveryDtypeHasOne) {
  for (const char* dtype : {"f64", "f32", "f16", "bf16"}) {
    for (const char* shape :
         {"1x1x1", "1x4096x1024", "1000000x2x1", "100000x64x10", "1024x1024x1024", "7@33x5x17"}) {
      for (const DeviceTraits& traits : known_device_traits()) {
        const DevicePlan plan = plan_on(Problem::parse(fmt::format("{}:{}:gelu", shape, dtype)), traits);
        EXPECT_FALSE(plan.entry.empty());
        EXPECT_GT(plan.grid[0] * plan.grid[1] * plan.grid[2], 0);
        EXPECT_GT(plan.block[0], 0);
        if (plan.resources) {
          EXPECT_EQ(plan.resources->spill_bytes, 0) << plan.entry;
          EXPECT_EQ(plan.resources->stack_bytes, 0) << plan.entry;
          EXPECT_GT(plan.occupancy->blocks_per_multiprocessor, 0) << plan.entry;
        }
        EXPECT_NE(to_string(plan).find("estimated, not measured"), std::string::npos);
      }
    }
  }
}

TEST(DevicePlans, ProblemsThatNobodyParsedAreChecked) {
  const DeviceTraits h200 = traits_of("h200");
  const auto expect_refusal = [&](const auto& spoil, const char* word) {
    Problem problem = Problem::parse("8x8x8:f32:relu");
    spoil(problem);
    expect_error<InvalidArgument>([&] { plan_on(problem, h200); }, {word});
    expect_error<InvalidArgument>([&] { plan_on(problem, Options{}); }, {word});
    expect_error<InvalidArgument>([&] { row_ranges(problem, h200); }, {word});
  };
  expect_refusal([](Problem& p) { p.inputs = 0; }, "0 inputs");
  expect_refusal([](Problem& p) { p.outputs = -1; }, "-1 outputs");
  expect_refusal([](Problem& p) { p.groups = 0; }, "0 groups");
  expect_refusal([](Problem& p) { p.rows = -1; }, "-1 rows");
  expect_refusal([](Problem& p) { p.dtype = static_cast<DType>(9); }, "dtype 9");
  expect_refusal([](Problem& p) { p.arithmetic = static_cast<Arithmetic>(9); }, "9 is no value");
}

TEST(DevicePlans, TensorArithmeticIsRefusedByEveryPolicy) {
  expect_error<Unsupported>([] { plan_on(Problem::parse("8x8x8:f32:relu:tensor"), traits_of("h200")); },
                            {"8x8x8:f32:relu:tensor", "no kernel", "tile_fma 128x128", "reproducible"});
}

}  // namespace
}  // namespace perceptron
