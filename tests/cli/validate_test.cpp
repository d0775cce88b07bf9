// `perceptron validate`: the sweep, outputs made elsewhere, and what both refuse.
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "perceptron/engine.hpp"
#include "perceptron/options.hpp"
#include "tests/cli/command_fixture.hpp"

namespace perceptron::test {
namespace {

class ValidateVerb : public CommandTest {
 protected:
  static nlohmann::json json_at(const std::filesystem::path& path) {
    return nlohmann::json::parse(read_file(path));
  }

  /// A model, x, and y as the engine gives it.
  void write_example(DType dtype = DType::f32, std::int64_t groups = 1) {
    const Model model = small_model(30, 4, dtype, groups);
    model.save(dir_ / "model");
    save_npy(dir_ / "x.npy", numbered(DType::f32, 50, 30));
    expect_success({"run", at("model"), at("x.npy"), at("y.npy"), "--convert", "--quiet"});
  }
  void change_y(std::int64_t row, std::int64_t column, float difference) {
    Matrix y = load_npy(dir_ / "y.npy");
    static_cast<float*>(y.view().element(0, row))[column] += difference;
    save_npy(dir_ / "y.npy", y);
  }
  std::vector<std::string> files(std::initializer_list<const char*> options = {}) const {
    std::vector<std::string> arguments{"validate", at("model"), at("x.npy"), at("y.npy"), "--convert"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return arguments;
  }
  static Finished expect_failed_check(std::vector<std::string> arguments) {
    Finished finished = perceptron(std::move(arguments));
    EXPECT_EQ(finished.exit_code, 1) << finished.err;
    EXPECT_EQ(finished.err, "");
    return finished;
  }
};

TEST_F(ValidateVerb, SweepsTheTargetsOfTheCpu) {
  const std::string out =
      expect_success({"validate", "--device", "cpu", "--dtype", "f32", "--data", "integers,cancelling"}).out;
  for (const DeviceInfo& device : devices()) {
    if (device.name.starts_with("cpu:")) expect_word(out, device.name);
  }
  expect_word(out, "40 PASSED");
  expect_word(out, "together");
  EXPECT_EQ(out.find("FAILED"), std::string::npos) << out;
  EXPECT_EQ(out.find("MISTRUSTED"), std::string::npos) << out;
}

TEST_F(ValidateVerb, SweepsTheKernelsOnTheMachine) {
  bool has_machine = false;
  for (const DeviceInfo& device : devices()) has_machine |= device.name == "ptx";
  if (!has_machine) GTEST_SKIP() << "built without CUDA kernels";
  const std::string out = expect_success({"validate", "--device", "ptx", "--problem", "33x70x9:f32:gelu",
                                          "--data", "cancelling", "--json", at("report.json")})
                              .out;
  for (const char* kernel : {"ptx ", "ptx:tile_fma/32x32", "ptx:row_dot/256x16", "ptx:weight_stream/1"}) {
    expect_word(out, kernel);
  }
  expect_word(out, "takes at most 8 outputs");
  const auto report = json_at(dir_ / "report.json");
  EXPECT_EQ(report["totals"]["FAILED"], 0);
  EXPECT_GE(report["totals"]["PASSED"], 5);
  EXPECT_GE(report["totals"]["SKIPPED"], 1);
  const auto& first = report["cases"][0];
  EXPECT_EQ(first["problem"], "33x70x9:f32:gelu");
  EXPECT_EQ(first["data"], "cancelling");
  EXPECT_EQ(first["bits"]["checked"], 33 * 9);
  EXPECT_EQ(first["interval"]["passed"], true);
  EXPECT_EQ(first["reproduce"],
            "perceptron validate --device ptx --problem 33x70x9:f32:gelu --data cancelling --seed 1");
  const std::string family = expect_success({"validate", "--device", "ptx", "--family", "row_dot",
                                             "--problem", "9x7x3:f32:relu", "--data", "ties"})
                                 .out;
  EXPECT_EQ(family.find("tile_fma"), std::string::npos);
}

TEST_F(ValidateVerb, TheSameSeedGivesTheSameData) {
  const auto verdicts_of = [this](const char* seed) {
    expect_success({"validate", "--device", "cpu:portable", "--problem", "20x30x4:f32:identity", "--data",
                    "wide", "--seed", seed, "--json", at("report.json"), "--quiet"});
    return json_at(dir_ / "report.json")["cases"][0]["interval"].dump();
  };
  const std::string first = verdicts_of("7");
  EXPECT_EQ(verdicts_of("7"), first);
  EXPECT_NE(verdicts_of("8"), first);
}

TEST_F(ValidateVerb, TensorProblemsAreSkippedByName) {
  const std::string out = expect_success({"validate", "--device", "cpu:portable", "--problem",
                                          "8x8x8:f16:relu:tensor", "--problem", "8x8x8:f16:relu"})
                              .out;
  expect_word(out, "8 SKIPPED");
  expect_word(out, "tensor arithmetic");
}

TEST_F(ValidateVerb, ChecksSomethingOrFails) {
  const Finished finished =
      perceptron({"validate", "--device", "cpu:portable", "--problem", "8x8x8:f16:relu:tensor"});
  EXPECT_EQ(finished.exit_code, 2);
  expect_word(finished.err, "nothing was checked");
  expect_word(finished.err, "tensor arithmetic");
}

TEST_F(ValidateVerb, JudgesOutputsMadeElsewhere) {
  write_example();
  expect_word(expect_success(files()).out, "PASSED     200 elements, all bit-identical to the reference");
  expect_word(expect_success(files({"--arithmetic", "tensor"})).out,
              "all inside what correct arithmetic allows");
  change_y(7, 2, 0.25F);
  for (const char* arithmetic : {"reproducible", "tensor"}) {
    const std::string report = at("r.json");
    std::string out = expect_failed_check(files({"--arithmetic", arithmetic, "--json", report.c_str()})).out;
    out += read_file(report);
    for (const char* word : {"FAILED", "1 of 200 elements", "row 7, column 2", "z* = ", "B = ", "Z = [",
                             "allowed [", "failures share row 7, column 2", "\"ulps\""}) {
      expect_word(out, word);
    }
  }
}

TEST_F(ValidateVerb, StandardOutputHoldsTheReportAlone) {
  write_example();
  for (const std::vector<std::string>& arguments :
       {files({"--json", "/dev/stdout"}),
        {"validate", "--device", "cpu:portable", "--problem", "8x8x8:f32:relu", "--json", "/dev/stdout"}}) {
    const Finished finished = perceptron(arguments);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_TRUE(nlohmann::json::accept(finished.out)) << finished.out;
    expect_word(finished.err, "PASSED");
  }
}

TEST_F(ValidateVerb, AnotherOrderOfSummationIsAllowedByTheInterval) {
  const Finished bits = expect_failed_check(
      {"validate", digits("digits.safetensors"), digits("images.npy"), digits("expected.npy")});
  expect_word(bits.out, "so only bits differ");
  const Finished interval = expect_success({"validate", digits("digits.safetensors"), digits("images.npy"),
                                            digits("expected.npy"), "--arithmetic", "tensor"});
  expect_word(interval.out, "PASSED");
}

TEST_F(ValidateVerb, JudgesLayersByThemselves) {
  const Matrix weight = numbered(DType::f32, 5, 30), last = numbered(DType::f32, 3, 5);
  const Layer first{weight, {}, ActivationKind::tanh}, second{last, {}, ActivationKind::identity};
  Model({first, second}).save(dir_ / "model");
  Model({first}).save(dir_ / "first");
  save_npy(dir_ / "x.npy", numbered(DType::f32, 50, 30));
  for (const char* part : {"first", "model"}) {
    expect_success({"run", at(part), at("x.npy"), at(part) + ".npy", "--quiet"});
  }
  const std::vector<std::string> arguments{"validate",      at("model"), at("x.npy"),
                                           at("model.npy"), "--hidden",  at("first.npy")};
  const std::string out = expect_success(arguments).out;
  expect_word(out, "layer 0: 250 elements");
  expect_word(out, "layer 1: 150 elements");
  save_npy(dir_ / "first.npy", Matrix(DType::f32, 50, 5));
  const std::string wrong = expect_failed_check(arguments).out;
  expect_word(wrong, "FAILED     layer 0");
  expect_failure({"validate", at("first"), at("x.npy"), at("first.npy"), "--hidden", at("first.npy")}, 2,
                 {"hidden", "1 layer;", "expected 0"});
}

TEST_F(ValidateVerb, ReadsOutputsInEveryDtype) {
  for (const DTypeTraits& dtype : kDTypes) {
    write_example(dtype.dtype, 2);
    expect_word(expect_success(files()).out, "400 elements, all bit-identical");
  }
  change_y(3, 1, 1e-3F);  // Of the last one, bf16, stored as f32.
  expect_failure(files(), 2, {"row 3, column 1", "no bf16", "--output-dtype"});
  expect_word(expect_failed_check(files({"--output-dtype", "f32"})).out, "differ");
}

TEST_F(ValidateVerb, ReadsFilesInPieces) {
  small_model(3, 2).save(dir_ / "model");
  save_npy(dir_ / "x.npy", numbered(DType::f32, 700'000, 3));
  expect_success({"run", at("model"), at("x.npy"), at("y.npy"), "--quiet"});
  change_y(650'001, 1, 4);
  const std::string out = expect_failed_check(files()).out;
  expect_word(out, "1 of 1400000 elements");
  expect_word(out, "row 650001, column 1");
}

TEST_F(ValidateVerb, TakesZeroRows) {
  small_model(3, 2).save(dir_ / "model");
  save_npy(dir_ / "x.npy", Matrix(DType::f32, 0, 3));
  save_npy(dir_ / "y.npy", Matrix(DType::f32, 0, 2));
  for (const char* arithmetic : {"reproducible", "tensor"}) {
    expect_word(expect_success(files({"--arithmetic", arithmetic})).out, "0 elements");
  }
}

TEST_F(ValidateVerb, RefusesFilesThatDoNotFit) {
  write_example();
  expect_failure({"validate", at("model")}, 2, {"MODEL, INPUT and OUTPUT"});
  expect_failure({"validate", at("model"), at("x.npy")}, 2, {"MODEL, INPUT and OUTPUT"});
  save_npy(dir_ / "narrow.npy", Matrix(DType::f32, 50, 3));
  save_npy(dir_ / "short.npy", Matrix(DType::f32, 49, 4));
  for (const char* wrong : {"narrow.npy", "short.npy"}) {
    expect_failure({"validate", at("model"), at("x.npy"), at(wrong)}, 2, {wrong, "expected [1, 50, 4]"});
  }
  expect_failure({"validate", at("model"), at("x.npy"), at("none.npy")}, 3, {"none.npy"});
  expect_failure(files({"--json", at("y.npy").c_str()}), 2, {"y.npy", "same file"});
}

TEST_F(ValidateVerb, RefusesBadWords) {
  expect_failure({"validate", "--problem", "8x8:f32:relu"}, 2, {"8x8:f32:relu", "ROWSxINPUTSxOUTPUTS"});
  expect_failure({"validate", "--suite", "slow"}, 2, {"slow", "quick", "full"});
  expect_failure({"validate", "--dtype", "f31"}, 2, {"f31", "bf16"});
  expect_failure({"validate", "--data", "random"}, 2, {"random", "integers", "ties"});
  expect_failure({"validate", "--arithmetic", "exact"}, 2, {"exact", "reproducible", "tensor"});
  expect_failure({"validate", "--device", "cuda:7"}, 77, {"cuda:7"});
  expect_failure({"validate", "--device", "cpu:mmx"}, 77, {"cpu:mmx"});
  expect_failure({"validate", "--json", at("none") + "/report.json"}, 3,
                 {"report.json", "cannot be written"});
  EXPECT_EQ(perceptron({"validate", "--seed", "x"}).exit_code, 2);
  for (const std::vector<std::string>& mixed :
       std::vector<std::vector<std::string>>{{"validate", "m", "x", "y", "--device", "cpu"},
                                             {"validate", "m", "x", "y", "--problem", "1x1x1:f32:relu"},
                                             {"validate", "--problem", "1x1x1:f32:relu", "--dtype", "f32"},
                                             {"validate", "--ptx", "k.ptx", "--device", "ptx"},
                                             {"validate", "--hidden", "h.npy"}}) {
    const Finished finished = perceptron(mixed);
    EXPECT_EQ(finished.exit_code, 2);
    expect_word(finished.err, "perceptron validate --help");
  }
  const Finished family = perceptron(
      {"validate", "--device", "cpu:portable", "--problem", "8x8x8:f32:relu", "--family", "tiles"});
  EXPECT_EQ(family.exit_code, 2);
  expect_word(family.err, "no kernel of the family \"tiles\"");
}

TEST_F(ValidateVerb, RefusesWhatExceedsMemoryBeforeAnythingIsMade) {
  expect_failure({"validate", "--device", "cpu", "--problem", "1000000x1000000x3:f32:relu"}, 2,
                 {"1000000x1000000x3:f32:relu", "needs 12 TB", "this machine has",
                  "x 3 × 1 × 1000000 × 1000000 × 4 B", "W and b 4 × 1 × 3 × 1000001 × 4 B = 48 MB", "y 3 ×"});
  expect_failure({"validate", "--problem", "4611686018427387904x1x1:f64:relu"}, 2, {"EB"});
}

TEST_F(ValidateVerb, StopsWhenInterrupted) {
  Command command({PERCEPTRON_COMMAND, "validate", "--device", "cpu:portable", "--suite", "full"},
                  {.has_terminal = true});
  command.wait_for_error("cases");
  command.send(SIGINT);
  EXPECT_EQ(command.finish().exit_code, 130);
}

TEST_F(ValidateVerb, StopsWithinOneLargeCase) {
  const auto stops = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {PERCEPTRON_COMMAND, "validate", "--threads", "1"});
    Command command(std::move(arguments), {});
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    command.send(SIGINT);
    EXPECT_EQ(command.finish().exit_code, 130);
  };
  stops({"--device", "cpu", "--problem", "20000x2000x300:f32:relu", "--data", "positive"});
  stops({"--ptx", PERCEPTRON_TEST_PTX_DIR "/layer.ptx", "--entry", "layer", "--args",
         "x,w,b,y,rows,inputs,outputs", "--grid", "20000000,1", "--block", "16,16", "--problem",
         "33x70x20:f32:relu"});
}

TEST_F(ValidateVerb, TheReportIsWrittenOverNoFileThatIsRead) {
  small_model(4, 3).save(at("m.safetensors"));
  write_file(dir_ / "h.npy", "kept");
  expect_failure({"validate", at("m.safetensors"), at("x.npy"), at("y.npy"), "--hidden", at("h.npy"),
                  "--json", at("h.npy")},
                 2, {"h.npy", "the same file"});
}

TEST_F(ValidateVerb, HelpsWithExamples) {
  const std::string out = expect_success({"validate", "--help"}).out;
  for (const char* word :
       {"Examples", "--device", "--suite", "--problem", "--data", "MODEL", "MISTRUSTED", "PROBLEM"}) {
    expect_word(out, word);
  }
  expect_word(expect_success({"--help"}).out, "validate");
}

}  // namespace
}  // namespace perceptron::test
