// The PTX machine finds seeded faults, in the right kind, at the right line, and lets the correct kernels
// pass. Prints how many seeds found each.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/kernel.hpp"

namespace perceptron::faults {
namespace {

using ptx::FaultKind;

constexpr int kSeeds = 200;

struct Expectation {
  std::string body, fault;
  std::vector<FaultKind> kinds;  ///< Which of them depends on who comes first.
};

using enum FaultKind;

const std::vector<Expectation>& expectations() {
  static const std::vector<Expectation> kRows{
      {"row_sum", "no_staging_barrier", {race, unwritten}},
      {"row_sum", "no_reuse_barrier", {race}},
      {"row_sum", "barrier_in_branch", {divergent_barrier}},
      {"row_sum", "return_before_staging", {unwritten}},
      {"row_sum", "tail_read", {out_of_bounds}},
      {"row_sum", "tail_write", {out_of_bounds}},
      {"row_sum", "unwritten_shared", {unwritten}},
      {"row_sum", "unwritten_global", {unwritten}},
      {"row_sum", "writes_argument", {out_of_bounds}},
      {"row_sum", "division", {arithmetic}},
      {"row_sum", "endless", {budget}},
      {"row_sum", "blocks_race", {race, same_value_race}},
      {"row_sum", "stray_store", {race}},
      {"row_sum", "stray_same_store", {same_value_race}},
      {"row_sum", "shared_overrun", {out_of_bounds}},
      {"copy_ring", "no_wait", {pending_copy}},
      {"copy_ring", "wait_off_by_one", {pending_copy}},
      {"copy_ring", "no_commit", {pending_copy}},
      {"copy_ring", "early_reuse", {race, pending_copy}},
      {"copy_ring", "pending_exit", {pending_copy}},
      {"copy_ring", "misaligned_copy", {misaligned}},
      {"bulk_ring", "wrong_parity", {pending_copy, unwritten, deadlock}},
      {"bulk_ring", "no_expect", {pending_copy, unwritten, race}},
      {"bulk_ring", "expects_less", {deadlock}},
      {"bulk_ring", "expects_more", {deadlock}},
      {"bulk_ring", "one_arrival_more", {deadlock}},
      {"bulk_ring", "one_arrival_less", {race, pending_copy}},
      {"bulk_ring", "double_arrival", {barrier}},
      {"bulk_ring", "no_init_fence", {barrier}},
      {"bulk_ring", "no_init_barrier", {race, barrier}},
      {"bulk_ring", "no_full_wait", {pending_copy, unwritten}},
      {"bulk_ring", "no_empty_wait", {barrier, race, pending_copy}},
      {"bulk_ring", "pending_bulk_exit", {pending_copy}},
      {"bulk_ring", "overwrites_barrier", {barrier}},
      {"padded_rows", "padding", {unwritten}},
      {"half_warp_sum", "wrong_lane", {divergent_barrier}},
      {"half_warp_sum", "exited_lane", {unwritten}},
      {"half_warp_sum", "no_warp_barrier", {race, unwritten}},
      {"half_warp_sum", "misaligned_vector", {misaligned}},
      {"early_return", "no_barrier_after_return", {race, unwritten}},
      {"handover", "wrong_count", {divergent_barrier, deadlock}},
      {"handover", "no_named_barrier", {race, deadlock}},
      {"warp_histogram", "no_clearing_barrier", {race}},
      {"warp_histogram", "no_counting_barrier", {race}},
      {"tickets", "sets_next", {race}},
      {"tickets", "reads_next", {race}},
      {"last_block", "no_fence", {race}},
      {"last_block", "block_fence", {race}},
      {"last_block", "fence_after_ticket", {race}},
      {"last_block", "early_ticket", {race}},
      {"grid_sums", "no_grid_barrier", {race, unwritten}},
      {"relay", "relaxed_store", {race}},
      {"relay", "relaxed_load", {race}},
      {"relay", "block_scope", {race}},
      {"relay", "plain_flag", {race}},
      {"warp_flag", "no_block_fence", {race}},
      {"warp_flag", "no_reading_fence", {race}},
  };
  return kRows;
}

struct Found {
  FaultKind kind;
  ptx::Place place;
  std::string message;
};

std::optional<Found> find(const std::string& entry, const Case& operands, std::uint64_t seed) {
  ptx::RunOptions options;
  options.seed = seed;
  options.instruction_budget = 2'000'000;
  try {
    run_case(entry, operands, options);
  } catch (const ptx::KernelFault& fault) {
    return Found{fault.kind(), fault.place(), fault.what()};
  }
  return std::nullopt;
}

class SeededFault : public testing::TestWithParam<Expectation> {
 protected:
  static void TearDownTestSuite() {
    fmt::print("{:32} {:22} {:>9}  {}\n", "fault", "found as", "seeds", "where");
    for (const std::string& row : rows_) fmt::print("{}\n", row);
  }
  void SetUp() override {
    operands_ = make_case(GetParam().body);
    lines_ = marked_lines("@" + GetParam().fault);
    others_ = marked_lines("@" + GetParam().fault + ":other");
    ASSERT_EQ(lines_.empty(), is_anywhere());
  }

