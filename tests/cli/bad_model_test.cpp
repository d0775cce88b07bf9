// Model files that the command refuses, by `run` and by `inspect` alike.
#include "tests/cli/command_fixture.hpp"

namespace perceptron::test {
namespace {

class BadModel : public CommandTest {
 protected:
  void SetUp() override { save_npy(dir_ / "x.npy", Matrix(DType::f32, 1, 4)); }

  void expect_refused(const std::string& model, int exit_code,
                      std::initializer_list<std::string_view> words) {
    expect_failure({"inspect", model}, exit_code, words);
    expect_failure({"run", model, at("x.npy"), at("y.npy")}, exit_code, words);
  }

  void expect_tensors_refused(const std::vector<RawTensor>& tensors,
                              std::initializer_list<std::string_view> words,
                              std::string_view activations = "relu") {
    write_safetensors(dir_ / "model", tensors, activations);
    expect_refused(at("model"), 2, words);
    expect_failure({"inspect", at("model")}, 2, {at("model")});
  }
};

TEST_F(BadModel, AcceptsWhatIsRight) {
  write_safetensors(dir_ / "model", {{"layers.0.weight", "[3, 4]", 48}, {"layers.0.bias", "[3]", 12}},
                    "relu");
  expect_success({"inspect", at("model")});
}

TEST_F(BadModel, MissingFile) { expect_refused(at("model"), 3, {at("model"), "No such file"}); }

TEST_F(BadModel, Directory) {
  std::filesystem::create_directory(dir_ / "folder");
  expect_refused(at("folder"), 3, {at("folder"), "directory"});
}

TEST_F(BadModel, Truncated) {
  small_model(4, 3).save(dir_ / "model");
  const std::string whole = read_file(dir_ / "model");
  for (const std::size_t kept : {std::size_t{0}, std::size_t{7}, std::size_t{30}, whole.size() - 1}) {
    write_file(dir_ / "model", whole.substr(0, kept));
    expect_refused(at("model"), 2, {at("model")});
  }
}

TEST_F(BadModel, NoSafetensors) {
  write_file(dir_ / "model", std::string(200, 'x'));
  expect_refused(at("model"), 2, {at("model")});
  expect_refused(at("x.npy"), 2, {at("x.npy")});
}

TEST_F(BadModel, HeaderLengthBeyondTheFile) {
  write_file(dir_ / "model", std::string("\x00\x10\x00\x00\x00\x00\x00\x00{}", 10));
  expect_refused(at("model"), 2, {at("model"), "4096"});
}

TEST_F(BadModel, Dimensions) {
  expect_tensors_refused({{"layers.0.weight", "[0, 4]", 0}}, {"layers.0.weight", "0"});
  expect_tensors_refused({{"layers.0.weight", "[3, 0]", 0}}, {"layers.0.weight", "0"});
  expect_tensors_refused({{"layers.0.weight", "[-3, 4]", 48}}, {"layers.0.weight"});
  expect_tensors_refused({{"layers.0.weight", "[99999999999999999999, 4]", 48}}, {"layers.0.weight"});
  expect_tensors_refused({{"layers.0.weight", "[4611686018427387904, 4611686018427387904]", 48}},
                         {"layers.0.weight"});
  expect_tensors_refused({{"layers.0.weight", "[3, 5]", 48}}, {"layers.0.weight", "60", "48"});
  expect_tensors_refused({{"layers.0.weight", "[12]", 48}}, {"layers.0.weight", "[12]"});
}

TEST_F(BadModel, DuplicateAndOverlappingTensors) {
  expect_tensors_refused({{"layers.0.weight", "[3, 4]", 48}, {"layers.0.weight", "[3, 4]", 48}},
                         {"layers.0.weight"});
  expect_tensors_refused({{"layers.0.weight", "[3, 4]", 48}, {"layers.0.bias", "[3]", 12, 40}}, {"overlap"});
}

TEST_F(BadModel, ShapesBetweenLayers) {
  expect_tensors_refused({{"layers.0.weight", "[3, 4]", 48}, {"layers.1.weight", "[2, 5]", 40}},
                         {"[3, 4]", "[2, 5]"}, "relu,relu");
  expect_tensors_refused({{"layers.0.weight", "[3, 4]", 48}, {"layers.0.bias", "[2]", 8}},
                         {"bias", "3", "2"});
}

TEST_F(BadModel, MissingLayers) {
  expect_tensors_refused({{"layers.0.weight", "[3, 4]", 48}, {"layers.2.weight", "[2, 3]", 24}}, {"layers.1"},
                         "relu,relu");
  expect_tensors_refused({{"embedding", "[3, 4]", 48}}, {"embedding", "layers.N.weight"});
}

TEST_F(BadModel, Activations) {
  const std::vector<RawTensor> tensors = {{"layers.0.weight", "[3, 4]", 48}};
  expect_tensors_refused(tensors, {"relux", "sigmoid", "hard_swish", "softmax"}, "relux");
  expect_tensors_refused(tensors, {"2", "1"}, "relu,relu");
  expect_tensors_refused(tensors, {"activations"}, "");
}

TEST_F(BadModel, StateDictWithoutActivations) {
  expect_tensors_refused({{"0.weight", "[3, 4]", 48}, {"2.weight", "[2, 3]", 24}}, {"--activations"}, "");
}

}  // namespace
}  // namespace perceptron::test
