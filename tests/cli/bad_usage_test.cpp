// Arguments that cannot work: usage, names, devices. Nothing is done before they are refused.
#include "tests/cli/command_fixture.hpp"

namespace perceptron::test {
namespace {

class BadUsage : public CommandTest {
 protected:
  /// Exit 2, one line of error and one line of advice.
  static void expect_usage_error(std::vector<std::string> arguments,
                                 std::initializer_list<std::string_view> words) {
    const Finished finished = perceptron(std::move(arguments));
    EXPECT_EQ(finished.exit_code, 2);
    EXPECT_EQ(finished.out, "");
    EXPECT_TRUE(finished.err.starts_with("perceptron: error: ")) << finished.err;
    expect_word(finished.err, "--help`");
    for (const std::string_view word : words) expect_word(finished.err, word);
  }

  std::vector<std::string> run_digits(std::initializer_list<std::string> options) const {
    std::vector<std::string> arguments{"run", digits("digits.safetensors"), digits("images.npy"),
                                       at("y.npy")};
    arguments.insert(arguments.end(), options);
    return arguments;
  }
};

TEST_F(BadUsage, NoArguments) {
  const Finished finished = perceptron({});
  EXPECT_EQ(finished.exit_code, 2);
  for (const char* word : {"Usage", "run", "inspect", "info", "Examples"}) expect_word(finished.err, word);
}

TEST_F(BadUsage, VerbsAndOptions) {
  expect_usage_error({"walk"}, {"`walk`", "run", "inspect", "info"});
  expect_usage_error({"run"}, {"MODEL", "perceptron run --help"});
  expect_usage_error({"run", "model", "input"}, {"OUTPUT"});
  expect_usage_error({"inspect"}, {"MODEL", "perceptron inspect --help"});
  expect_usage_error(run_digits({"extra"}), {"extra"});
  expect_usage_error(run_digits({"--fast"}), {"--fast"});
  expect_usage_error(run_digits({"--threads"}), {"--threads"});
  expect_usage_error(run_digits({"--threads", "many"}), {"--threads", "many"});
}

TEST_F(BadUsage, EmptyWordsAreNotTakenForAbsentOnes) {
  expect_usage_error(run_digits({"--activations", ""}), {"--activations", "empty word"});
  expect_usage_error(run_digits({"--device", ""}), {"--device", "empty word"});
  expect_usage_error(run_digits({"--report", ""}), {"--report", "empty word"});
  expect_usage_error({"run", "model", "input", ""}, {"OUTPUT", "empty word"});
  expect_usage_error({"validate", "", "", ""}, {"MODEL", "empty word"});
  expect_usage_error({"validate", "--ptx", "", "--entry", "f", "--args", "y", "--problem", "1x1x1:f32:relu"},
                     {"--ptx", "empty word"});
}

TEST_F(BadUsage, ASecondVerb) {
  expect_usage_error({"plan", "5x5x5:f32:relu", "info"}, {"info", "not expected"});
  expect_usage_error({"run", "m", "x", "y", "inspect", "m"}, {"inspect", "not expected"});
}

TEST_F(BadUsage, ExitCodesSurviveStreamsThatCannotBeWritten) {
  const auto shell = [&](const std::string& rest) {
    return run_command({"/bin/sh", "-c", fmt::format("'{}' {}", PERCEPTRON_COMMAND, rest)}, {}).exit_code;
  };
  EXPECT_EQ(shell("plan nope 2>/dev/full"), 2);
  EXPECT_EQ(shell("plan nope 2>&-"), 2);
  EXPECT_EQ(shell("nope 2>/dev/full"), 2);
  EXPECT_EQ(shell(fmt::format("validate --problem 2x2x2:f32:relu --json '{}' >&- 2>&-", at("v.json"))), 0);
  EXPECT_EQ(nlohmann::json::parse(read_file(dir_ / "v.json")).at("suite"), "none");
}

TEST_F(BadUsage, Values) {
  expect_failure(run_digits({"--threads", "-1"}), 2, {"-1", "0"});
  expect_failure({"validate", "--threads", "-1"}, 2, {"-1", "0"});
  for (const char* seed : {"-1", "99999999999999999999", "1.5"}) {
    expect_usage_error({"validate", "--seed", seed}, {"--seed", seed, "2^64"});
    expect_usage_error({"bench", "--seed", seed}, {"--seed", seed, "2^64"});
  }
  expect_failure(run_digits({"--output-dtype", "f128"}), 2, {"f128", "f64", "f32", "f16", "bf16"});
  expect_failure(run_digits({"--activations", "relu,relux,softmax"}), 2, {"relux", "leaky_relu", "mish"});
  expect_failure(run_digits({"--activations", "relu"}), 2, {"layers: 3", "1"});
  expect_failure(run_digits({"--activations", "relu,leaky_relu=x,softmax"}), 2, {"leaky_relu"});
}

TEST_F(BadUsage, Devices) {
  for (const char* device : {"cuda", "cuda:0", "cpu:mmx", "CPU"}) {
    expect_failure(run_digits({"--device", device}), 77, {"device", "cpu"});
  }
}

}  // namespace
}  // namespace perceptron::test