  /// A budget ends where it ends.
  bool is_anywhere() const { return GetParam().kinds.front() == budget; }
  std::string entry() const { return GetParam().body + "_" + GetParam().fault; }

  /// The message names kernel, PTX line, source line, block, thread and, of a race, the other access.
  void check(const Found& found) const {
    const std::vector<FaultKind>& kinds = GetParam().kinds;
    EXPECT_TRUE(std::find(kinds.begin(), kinds.end(), found.kind) != kinds.end()) << found.message;
    EXPECT_EQ(found.place.kernel, entry());
    EXPECT_GT(found.place.ptx_line, 0);
    EXPECT_TRUE(found.message.find(to_string(found.place)) != std::string::npos) << found.message;
    EXPECT_TRUE(found.message.find("seed") != std::string::npos) << found.message;
    if (found.kind == unwritten) {
      EXPECT_TRUE(found.message.find("latest read of unwritten bytes") != std::string::npos) << found.message;
    }
    const bool is_pair = found.kind == race || found.kind == same_value_race;
    // Of blocks that take turns, either access of a race may come second.
    EXPECT_TRUE(is_anywhere() || (is_at(found, lines_) && (!is_pair || is_beside(found, others_))) ||
                (is_pair && is_at(found, others_) && is_beside(found, lines_)))
        << found.message;
  }
  /// At one of the lines, or in a function that was inlined there.
  static bool is_at(const Found& found, const std::set<std::string>& lines) {
    return lines.contains(found.place.source) || lines.contains(found.place.caller);
  }
  /// One of the lines is named as the other access, or that is too long ago to be known.
  static bool is_beside(const Found& found, const std::set<std::string>& lines) {
    const std::string& text = found.message;
    return text.find("initialisation") != std::string::npos ||
           text.find("a long time before") != std::string::npos ||
           std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return text.rfind(line) > text.find("unordered"); });
  }

  Case operands_;
  std::set<std::string> lines_, others_;
  static inline std::vector<std::string> rows_;
};

TEST_P(SeededFault, IsFound) {
  std::map<FaultKind, int> kinds;
  std::map<std::string, int> places;
  int found_by = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::optional<Found> found = find(entry(), operands_, seed);
    if (!found) continue;
    ++found_by;
    ++kinds[found->kind];
    ++places[found->place.source];
    check(*found);
    if (HasFailure()) break;
  }
  EXPECT_EQ(found_by, kSeeds);
  std::string kind_text, place_text;
  for (const auto& [kind, count] : kinds) kind_text += fmt::format("{} ({}) ", to_string(kind), count);
  for (const auto& [place, count] : places) place_text += fmt::format("{} ({}) ", place, count);
  rows_.push_back(fmt::format("{:32} {:22} {:>4}/{}  {}", entry(), kind_text, found_by, kSeeds, place_text));
}

INSTANTIATE_TEST_SUITE_P(Machine, SeededFault, testing::ValuesIn(expectations()),
                         [](const auto& info) { return info.param.body + "_" + info.param.fault; });

class CorrectKernel : public testing::TestWithParam<std::string> {};

TEST_P(CorrectKernel, IsRightAndRaisesNoAlarm) {
  const Case operands = make_case(GetParam());
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ptx::RunOptions options;
    options.seed = seed;
    ASSERT_EQ(run_case(GetParam(), operands, options), operands.expected) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Machine, CorrectKernel,
                         testing::Values("row_sum", "copy_ring", "bulk_ring", "padded_rows", "half_warp_sum",
                                         "early_return", "handover", "warp_histogram", "tickets",
                                         "last_block", "grid_sums", "highest", "relay", "warp_flag"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace perceptron::faults
