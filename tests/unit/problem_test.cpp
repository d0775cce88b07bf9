// The problem string: parser and printer are inverse, and every refusal quotes the grammar and the reason.
#include "perceptron/problem.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "perceptron/error.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron {
namespace {

using test::expect_error;

constexpr std::int64_t kMost = 9223372036854775807;

/// Every kind with its default parameter and, where it takes one, with two others.
std::vector<Activation> activations() {
  std::vector<Activation> all;
  for (std::size_t index = 0; index < kActivations.size(); ++index) {
    const auto kind = static_cast<ActivationKind>(index);
    all.emplace_back(kind);
    if (!kActivations[index].has_parameter) continue;
    all.emplace_back(kind, 0.1);
    all.emplace_back(kind, 1.0 / 3);
  }
  return all;
}

/// Calls `visit` with every combination of dtypes, activation and flags.
void for_each_combination(const std::function<void(Problem)>& visit) {
  Problem problem;
  for (std::size_t in = 0; in < kDTypes.size(); ++in) {
    for (std::size_t out = 0; out < kDTypes.size(); ++out) {
      for (const Activation& activation : activations()) {
        for (unsigned flags = 0; flags < 8; ++flags) {
          problem.dtype = static_cast<DType>(in);
          problem.output_dtype = static_cast<DType>(out);
          problem.activation = activation;
          problem.has_bias = (flags & 1) == 0;
          problem.shared_x = (flags & 2) != 0;
          problem.arithmetic = (flags & 4) != 0 ? Arithmetic::tensor : Arithmetic::reproducible;
          visit(problem);
        }
      }
    }
  }
}

TEST(Problem, ParserAndPrinterAreInverse) {
  std::size_t count = 0;
  std::unordered_set<std::string> texts;
  std::unordered_set<Problem> problems;
  for_each_combination([&](Problem problem) {
    for (const auto& [groups, rows, inputs, outputs] :
         {std::array<std::int64_t, 4>{1, 0, 1, 1}, {64, 1024, 784, 10}, {kMost, kMost, kMost, kMost}}) {
      problem.groups = groups;
      problem.rows = rows;
      problem.inputs = inputs;
      problem.outputs = outputs;
      const std::string text = to_string(problem);
      ASSERT_EQ(Problem::parse(text), problem) << text;
      ASSERT_EQ(to_string(Problem::parse(text)), text);
      ++count;
      texts.insert(text);
      problems.insert(problem);
    }
  });
  EXPECT_EQ(count, 3 * 4 * 4 * (kActivations.size() + 2 * 3) * 8);
  EXPECT_EQ(texts.size(), count) << "two problems print the same";
  EXPECT_EQ(problems.size(), count);
}

TEST(Problem, PrintsTheShortestForm) {
  Problem problem;
  problem.rows = 65536;
  problem.inputs = 784;
  problem.outputs = 128;
  problem.activation = ActivationKind::relu;
  EXPECT_EQ(to_string(problem), "65536x784x128:f32:relu");
  problem.groups = 64;
  problem.dtype = DType::bf16;
  problem.activation = {ActivationKind::leaky_relu, 0.1};
  problem.has_bias = false;
  problem.shared_x = true;
  problem.arithmetic = Arithmetic::tensor;
  EXPECT_EQ(to_string(problem), "64@65536x784x128:bf16-f32:leaky_relu=0.1:nobias:sharedx:tensor");
}

TEST(Problem, ReadsWhatNobodyPrints) {
  const auto reads_as = [](const char* text, const char* printed) {
    EXPECT_EQ(to_string(Problem::parse(text)), printed);
  };
  reads_as("1@2x3x4:f16-f16:elu=1", "2x3x4:f16:elu");
  reads_as("2x3x4:f64:relu:tensor:sharedx:nobias", "2x3x4:f64:relu:nobias:sharedx:tensor");
  reads_as("0x3x4:f64:relu", "0x3x4:f64:relu");
  reads_as("9223372036854775807x1x1:f32:relu", "9223372036854775807x1x1:f32:relu");
}

/// Every refusal names the text, the grammar and what was wrong with it.
void expect_refusal(const std::string& text, std::initializer_list<std::string_view> reason) {
  expect_error<InvalidArgument>([&] { Problem::parse(text); },
                                {fmt::format("\"{}\"", text), kProblemGrammar});
  expect_error<InvalidArgument>([&] { Problem::parse(text); }, reason);
}

TEST(Problem, RefusesCounts) {
  expect_refusal("-1x3x4:f32:relu", {"ROWS", "\"-1\"", "from 0 to 2^63 - 1"});
  expect_refusal("2x0x4:f32:relu", {"INPUTS", "\"0\"", "from 1 to 2^63 - 1"});
  expect_refusal("2x-3x4:f32:relu", {"INPUTS", "\"-3\""});
  expect_refusal("2x3x0:f32:relu", {"OUTPUTS", "\"0\"", "from 1 to 2^63 - 1"});
  expect_refusal("0@2x3x4:f32:relu", {"G is", "\"0\"", "from 1 to 2^63 - 1"});
  expect_refusal("@2x3x4:f32:relu", {"G is \"\""});
  expect_refusal("9223372036854775808x3x4:f32:relu", {"ROWS", "9223372036854775808"});
  expect_refusal("18446744073709551617@2x3x4:f32:relu", {"G is", "18446744073709551617"});
  for (const char* rows : {"", " 2", "2 ", "+2", "2.0", "0x2", "1e3", "two"}) {
    expect_refusal(fmt::format("{}x3x4:f32:relu", rows), {"expected"});
  }
}

TEST(Problem, RefusesMissingAndSuperfluousParts) {
  expect_refusal("", {"a shape, a dtype and an activation"});
  expect_refusal("2x3x4", {"a shape, a dtype and an activation"});
  expect_refusal("2x3x4:f32", {"a shape, a dtype and an activation"});
  expect_refusal("2x3:f32:relu", {"\"2x3\"", "2 sizes, expected 3"});
  expect_refusal("2x3x4x5:f32:relu", {"4 sizes, expected 3"});
  expect_refusal("3@4@2x3x4:f32:relu", {"ROWS", "\"4@2\""});
  expect_refusal("2x3x4::relu", {"unknown dtype \"\"", "f64, f32, f16, bf16"});
  expect_refusal("2x3x4:f32-:relu", {"unknown dtype \"\""});
  expect_refusal("2x3x4:f32-f16-f64:relu", {"unknown dtype \"f16-f64\""});
  expect_refusal("2x3x4:f32:relu:", {"unknown or repeated part \"\""});
}

TEST(Problem, RefusesUnknownNamesWithTheList) {
  expect_refusal("2x3x4:f8:relu", {"unknown dtype \"f8\"", "f64, f32, f16, bf16"});
  expect_refusal("2x3x4:f32-int8:relu", {"unknown dtype \"int8\"", "f64, f32, f16, bf16"});
  for (const ActivationTraits& activation : kActivations) {
    expect_refusal("2x3x4:f32:swish", {"unknown activation \"swish\"", activation.name});
  }
  expect_refusal("2x3x4:f32:relu=1", {"relu takes no parameter"});
  expect_refusal("2x3x4:f32:elu=x", {"elu", "\"x\""});
  for (const char* flag : {"nobias", "sharedx", "tensor"}) {
    const std::string repeated = fmt::format("repeated part \"{}\"", flag);
    expect_refusal(fmt::format("2x3x4:f32:relu:{0}:{0}", flag), {repeated});
  }
  expect_refusal("2x3x4:f32:relu:bias", {"unknown or repeated part \"bias\""});
}

TEST(Problem, CountsWork) {
  const auto flops_of = [](const char* text) { return flops(Problem::parse(text)); };
  const auto bytes_of = [](const char* text) { return bytes(Problem::parse(text)); };
  EXPECT_EQ(flops_of("5x7x3:f32:relu"), 2 * 5 * 7 * 3);
  EXPECT_EQ(flops_of("64@1024x16x8:bf16:relu"), 2.0 * 64 * 1024 * 16 * 8);
  EXPECT_EQ(flops_of("0x16x8:f32:relu"), 0);
  EXPECT_EQ(flops_of("4611686018427387904x4x1:f32:relu"), 0x1p65) << "more than 64 bits hold";
  EXPECT_EQ(bytes_of("5x7x3:f32:relu"), 4 * (5 * 7 + 3 * 7 + 3 + 5 * 3));
  EXPECT_EQ(bytes_of("5x7x3:f32:relu:nobias"), 4 * (5 * 7 + 3 * 7 + 5 * 3));
  EXPECT_EQ(bytes_of("5x7x3:f64-f16:relu"), 8 * (5 * 7 + 3 * 7 + 3) + 2 * 5 * 3);
  EXPECT_EQ(bytes_of("10@5x7x3:f32:relu"), 10 * bytes_of("5x7x3:f32:relu"));
  EXPECT_EQ(bytes_of("10@5x7x3:f32:relu:sharedx"), 4 * (5 * 7 + 10 * (3 * 7 + 3 + 5 * 3)));
}

TEST(Problem, EqualityAndHashSeeEveryField) {
  const Problem problem = Problem::parse("2@5x7x3:f32:elu=0.5");
  const std::hash<Problem> hash;
  for (const char* other :
       {"5x7x3:f32:elu=0.5", "2@6x7x3:f32:elu=0.5", "2@5x8x3:f32:elu=0.5", "2@5x7x4:f32:elu=0.5",
        "2@5x7x3:f64-f32:elu=0.5", "2@5x7x3:f32-f64:elu=0.5", "2@5x7x3:f32:elu", "2@5x7x3:f32:leaky_relu=0.5",
        "2@5x7x3:f32:elu=0.5:nobias", "2@5x7x3:f32:elu=0.5:sharedx", "2@5x7x3:f32:elu=0.5:tensor"}) {
    EXPECT_NE(Problem::parse(other), problem) << other;
    EXPECT_NE(hash(Problem::parse(other)), hash(problem)) << other;
  }
  EXPECT_EQ(hash(Problem::parse("2@5x7x3:f32-f32:elu=0.5")), hash(problem));
}

}  // namespace
}  // namespace perceptron
