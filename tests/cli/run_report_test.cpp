// The report's text, JSON and exit code for outcomes that a sound engine does not produce.
#include "src/cli/run_report.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace perceptron::cli {
namespace {

RunReport report_with(const std::optional<Verdict>& verdict) {
  RunReport report;
  report.model = "model\xff";  // Paths need not be UTF-8.
  report.rows = 10;
  report.seconds = {.load = 3, .read = 0.5, .compute = 1, .write = 0.5, .check = 4, .total = 10};
  report.check = verdict;
  return report;
}

TEST(RunReport, MismatchesFailTheRun) {
  const RunReport report = report_with(Verdict{100, 3, Mismatch{0, 7, 2, 0.5, 0.25}});
  EXPECT_EQ(exit_code(report), kCheckFailed);
  const std::string text = to_text(report);
  for (const char* word :
       {"bit-identical to the reference: NO", "3 of 100", "row 7", "column 2", "0.5", "0.25"}) {
    EXPECT_NE(text.find(word), std::string::npos) << text;
  }
  const auto json = nlohmann::json::parse(to_json(report));
  EXPECT_EQ(json["check"]["passed"], false);
  EXPECT_EQ(json["check"]["mismatches"], 3);
}

TEST(RunReport, VerdictsOfPiecesAddUp) {
  Verdict total;
  total.add(Verdict{100, 0, std::nullopt}, 0);
  total.add(Verdict{100, 2, Mismatch{1, 7, 2, 0.5, 0.25}}, 50);
  total.add(Verdict{100, 1, Mismatch{0, 3, 0, 0.5, 0.25}}, 100);
  EXPECT_EQ(total.checked, 300);
  EXPECT_EQ(total.mismatches, 3);
  ASSERT_TRUE(total.first);
  EXPECT_EQ(total.first->group, 1);
  EXPECT_EQ(total.first->row, 57);
}

TEST(RunReport, OtherRunsAreDone) {
  EXPECT_EQ(exit_code(report_with(std::nullopt)), kDone);
  EXPECT_EQ(exit_code(report_with(Verdict{100, 0, std::nullopt})), kDone);
  EXPECT_EQ(nlohmann::json::parse(to_json(report_with(std::nullopt)))["rows_per_s"], 5);
}

}  // namespace
}  // namespace perceptron::cli
