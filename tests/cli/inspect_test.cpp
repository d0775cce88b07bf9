// `inspect`, `info`, `--version` and the help texts.
#include <cmath>

#include "perceptron/options.hpp"
#include "perceptron/version.hpp"
#include "tests/cli/command_fixture.hpp"

namespace perceptron::test {
namespace {

using Inspect = CommandTest;
using Info = CommandTest;

TEST_F(Inspect, ShowsLayers) {
  const std::string out = expect_success({"inspect", digits("digits.safetensors")}).out;
  for (const char* word : {"3 layers", "64 inputs", "10 outputs", "f32", "6570 parameters", "26280 bytes",
                           "[32, 64]", "softmax", "none"}) {
    expect_word(out, word);
  }
}

TEST_F(Inspect, PrintsJson) {
  small_model(4, 3, DType::f16, 2).save(dir_ / "model");
  const auto json = nlohmann::json::parse(expect_success({"inspect", at("model"), "--json"}).out);
  EXPECT_EQ(json["groups"], 2);
  EXPECT_EQ(json["inputs"], 4);
  EXPECT_EQ(json["outputs"], 3);
  EXPECT_EQ(json["dtype"], "f16");
  EXPECT_EQ(json["parameters"], 30);
  EXPECT_EQ(json["bytes"], 60);
  EXPECT_EQ(json["non_finite"], 0);
  EXPECT_EQ(json["layers"][0]["weight"]["shape"], (std::vector<int>{2, 3, 4}));
  EXPECT_EQ(json["layers"][0]["bias"]["shape"], (std::vector<int>{2, 3}));
  EXPECT_EQ(json["layers"][0]["activation"], "relu");
}

TEST_F(Inspect, ReportsNonFiniteWeightsThatRunAccepts) {
  float weight[] = {1, NAN, 3, NAN, -INFINITY, 6}, bias[] = {0, INFINITY}, sound[] = {1, 1};
  Model({Layer{{weight, 2, 3}, {bias, 1, 2}, ActivationKind::relu},
         Layer{{sound, 1, 2}, {}, ActivationKind::identity}})
      .save(dir_ / "model");
  const std::string out = expect_success({"inspect", at("model")}).out;
  expect_word(out, "4 (2 NaN, 2 infinite; 1 of them in the bias)");
  const auto json = nlohmann::json::parse(expect_success({"inspect", at("model"), "--json"}).out);
  EXPECT_EQ(json["non_finite"], 4);
  EXPECT_EQ(json["layers"][0]["weight"]["non_finite"]["nan"], 2);
  EXPECT_EQ(json["layers"][0]["weight"]["non_finite"]["infinite"], 1);
  EXPECT_EQ(json["layers"][0]["bias"]["non_finite"]["infinite"], 1);
  EXPECT_EQ(json["layers"][1]["weight"]["non_finite"]["nan"], 0);
  EXPECT_TRUE(json["layers"][1]["bias"].is_null());

  save_npy(dir_ / "x.npy", Matrix(DType::f32, 1, 3));
  expect_success({"run", at("model"), at("x.npy"), at("y.npy"), "--check"});
  EXPECT_TRUE(std::isnan(*static_cast<const float*>(load_npy(dir_ / "y.npy").data())));
}

TEST_F(Inspect, TakesAStateDictWithActivations) {
  write_safetensors(dir_ / "model", {{"0.weight", "[3, 4]", 48}, {"2.weight", "[2, 3]", 24}});
  const std::string out =
      expect_success({"inspect", at("model"), "--activations", "relu,leaky_relu=0.1"}).out;
  expect_word(out, "leaky_relu=0.1");
}

TEST_F(Info, ListsDevices) {
  const std::string out = expect_success({"info"}).out;
  expect_word(out, version());
  const auto json = nlohmann::json::parse(expect_success({"info", "--json"}).out);
  EXPECT_EQ(json["version"], version());
  const std::vector<DeviceInfo> known = devices();
  EXPECT_EQ(json["default_device"], known.front().name);
  ASSERT_EQ(json["devices"].size(), known.size());
  for (std::size_t index = 0; index < known.size(); ++index) {
    expect_word(out, known[index].name);
    EXPECT_EQ(json["devices"][index]["name"], known[index].name);
    EXPECT_EQ(json["devices"][index]["is_default"], known[index].is_default);
  }
}

TEST_F(Info, PrintsTheVersion) {
  EXPECT_EQ(expect_success({"--version"}).out, fmt::format("perceptron {}\n", version()));
}

TEST_F(Info, HelpsWithExamples) {
  for (const char* verb : {"run", "inspect", "info"}) {
    const std::string out = expect_success({verb, "--help"}).out;
    expect_word(out, "Examples");
    expect_word(out, fmt::format("perceptron {}", verb));
  }
  const std::string out = expect_success({"--help"}).out;
  for (const char* word : {"run", "inspect", "info", "Examples", "Exit codes"}) expect_word(out, word);
  for (const char* option : {"--device", "--threads", "--activations", "--convert", "--check", "--report",
                             "--quiet", "--output-dtype"}) {
    expect_word(expect_success({"run", "--help"}).out, option);
  }
}

}  // namespace
}  // namespace perceptron::test
