// Planning without a GPU and without kernels: the rules over a list of candidates made up here, the table of
// rows, occupancy, and the traits with their file.
#include "src/planning/planning.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>

#include "kernels/resources.hpp"
#include "perceptron/error.hpp"

namespace perceptron {
namespace {

using kernels::Candidate;
using planning::Choice;

/// What a made-up policy is and what it accepts.
struct Policy {
  std::string_view family, name;
  int rows, outputs;
  std::int64_t most_rows = 0, most_outputs = 0;  ///< 0: any.
  std::uint32_t shared_bytes = 0;
};

constexpr std::array kPolicies{
    Policy{"tile_fma", "128x128", 128, 128, 0, 0, 102400},
    Policy{"tile_fma", "64x64", 64, 64, 0, 0, 30000},
    Policy{"tile_fma", "32x32", 32, 32, 0, 0, 10000},
    Policy{"row_dot", "4", 256, 4, 0, 4},
    Policy{"row_dot", "16", 128, 16, 0, 16},
    Policy{"weight_stream", "4", 4, 64, 0, 0},
    Policy{"weight_stream", "16", 16, 64, 16, 0},
    Policy{"odd_one", "any", 1, 1, 0, 0},
};

template <std::size_t kIndex>
struct Made {
  static constexpr const Policy& kPolicy = kPolicies[kIndex];

