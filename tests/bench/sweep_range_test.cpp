// How a sweep is read, and what is refused with the grammar.
#include "bench/sweep_range.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "perceptron/error.hpp"

namespace perceptron::bench {
namespace {

using Values = std::vector<std::int64_t>;

TEST(SweepRange, MultipliesUpToTheLastValue) {
  EXPECT_EQ(SweepRange::parse("rows=1:16:x2").values, (Values{1, 2, 4, 8, 16}));
  EXPECT_EQ(SweepRange::parse("rows=3:100:x5").values, (Values{3, 15, 75}));
  EXPECT_EQ(SweepRange::parse("rows=1:65536:x2").values.size(), 17U);
}

TEST(SweepRange, AddsUpToTheLastValue) {
  EXPECT_EQ(SweepRange::parse("outputs=1:10:+3").values, (Values{1, 4, 7, 10}));
  EXPECT_EQ(SweepRange::parse("groups=5:5:+1").values, (Values{5}));
}

TEST(SweepRange, EndsBeforeAValueOverflows) {
  const Values values = SweepRange::parse("rows=1:9223372036854775807:x1000000").values;
  EXPECT_EQ(values, (Values{1, 1000000, 1000000000000, 1000000000000000000}));
  EXPECT_EQ(SweepRange::parse("rows=9223372036854775806:9223372036854775807:+9").values.size(), 1U);
}

TEST(SweepRange, VariesTheNamedDimensionAlone) {
  const Problem problem = Problem::parse("7x8x9:f32:relu");
  const std::vector<Problem> problems = SweepRange::parse("inputs=2:4:x2").applied_to(problem);
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(to_string(problems[0]), "7x2x9:f32:relu");
  EXPECT_EQ(to_string(problems[1]), "7x4x9:f32:relu");
}

TEST(SweepRange, RefusesWithTheGrammar) {
  for (const char* text : {"",
                           "rows",
                           "rows=",
                           "rows=1",
                           "rows=1:2",
                           "rows=1:2:",
                           "rows=1:2:2",
                           "rows=1:2:x",
                           "rows=1:2:x1",
                           "rows=1:2:x0",
                           "rows=1:2:+0",
                           "rows=1:2:*2",
                           "rows=0:2:x2",
                           "rows=4:2:x2",
                           "rows=-1:2:x2",
                           "rows=1.5:2:x2",
                           "columns=1:2:x2",
                           "rows=1:99999999999999999999:x2",
                           "rows=1:2:x2:x2",
                           "rows=1:2000:+1",
                           " rows=1:2:x2"}) {
    try {
      SweepRange::parse(text);
      ADD_FAILURE() << text;
    } catch (const InvalidArgument& error) {
      EXPECT_NE(std::string(error.what()).find(kSweepGrammar), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace perceptron::bench
