// `perceptron validate --ptx` of kernels as users write them, with CUDA's math functions: judged by interval,
// and refused where bits are asked for, with the reason and the line.
#include <algorithm>

#include "tests/cli/command_fixture.hpp"

namespace perceptron::test {
namespace {

class OwnActivation : public CommandTest {
 protected:
  static std::vector<std::string> command(const std::string& entry, const std::string& problem,
                                          const std::string& arguments = "x,w,b,y,inputs,outputs") {
    return {"validate", "--ptx",  PERCEPTRON_TEST_PTX_DIR "/activations.ptx",
            "--entry",  entry,    "--args",
            arguments,  "--grid", "ceil(outputs/32),rows",
            "--block",  "32",     "--problem",
            problem};
  }
  void expect_refused(std::vector<std::string> arguments,
                      std::initializer_list<std::string_view> words) const {
    arguments.insert(arguments.end(), {"--arithmetic", "reproducible"});
    expect_failure(std::move(arguments), 2, words);
  }
};

TEST_F(OwnActivation, SigmoidOfExpf) {
  const auto sigmoid = command("sigmoid", "9x40x13:f32:sigmoid");
  const std::string out = expect_success(sigmoid).out;
  for (const char* kind :
       {"integers", "one_hot", "cancelling", "positive", "wide", "subnormal", "special", "ties"}) {
    expect_word(out, fmt::format("PASSED     {}", kind));
  }
  expect_refused(
      sigmoid, {"sigmoid, line ", "activations.cu:", "ex2.approx.ftz.f32", "reproducible arithmetic refuses",
                "judging by an interval does not", "without --arithmetic reproducible"});
}

TEST_F(OwnActivation, OtherFunctions) {
  expect_success(command("hyperbolic_tangent", "9x40x13:f32:tanh"));
  expect_success(command("double_tangent", "9x40x13:f64:tanh"));
  expect_success(command("double_sigmoid", "9x40x13:f64:sigmoid"));
  expect_refused(command("hyperbolic_tangent", "9x40x13:f32:tanh"),
                 {"hyperbolic_tangent", "activations.cu:"});
  auto gelu = command("gelu", "9x40x13:f32:gelu");
  // At -inf the formula gives inf * 0.
  const Finished finished = perceptron(gelu);
  EXPECT_EQ(finished.exit_code, 1);
  expect_word(finished.out, "expected -0, found nan");
  gelu.insert(gelu.end(), {"--data", "integers,one_hot,cancelling,positive,wide,subnormal,ties"});
  expect_success(gelu);
}

/// __expf loses more than the interval allows where its argument is large: it runs, and is judged.
TEST_F(OwnActivation, FastSigmoidIsJudged) {
  auto fast = command("fast_sigmoid", "9x40x13:f32:sigmoid");
  expect_refused(fast, {"approx", "no document"});
  fast.insert(fast.end(), {"--data", "one_hot"});
  expect_success(fast);
  fast.back() = "integers";
  EXPECT_EQ(perceptron(fast).exit_code, 1);
}

TEST_F(OwnActivation, OperandsOfAStructure) {
  expect_success(command("of_structure", "9x40x13:f32:leaky_relu=0.25", "{x,w,b,inputs,outputs:8,a,y},1"));
}

TEST_F(OwnActivation, WrongFormulasFail) {
  auto other = command("sigmoid", "9x40x13:f32:tanh");
  EXPECT_EQ(perceptron(other).exit_code, 1);
}

TEST_F(OwnActivation, HalfPrecisionAndAtomics) {
  for (const char* arithmetic : {"tensor", "reproducible"}) {
    for (auto half : {command("half_relu", "9x40x13:f16:relu"), command("bf16_relu", "9x40x13:bf16:relu")}) {
      half.insert(half.end(), {"--arithmetic", arithmetic});
      expect_success(half);
    }
  }
  auto atomic = command("atomic_identity", "9x40x13:f32:identity");
  *std::ranges::find(atomic, "ceil(outputs/32),rows") = "outputs,rows";
  expect_success(atomic);
  expect_refused(atomic, {"atomic_identity", "add.f32", "order of these additions", "activations.cu:"});
}

TEST_F(OwnActivation, ArgumentsThatCannotBeGivenSayWhy) {
  const std::string problem = "1x1x1:f32:identity:nobias";
  expect_failure(command("of_structure", problem, "x,w,y"), 2,
                 {"3 arguments", "2 parameters", "a structure of 56 bytes", "given as one"});
  expect_failure(command("of_structure", problem, "y,1"), 2,
                 {"argument 0", "y is an address", "a structure of 56 bytes", "given as one"});
  expect_failure(command("of_structure", problem, "{x,w,y},1"), 2,
                 {"argument 0", "a parameter of 56 bytes", "members take 24"});
  expect_failure(command("of_structure", problem, "{x,w,y,inputs:3},1"), 2, {"a member of 3 bytes"});
  expect_failure(command("of_structure", problem, "{x,w,y,inputs:-4},1"), 2, {"a member of", "1, 2, 4 or 8"});
  expect_failure(command("filled", problem, "y,z"), 2,
                 {"--args: \"z\"", "rows = 1", "x, w, wt", " y ", "0.25"});
  auto negative = command("filled", problem, "y,-1");
  *std::ranges::find(negative, "32") = "1";
  const Finished finished = perceptron(negative);
  EXPECT_EQ(finished.exit_code, 1);
  expect_word(finished.out, "found -1");
  for (const char* option : {"--grid", "--block"}) {
    auto wrong = command("filled", problem, "y,1");
    *(std::ranges::find(wrong, option) + 1) = "row";
    expect_failure(wrong, 2, {fmt::format("{}: \"row\"", option), "rows = 1"});
  }
  auto wrong = command("filled", problem, "y,1");
  wrong.insert(wrong.end(), {"--shared", "4*"});
  expect_failure(wrong, 2, {"--shared: \"4*\""});
}

}  // namespace
}  // namespace perceptron::test
