// What mismatches have in common, and how verdicts are added up and worded.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "perceptron/matrix.hpp"
#include "perceptron/validate.hpp"

namespace perceptron {
namespace {

constexpr std::int64_t kGroups = 3, kRows = 100, kColumns = 96;

/// y = b = 1 everywhere, with −5 where `is_wrong`.
Verdict verdict_with(const std::function<bool(std::int64_t, std::int64_t, std::int64_t)>& is_wrong) {
  const Matrix x(DType::f32, kRows, 1, kGroups), w(DType::f32, kColumns, 1, kGroups);
  Matrix b(DType::f32, 1, kColumns, kGroups), y(DType::f32, kRows, kColumns, kGroups);
  std::fill_n(static_cast<float*>(b.data()), kGroups * kColumns, 1.0F);
  for (std::int64_t group = 0; group < kGroups; ++group) {
    for (std::int64_t row = 0; row < kRows; ++row) {
      auto* to = static_cast<float*>(y.view().element(group, row));
      for (std::int64_t column = 0; column < kColumns; ++column) {
        to[column] = is_wrong(group, row, column) ? -5.0F : 1.0F;
      }
    }
  }
  return validate(x, Layer{w, std::as_const(b).view(), {}}, y);
}

std::string shared(const std::function<bool(std::int64_t, std::int64_t, std::int64_t)>& is_wrong) {
  return shared_by_failures(verdict_with(is_wrong));
}

using Place = std::int64_t;

TEST(ValidateText, NamesWhatFailuresShare) {
  EXPECT_EQ(shared([](Place, Place, Place) { return false; }), "");
  EXPECT_EQ(shared([](Place, Place, Place) { return true; }), "nothing: they lie all over y");
  EXPECT_EQ(shared([](Place group, Place, Place) { return group > 0; }), "groups 1 to 2 of 3");
  EXPECT_EQ(shared([](Place group, Place, Place) { return group == 1; }), "group 1");
  EXPECT_EQ(shared([](Place, Place row, Place) { return row == 99; }), "row 99 (the last)");
  EXPECT_EQ(shared([](Place, Place row, Place) { return row >= 96; }), "rows 96 to 99 of 100");
  EXPECT_EQ(shared([](Place, Place, Place column) { return column == 5; }), "column 5");
  EXPECT_EQ(shared([](Place, Place, Place column) { return column == 5 || column == 12; }),
            "columns 5 and 12");
  EXPECT_EQ(shared([](Place, Place, Place column) { return column % 32 == 7; }),
            "columns 7 to 71 in steps of 32");
  EXPECT_EQ(shared([](Place, Place row, Place) { return row % 16 == 15 && row < 70; }),
            "rows 15 to 63 in steps of 16");
  EXPECT_EQ(shared([](Place group, Place row, Place column) {
              return group == 0 && row / 16 == 2 && column / 16 == 5 && (row + column) % 3 != 1;
            }),
            "group 0, rows 32 to 47 of 100, columns 80 to 95 of 96, the 16×16 tile from row 32, column 80");
}

TEST(ValidateText, KeepsTheFirstTenAndCountsTheRest) {
  const Verdict verdict = verdict_with([](Place, Place row, Place) { return row >= 50; });
  EXPECT_EQ(verdict.mismatches, 50 * kColumns * kGroups);
  ASSERT_EQ(verdict.failures.size(), 10);
  for (std::int64_t index = 0; index < 10; ++index) {
    const Mismatch& failure = verdict.failures[static_cast<std::size_t>(index)];
    EXPECT_EQ(failure.row, 50);
    EXPECT_EQ(failure.column, index);
    EXPECT_EQ(failure.expected, 1);
    EXPECT_EQ(failure.found, -5);
    EXPECT_EQ(failure.z, 1);
    EXPECT_EQ(failure.z_bound, 0);
    EXPECT_EQ(failure.lo, 1);
    EXPECT_EQ(failure.hi, 1);
  }
  const std::string text = describe(verdict);
  for (const char* part :
       {"14400 of 28800 elements differ", "ordinary", "14400 wrong", "failures share rows 50 to 99 of 100",
        "group 0, row 50, column 3: expected 1, found -5 (2149580800 ulps); z* = 1, B = 0, Z = [1, 1]; "
        "allowed [1, 1]",
        "and 14390 more"}) {
    EXPECT_NE(text.find(part), std::string::npos) << "no \"" << part << "\" in: " << text;
  }
}

TEST(ValidateText, VerdictsAddUp) {
  const auto whole = [](Place group, Place row, Place column) {
    return group != 1 && row % 8 == 3 && column % 4 == 1 && row > 20;
  };
  const Verdict expected = verdict_with(whole);
  const Matrix x(DType::f32, kRows, 1, kGroups);
  Verdict sum;
  sum.add(expected, 0);
  sum.add(expected, kRows);
  EXPECT_EQ(sum.mismatches, 2 * expected.mismatches);
  EXPECT_EQ(sum.checked, 2 * expected.checked);
  EXPECT_EQ(sum.rows, 2 * kRows);
  EXPECT_EQ(sum.first->row, expected.first->row);
  EXPECT_EQ(sum.failures.size(), 10);
  EXPECT_EQ(sum.extent->last_row, expected.extent->last_row + kRows);
  EXPECT_EQ(sum.extent->row_step, 4);  // 100 rows later the rows are ≡ 7 modulo 8.
  EXPECT_EQ(sum.extent->column_step, 4);
  EXPECT_EQ(sum.of(ElementClass::ordinary).mismatches, 2 * expected.mismatches);
}

}  // namespace
}  // namespace perceptron
