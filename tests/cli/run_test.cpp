// `perceptron run` where all goes well: the digits, and every shape, dtype and option that it takes.
#include <algorithm>
#include <cstring>

#include "perceptron/engine.hpp"
#include "perceptron/options.hpp"
#include "tests/cli/command_fixture.hpp"

namespace perceptron::test {
namespace {

class Run : public CommandTest {
 protected:
  /// The engine's own answer to all rows at once.
  static Matrix answer(const Model& model, const Matrix& x) {
    Matrix y(model.dtype(), x.rows(), model.outputs(), model.groups());
    ConstMatrixView rows = x;
    if (x.groups() != model.groups()) rows = rows.with_groups(model.groups(), 0);
    Engine(model).run(rows, y);
    return y;
  }

  static void expect_same(const Matrix& expected, const Matrix& found) {
    ASSERT_EQ(expected.dtype(), found.dtype());
    ASSERT_EQ(expected.groups(), found.groups());
    ASSERT_EQ(expected.rows(), found.rows());
    ASSERT_EQ(expected.columns(), found.columns());
    EXPECT_EQ(std::memcmp(expected.data(), found.data(), expected.size_bytes()), 0);
  }

  /// Saves both, runs with --check, and compares with the engine.
  Matrix run_model(const Model& model, const Matrix& x) {
    model.save(dir_ / "model");
    save_npy(dir_ / "x.npy", x);
    const Finished finished = expect_success({"run", at("model"), at("x.npy"), at("y.npy"), "--check"});
    expect_word(finished.out, "bit-identical to the reference: yes");
    return load_npy(dir_ / "y.npy");
  }
};

TEST_F(Run, ReadsTheDigits) {
  const Finished finished =
      expect_success({"run", digits("digits.safetensors"), digits("images.npy"), at("y.npy"), "--check"});
  for (const char* word :
       {"bit-identical to the reference: yes (4500 elements)", "3 layers", "64 inputs", "10 outputs",
        "450 rows", "cpu", "thread", "rows/s", "GB/s", "load", "read", "compute", "write", "check"}) {
    expect_word(finished.out, word);
  }
  const Matrix y = load_npy(dir_ / "y.npy"), labels = load_npy(digits("labels.npy"));
  ASSERT_EQ(y.rows(), 450);
  ASSERT_EQ(y.columns(), 10);
  ASSERT_EQ(y.dtype(), DType::f32);
  int right = 0;
  for (std::int64_t row = 0; row < y.rows(); ++row) {
    const auto* first = static_cast<const float*>(y.view().element(0, row));
    const auto best = static_cast<float>(std::max_element(first, first + 10) - first);
    right += best == static_cast<const float*>(labels.data())[row] ? 1 : 0;
  }
  EXPECT_GE(right, 450 * 97 / 100 + 1);
}

TEST_F(Run, GivesOneAnswerOnEveryDeviceAndThreadCount) {
  const auto run_on = [this](const std::string& device, const std::string& threads) {
    expect_success({"run", digits("digits.safetensors"), digits("all.npy"), at("y.npy"), "--device", device,
                    "--threads", threads});
    return read_file(dir_ / "y.npy");
  };
  const std::string expected = run_on("auto", "0");
  for (const char* threads : {"1", "2", "3"}) EXPECT_EQ(run_on("cpu", threads), expected) << threads;
  for (const DeviceInfo& device : devices()) EXPECT_EQ(run_on(device.name, "2"), expected) << device.name;
}

TEST_F(Run, ReadsFilesInPieces) {
  const Model model = small_model(3, 2);
  const Matrix x = numbered(DType::f32, 2'000'000, 3);  // 40 MB of x and y: more than two chunks.
  expect_same(answer(model, x), run_model(model, x));
}

TEST_F(Run, ReadsGroupsInPieces) {
  const Model model = small_model(3, 2, DType::f32, 3);
  const Matrix x = numbered(DType::f32, 700'000, 3, 3);
  expect_same(answer(model, x), run_model(model, x));
}

TEST_F(Run, SharesOneInputBetweenGroups) {
  const Model model = small_model(5, 4, DType::f64, 3);
  const Matrix x = numbered(DType::f64, 7, 5);
  expect_same(answer(model, x), run_model(model, x));
}

TEST_F(Run, KeepsTheShapeOfTheInput) {
  small_model(4, 3).save(dir_ / "model");
  small_model(4, 3, DType::f32, 2).save(dir_ / "grouped");
  const auto output_shape = [this](const char* model, std::vector<std::int64_t> shape, std::int64_t rows) {
    NpyWriter writer(dir_ / "x.npy", DType::f32, std::move(shape));
    writer.write(0, Matrix(DType::f32, rows, 4));
    writer.finish();
    expect_success({"run", at(model), at("x.npy"), at("y.npy")});
    return NpyReader(dir_ / "y.npy").shape();
  };
  using Shape = std::vector<std::int64_t>;
  EXPECT_EQ(output_shape("model", {4}, 1), (Shape{3}));
  EXPECT_EQ(output_shape("model", {1, 4}, 1), (Shape{1, 3}));
  EXPECT_EQ(output_shape("model", {5, 4}, 5), (Shape{5, 3}));
  EXPECT_EQ(output_shape("model", {1, 5, 4}, 5), (Shape{1, 5, 3}));
  EXPECT_EQ(output_shape("grouped", {4}, 1), (Shape{2, 1, 3}));
  EXPECT_EQ(output_shape("grouped", {5, 4}, 5), (Shape{2, 5, 3}));
}

TEST_F(Run, TakesZeroRows) {
  small_model(4, 3).save(dir_ / "model");
  save_npy(dir_ / "x.npy", Matrix(DType::f32, 0, 4));
  const Finished finished = expect_success({"run", at("model"), at("x.npy"), at("y.npy"), "--check"});
  expect_word(finished.out, "yes (0 elements)");
  EXPECT_EQ(NpyReader(dir_ / "y.npy").shape(), (std::vector<std::int64_t>{0, 3}));
}

TEST_F(Run, ServesEveryDtypeOfTheModel) {
  for (const DTypeTraits& dtype : kDTypes) {
    const DType storage = dtype.dtype;
    const Model model = small_model(4, 3, storage);
    const Matrix x = numbered(DType::f32, 9, 4);
    model.save(dir_ / "model");
    save_npy(dir_ / "x.npy", x);
    expect_success({"run", at("model"), at("x.npy"), at("y.npy"), "--check", "--convert"});
    const DType stored = storage == DType::bf16 ? DType::f32 : storage;  // npy has no bf16.
    expect_same(copy(answer(model, copy(x, storage)), stored), load_npy(dir_ / "y.npy"));
  }
}

TEST_F(Run, RoundsOutputsToTheDtypeAskedFor) {
  const Model model = small_model(4, 3);
  const Matrix x = numbered(DType::f32, 9, 4);
  model.save(dir_ / "model");
  save_npy(dir_ / "x.npy", x);
  for (const DType dtype : {DType::f64, DType::f32, DType::f16}) {
    expect_success({"run", at("model"), at("x.npy"), at("y.npy"), "--check", "--output-dtype",
                    std::string(to_string(dtype))});
    expect_same(copy(answer(model, x), dtype), load_npy(dir_ / "y.npy"));
  }
}

TEST_F(Run, ConvertsInputsOnlyWhereThatIsExactOrAskedFor) {
  small_model(4, 3).save(dir_ / "model");
  save_npy(dir_ / "x.npy", numbered(DType::f64, 9, 4));
  expect_failure({"run", at("model"), at("x.npy"), at("y.npy")}, 2, {"x.npy", "f64", "f32", "--convert"});
  expect_success({"run", at("model"), at("x.npy"), at("y.npy"), "--convert", "--check"});
  expect_same(answer(small_model(4, 3), numbered(DType::f32, 9, 4)), load_npy(dir_ / "y.npy"));
}

TEST_F(Run, TakesAStateDictWithActivations) {
  write_safetensors(dir_ / "model",
                    {{"0.weight", "[3, 4]", 48}, {"0.bias", "[3]", 12}, {"2.weight", "[2, 3]", 24}});
  save_npy(dir_ / "x.npy", Matrix(DType::f32, 1, 4));
  expect_success({"run", at("model"), at("x.npy"), at("y.npy"), "--activations", "relu,sigmoid"});
  const Matrix y = load_npy(dir_ / "y.npy");
  EXPECT_EQ(static_cast<const float*>(y.data())[1], 0.5F);
}

TEST_F(Run, WritesAReport) {
  expect_success({"run", digits("digits.safetensors"), digits("images.npy"), at("y.npy"), "--check",
                  "--report", at("report.json"), "--threads", "1"});
  const auto report = nlohmann::json::parse(read_file(dir_ / "report.json"));
  EXPECT_EQ(report["rows"], 450);
  EXPECT_EQ(report["inputs"], 64);
  EXPECT_EQ(report["outputs"], 10);
  EXPECT_EQ(report["threads"], 1);
  EXPECT_EQ(report["layers"].size(), 3);
  EXPECT_EQ(report["layers"][2]["problem"], "450x32x10:f32:softmax");
  EXPECT_EQ(report["output"], at("y.npy"));
  EXPECT_EQ(report["check"]["passed"], true);
  EXPECT_EQ(report["check"]["checked"], 4500);
  EXPECT_EQ(report["check"]["mismatches"], 0);
  double work = 0;
  for (const char* part : {"read", "compute", "write"}) work += report["seconds"][part].get<double>();
  EXPECT_GT(work, 0);
  EXPECT_LE(work + report["seconds"]["load"].get<double>() + report["seconds"]["check"].get<double>(),
            report["seconds"]["total"].get<double>());
  EXPECT_NEAR(report["rows_per_s"].get<double>() * work, 450, 1e-6);
  EXPECT_NEAR(report["gbytes_per_s"].get<double>() * 1e9 * work, 450 * (64 + 10) * 4, 1e-3);
}

TEST_F(Run, LeavesTheCheckOutOfTheReportWhereThereWasNone) {
  const Finished finished = expect_success({"run", digits("digits.safetensors"), digits("images.npy"),
                                            at("y.npy"), "--report", at("report.json")});
  EXPECT_EQ(finished.out.find("bit-identical"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(read_file(dir_ / "report.json"))["check"].is_null());
}

TEST_F(Run, IsSilentWhenQuiet) {
  EXPECT_EQ(expect_success({"run", digits("digits.safetensors"), digits("images.npy"), at("y.npy"), "--quiet",
                            "--check"})
                .out,
            "");
}

TEST_F(Run, AgreesWithTheContractWrittenInNumpy) {
  // Debian's own python3, where its python3-numpy is installed, or the one that comes first.
  const bool has_own = run_command({"/usr/bin/python3", "-c", "import numpy"}).exit_code == 0;
  const std::string python = has_own ? "/usr/bin/python3" : "python3";
  if (run_command({python, "-c", "import numpy"}).exit_code != 0) GTEST_SKIP() << "python3 has no numpy";
  expect_success({"run", digits("digits.safetensors"), digits("images.npy"), at("y.npy")});
  const Finished verdict = run_command(
      {python, PERCEPTRON_CANONICAL_NUMPY, digits("digits.safetensors"), digits("images.npy"), at("y.npy")});
  EXPECT_EQ(verdict.exit_code, 0) << verdict.out << verdict.err;
}

}  // namespace
}  // namespace perceptron::test
