// Sizes of launches as formulas.
#include "src/cli/expression.hpp"

#include <gtest/gtest.h>

#include "perceptron/error.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::cli {
namespace {

using test::expect_error;

const Names kNames{{"rows", 33}, {"x_stride", 7}};

TEST(Expression, IsExact) {
  EXPECT_EQ(evaluate("12", kNames), 12);
  EXPECT_EQ(evaluate(" rows * 2+1 ", kNames), 67);
  EXPECT_EQ(evaluate("ceil(rows/16)", kNames), 3);
  EXPECT_EQ(evaluate("ceil((rows-1)/16)", kNames), 2);
  EXPECT_EQ(evaluate("ceil(rows/16)*x_stride - (2 - 3)", kNames), 22);
  EXPECT_EQ(evaluate("3*(1/3)", kNames), 1);
  EXPECT_EQ(evaluate("ceil(3*(1/3))", kNames), 1);
  EXPECT_EQ(evaluate("ceil(0-1/2)", kNames), 0);
  EXPECT_EQ(evaluate("2-3-4", kNames), -5);
  EXPECT_EQ(evaluate("8/2/2", kNames), 2);
  EXPECT_EQ(evaluate("-1", kNames), -1);
  EXPECT_EQ(evaluate("2*-(rows-1) - -3", kNames), -61);
  EXPECT_EQ(evaluate("9223372036854775807", kNames), INT64_MAX);
}

TEST(Expression, RefusesWhatIsNone) {
  const auto refused = [](const std::string& text, std::initializer_list<std::string_view> words) {
    expect_error<InvalidArgument>([&] { evaluate(text, kNames); }, words);
  };
  refused("", {"a number or a name", "character 1", "rows = 33"});
  refused("rows rows", {"an operator", "character 6"});
  refused("columns", {"\"columns\"", "a name"});
  refused("(rows", {"')'", "character 6"});
  refused("ceil rows", {"'('"});
  refused("rows/16", {"33/16", "ceil"});
  refused("1/(2-2)", {"divides by 0"});
  refused("9223372036854775807+1", {"2^63"});
  refused("9223372036854775807*9223372036854775807", {"2^63"});
  refused("99999999999999999999", {"below 2^63"});
  refused(std::string(100, '('), {"fewer brackets"});
  refused("-", {"a number or a name", "character 2"});
  refused(std::string(100, '-') + "1", {"fewer brackets"});
  refused("rows+", {"a number or a name", "character 6"});
  refused("\xff", {"a number or a name"});
}

}  // namespace
}  // namespace perceptron::cli