  static std::string_view entry(DType) { return kPolicy.name; }
  static std::optional<std::string> refusal(const Problem& problem) {
    EXPECT_NE(problem.activation.kind, ActivationKind::softmax) << "families compute the sums of softmax";
    if (problem.arithmetic == Arithmetic::tensor) return "no tensor cores";
    if (kPolicy.most_rows != 0 && problem.rows > kPolicy.most_rows) return "too many rows";
    if (kPolicy.most_outputs != 0 && problem.outputs > kPolicy.most_outputs) return "too many outputs";
    return std::nullopt;
  }
  static kernels::Launch launch(const kernels::LinearArguments& arguments, DType) {
    EXPECT_GT(arguments.rows, 0) << "a launch of nothing";
    const auto blocks = [](std::int64_t extent, int tile) {
      return static_cast<std::uint32_t>((extent + tile - 1) / tile);
    };
    kernels::Launch launch;
    launch.grid = {blocks(arguments.outputs, kPolicy.outputs), blocks(arguments.rows, kPolicy.rows),
                   static_cast<std::uint32_t>(arguments.groups)};
    launch.shared_bytes = kPolicy.shared_bytes;
    return launch;
  }
  static constexpr Candidate candidate() {
    return {kPolicy.family, kPolicy.name, entry, refusal, launch, kPolicy.rows, kPolicy.outputs};
  }
};

template <std::size_t... kIndices>
constexpr auto make_all(std::index_sequence<kIndices...>) {
  return std::array{Made<kIndices>::candidate()...};
}
constexpr auto kMade = make_all(std::make_index_sequence<kPolicies.size()>());

const DeviceTraits& traits_of(std::string_view name) {
  for (const DeviceTraits& traits : known_device_traits()) {
    if (traits.name == name) return traits;
  }
  throw InvalidArgument("no such traits");
}

Choice choose(const char* problem, std::string_view device = "h200") {
  return planning::choose(Problem::parse(problem), traits_of(device), kMade);
}

std::string chosen(const char* problem, std::string_view device = "h200") {
  const Choice choice = choose(problem, device);
  return choice.candidate == nullptr
             ? "none"
             : fmt::format("{} {}", choice.candidate->family, choice.candidate->policy);
}

TEST(Rules, FewRowsAndWideWeightsAreStreamed) {
  EXPECT_EQ(chosen("1x4096x1024:f32:relu"), "weight_stream 4");
  EXPECT_EQ(chosen("4x4096x1024:f32:relu"), "weight_stream 4");
  EXPECT_EQ(chosen("5x4096x16384:f32:relu"), "weight_stream 16") << "or W would be read twice";
  EXPECT_EQ(chosen("5x4096x1024:f32:relu"), "weight_stream 4") << "32 blocks of 132 that run together";
  EXPECT_EQ(chosen("16x64x17:f32:relu"), "weight_stream 4");
  EXPECT_EQ(chosen("16x1025x16:f32:relu"), "weight_stream 4") << "blocks of inputs at the same time";
  EXPECT_EQ(chosen("17x4096x1024:f32:relu"), "tile_fma 32x32");
}

TEST(Rules, FewOutputsAreRowDots) {
  EXPECT_EQ(chosen("1000000x64x1:f32:relu"), "row_dot 4");
  EXPECT_EQ(chosen("1000000x64x4:f32:relu"), "row_dot 4");
  EXPECT_EQ(chosen("1000000x64x5:f32:relu"), "row_dot 16");
  EXPECT_EQ(chosen("1000000x64x16:f32:relu"), "row_dot 16");
  EXPECT_EQ(chosen("1000000x64x17:f32:relu"), "tile_fma 32x32") << "17 outputs pad to 32, not to 128";
  EXPECT_EQ(chosen("1x1024x16:f32:relu"), "row_dot 16");
}

TEST(Rules, WideRowsAreCutIntoBlocksUntilRowsFillTheDevice) {
  EXPECT_EQ(chosen("1000x65536x1:f32:relu"), "weight_stream 4");
  EXPECT_EQ(chosen("16768x65536x1:f32:relu"), "weight_stream 4") << "131 tiles of 128 rows";
  EXPECT_EQ(chosen("16769x65536x1:f32:relu"), "row_dot 16") << "132 tiles for 132 multiprocessors";
  EXPECT_EQ(chosen("1000x1024x1:f32:relu"), "row_dot 16") << "too few blocks of inputs";
  EXPECT_EQ(chosen("64@256x4096x4:f32:relu"), "weight_stream 4") << "64 groups of 2 tiles";
  EXPECT_EQ(chosen("64@257x4096x4:f32:relu"), "row_dot 4") << "64 groups of 3 tiles";
}

TEST(Rules, ShortRowsTakeTallTilesWhereThereAreRowsEnough) {
  const auto real = [](const char* problem) {
    return planning::choose(Problem::parse(problem), traits_of("h200"), kernels::candidates());
  };
  if (kernels::candidates().empty()) GTEST_SKIP() << "built without kernels";
  EXPECT_EQ(real("1000000x2x1:f32:relu").candidate->policy, "512x4");
  EXPECT_EQ(real("10000x2x1:f32:relu").candidate->policy, "128x1");
  EXPECT_EQ(real("1000000x64x1:f32:relu").candidate->policy, "128x1");
  EXPECT_EQ(real("1000000x64x3:f32:relu").candidate->policy, "128x4");
  EXPECT_EQ(real("1000000x64x8:f32:relu").candidate->policy, "256x8");
  EXPECT_EQ(real("1000000x64x9:f32:relu").candidate->policy, "256x16");
}

TEST(Rules, TheLargestTileThatFillsTheDevice) {
  EXPECT_EQ(chosen("8192x1024x8192:f32:relu"), "tile_fma 128x128");
  EXPECT_EQ(chosen("2048x1024x1024:f32:relu"), "tile_fma 128x128") << "128 tiles for 132 multiprocessors";
  EXPECT_EQ(chosen("1024x1024x512:f32:relu"), "tile_fma 64x64") << "128 tiles of 64×64";
  EXPECT_EQ(chosen("256x1024x256:f32:relu"), "tile_fma 32x32");
  EXPECT_EQ(chosen("64@256x256x128:f32:relu"), "tile_fma 128x128") << "groups fill it too";
  EXPECT_EQ(chosen("1024x1024x1700:f32:relu", "h200"), "tile_fma 128x128") << "112 tiles, one round";
  EXPECT_EQ(chosen("1024x1024x1700:f32:relu", "a100"), "tile_fma 64x64") << "112 tiles are two rounds of 108";
}

TEST(Rules, SharedMemoryOfTheDeviceCounts) {
  DeviceTraits small = traits_of("h200");
  small.name = "small";
  small.shared_bytes_per_block = 65536;
  const Problem problem = Problem::parse("8192x1024x8192:f32:relu");
  const Choice choice = planning::choose(problem, small, kMade);
  EXPECT_EQ(choice.candidate->policy, "64x64");
  EXPECT_TRUE(choice.rejections[0].is_refusal);
  EXPECT_EQ(choice.rejections[0].reason, "needs 102400 bytes of shared memory per block, small has 65536");
}

TEST(Rules, ABlockMustFitAMultiprocessor) {
  if (kernels::candidates().empty()) GTEST_SKIP() << "built without kernels";
  const auto expect_refused = [](std::int64_t DeviceTraits::*field, std::int64_t value,
                                 std::string_view word) {
    DeviceTraits small = traits_of("h200");
    small.name = "small";
    small.*field = value;
    const Choice choice = planning::choose(Problem::parse("8192x1024x8192:f32:relu"), small);
    EXPECT_EQ(choice.candidate, nullptr);
    for (const planning::Rejection& rejection : choice.rejections) EXPECT_TRUE(rejection.is_refusal);
    const std::string text = planning::refusal_text(Problem::parse("8x8x8:f32:relu"), choice);
    EXPECT_NE(text.find("a multiprocessor of small holds no block of"), std::string::npos) << text;
    EXPECT_NE(text.find(word), std::string::npos) << text;
  };
  expect_refused(&DeviceTraits::threads_per_multiprocessor, 16, "too few threads");
  expect_refused(&DeviceTraits::shared_bytes_per_multiprocessor, 1024, "too few bytes of shared memory");
  if (!kernels::resources().empty()) {
    expect_refused(&DeviceTraits::registers_per_multiprocessor, 256, "too few registers");
  }
}

TEST(Rules, EveryOtherCandidateIsKeptWithItsReason) {
  const Choice choice = choose("8192x1024x8192:f32:relu");
  ASSERT_EQ(choice.rejections.size(), kMade.size() - 1);
  EXPECT_NE(choice.reason.find("rule 4"), std::string::npos) << choice.reason;
  EXPECT_NE(choice.reason.find("4096 tiles of 128×128"), std::string::npos) << choice.reason;
  const auto reason = [&choice](std::size_t index) { return choice.rejections[index].reason; };
  EXPECT_NE(reason(0).find("1.20 times the estimated cost"), std::string::npos) << reason(0);
  EXPECT_EQ(reason(2), "too many outputs");
  EXPECT_NE(reason(4).find("its rule needs at most 16 rows"), std::string::npos) << reason(4);
  EXPECT_EQ(reason(5), "too many rows");
  EXPECT_EQ(reason(6), "no rule names its family");
  const std::vector<bool> refusals{false, false, true, true, false, true, false};
  for (std::size_t index = 0; index < refusals.size(); ++index) {
    EXPECT_EQ(choice.rejections[index].is_refusal, refusals[index]) << index;
  }
}

TEST(Rules, AFamilyWhoseRuleDoesNotHoldSaysWhatItNeeds) {
  const Choice choice = choose("2x64x8:f32:relu");
  EXPECT_EQ(choice.candidate->family, "row_dot");
  for (const planning::Rejection& other : choice.rejections) {
    if (other.candidate->family == "weight_stream") {
      EXPECT_EQ(
          other.reason,
          "its rule needs at most 16 rows, and more than 16 outputs or more than 1024 inputs; or at most 16 "
          "outputs, more than 1024 inputs, and fewer tiles of 128 rows than multiprocessors; found rows 2, "
          "inputs 64, outputs 8");
    }
    if (other.candidate->policy == "32x32") {
      EXPECT_EQ(other.reason, "an earlier rule chose row_dot");
    }
  }
}

TEST(Rules, APolicyThatReadsTheWeightsTwiceSaysSo) {
  const Choice choice = choose("5x4096x16384:f32:relu");
  EXPECT_NE(choice.reason.find("W is read once, by 256 blocks for 132 multiprocessors"), std::string::npos)
      << choice.reason;
  for (const planning::Rejection& other : choice.rejections) {
    if (other.candidate->policy == "4" && other.candidate->family == "weight_stream") {
      EXPECT_NE(other.reason.find("W is read 2 times, by 512 blocks for 132 multiprocessors: 1.70 times"),
                std::string::npos)
          << other.reason;
    }
  }
}

TEST(Rules, WhatNobodyComputesListsEverybody) {
  const Choice choice = choose("8x8x8:f32:relu:tensor");
  EXPECT_EQ(choice.candidate, nullptr);
  EXPECT_EQ(choice.rejections.size(), kMade.size());
  const std::string text = planning::refusal_text(Problem::parse("8x8x8:f32:relu:tensor"), choice);
  for (const Policy& policy : kPolicies) {
    EXPECT_NE(text.find(fmt::format("{} {}: no tensor cores", policy.family, policy.name)),
              std::string::npos);
  }
}

TEST(Rules, AnUnlistedFamilyServesWhereNobodyElseDoes) {
  const Candidate odd[]{kMade.back()};
  EXPECT_EQ(planning::select(Problem::parse("8x8x8:f32:relu"), traits_of("a100"), odd), &odd[0]);
}

TEST(Rules, NoRowsAndSoftmaxHaveAPlan) {
  EXPECT_EQ(chosen("0x64x64:f32:relu"), "weight_stream 4");
  EXPECT_EQ(chosen("8192x1024x8192:f16:softmax"), "tile_fma 128x128");
  const Problem part = planning::linear_part(Problem::parse("2x3x4:f16:softmax"));
  EXPECT_EQ(to_string(part), "2x3x4:f16-f32:identity");
}

void expect_table_says_the_choice(Problem problem, const DeviceTraits& traits,
                                  planning::Candidates candidates) {
  const auto table = planning::policy_table(problem, traits, candidates);
  ASSERT_EQ(table.front().first_row, 1);
  std::vector<std::int64_t> counts{100000, 1234567, std::int64_t{1} << 40};
  for (std::int64_t rows = 1; rows < 3000; ++rows) counts.push_back(rows);
  for (const auto& range : table) {
    for (const std::int64_t near : {range.first_row - 1, range.first_row, range.first_row + 1}) {
      if (near > 0) counts.push_back(near);
    }
  }
  for (const std::int64_t rows : counts) {
    problem.rows = rows;
    ASSERT_EQ(planning::find_range(table, rows).candidate, planning::select(problem, traits, candidates))
        << to_string(problem) << " on " << traits.name;
  }
}

/// Over the made-up candidates and over the kernels of this build.
TEST(PolicyTable, SaysWhatIsChosenForEveryRowCount) {
  for (const char* text : {"1x64x1:f32:relu", "1x8x3:f16:relu", "1x64x300:f32:relu", "1x64x9000:f32:relu",
                           "1x4096x16:f64:relu", "3@1x5000x2:f32:relu", "1x2x1:f32:relu",
                           "7@1x64x100:f32:relu", "1x64x100000:f32:relu", "1x64x128:bf16:softmax"}) {
    for (const DeviceTraits& traits : known_device_traits()) {
      expect_table_says_the_choice(Problem::parse(text), traits, kMade);
      expect_table_says_the_choice(Problem::parse(text), traits, kernels::candidates());
    }
  }
}

TEST(PolicyTable, ChangesAtEveryRange) {
  const auto table = planning::policy_table(Problem::parse("1x64x9000:f32:relu"), traits_of("h200"), kMade);
  EXPECT_GT(table.size(), 3u);
  EXPECT_EQ(table[0].candidate->family, "weight_stream");
  EXPECT_EQ(table[1].first_row, 5);
  EXPECT_EQ(table[2].first_row, 17);
  for (std::size_t index = 1; index < table.size(); ++index) {
    EXPECT_LT(table[index - 1].first_row, table[index].first_row);
    EXPECT_NE(table[index - 1].candidate, table[index].candidate);
  }
  EXPECT_EQ(planning::find_range(table, 0), table.front());
}

}  // namespace
}  // namespace perceptron
