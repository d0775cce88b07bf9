// Model::load and Model::save: round trips, PyTorch's names, and every file that is no model by the name of
// what is wrong with it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "perceptron/error.hpp"
#include "perceptron/matrix.hpp"
#include "perceptron/model.hpp"
#include "src/files/safetensors.hpp"
#include "tests/support/damaged_files.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temp_dir.hpp"

namespace perceptron {
namespace {

using test::expect_error;
using test::TempDir;

struct Tensor {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
};

std::uint64_t bytes_of(const Tensor& tensor) {
  std::uint64_t bytes = tensor.dtype == "BF16" || tensor.dtype == "F16" ? 2 : tensor.dtype == "F64" ? 8 : 4;
  for (const std::int64_t dimension : tensor.shape) bytes *= static_cast<std::uint64_t>(dimension);
  return bytes;
}

/// A file of these tensors, every byte of whose data is 1.
std::string file_of(const std::vector<Tensor>& tensors, std::map<std::string, std::string> metadata = {}) {
  files::SafetensorsHeader header;
  header.metadata = std::move(metadata);
  std::uint64_t end = 0;
  for (const Tensor& tensor : tensors) {
    const std::uint64_t begin = std::exchange(end, end + bytes_of(tensor));
    header.tensors.push_back({tensor.name, tensor.dtype, tensor.shape, begin, end});
  }
  return files::safetensors_header_bytes(header) + std::string(end, '\1');
}

std::map<std::string, std::string> own(const std::string& activations) {
  return {{"format", "perceptron"}, {"activations", activations}};
}

Matrix counted(DType dtype, std::int64_t rows, std::int64_t columns, std::int64_t groups) {
  Matrix matrix(dtype, rows, columns, groups);
  for (std::size_t i = 0; i < matrix.size_bytes(); ++i) {
    static_cast<unsigned char*>(matrix.data())[i] = static_cast<unsigned char>(i % 113 + 1);
  }
  return matrix;
}

std::string contents(const ConstMatrixView& view) {
  const auto elements = static_cast<std::size_t>(view.groups * view.rows * view.columns);
  return {static_cast<const char*>(view.data), elements * size_of(view.dtype)};
}

void expect_equal(const Model& found, const Model& expected) {
  ASSERT_EQ(found.layer_count(), expected.layer_count());
  for (std::size_t i = 0; i < found.layer_count(); ++i) {
    const Layer a = found.layer(i), b = expected.layer(i);
    EXPECT_EQ(a.activation, b.activation);
    EXPECT_EQ(a.weight.dtype, b.weight.dtype);
    EXPECT_EQ(a.outputs(), b.outputs());
    EXPECT_EQ(a.inputs(), b.inputs());
    EXPECT_EQ(a.groups(), b.groups());
    EXPECT_EQ(contents(a.weight), contents(b.weight));
    ASSERT_EQ(a.has_bias(), b.has_bias());
    if (!a.has_bias()) continue;
    EXPECT_EQ(a.bias.dtype, b.bias.dtype);
    EXPECT_EQ(contents(a.bias), contents(b.bias));
  }
}

TEST(ModelFile, RoundTripsKeepEveryBitAndOneSpelling) {
  const TempDir directory;
  for (std::size_t d = 0; d < kDTypes.size(); ++d) {
    const auto dtype = static_cast<DType>(d);
    for (const std::int64_t groups : {1, 3}) {
      const Matrix w0 = counted(dtype, 5, 3, groups), w1 = counted(dtype, 1, 5, groups);
      const Matrix b0 = counted(accumulator_of(dtype), 1, 5, groups);
      const Model model({{w0, b0, Activation(ActivationKind::leaky_relu, 0.25)},
                         {w1, {}, Activation(ActivationKind::softmax)}});
      model.save(directory / "model.safetensors");
      const Model again = Model::load(directory / "model.safetensors");
      expect_equal(again, model);
      again.save(directory / "again.safetensors");
      EXPECT_EQ(test::read_file(directory / "again.safetensors"),
                test::read_file(directory / "model.safetensors"));
    }
  }
}

TEST(ModelFile, EveryTensorStartsAtAMultipleOfItsElement) {
  const TempDir directory;
  const Matrix w = counted(DType::f16, 3, 3, 1), b = counted(DType::f32, 1, 3, 1);
  Model({{w, b, {}}, {w, b, {}}}).save(directory / "model");
  const std::string bytes = test::read_file(directory / "model");
  const std::uint64_t length = files::read_safetensors_length(
      "model", std::as_bytes(std::span(bytes)).first(files::kSafetensorsLengthBytes), bytes.size());
  const auto header = files::read_safetensors_header("model", bytes.substr(8, length), bytes.size());
  for (const files::TensorEntry& tensor : header.tensors) {
    EXPECT_EQ((8 + length + tensor.begin) % (tensor.dtype == "F32" ? 4 : 2), 0U) << tensor.name;
  }
}

TEST(ModelFile, ReadsOurNamesInTheFormatAnyoneCanWrite) {
  const TempDir directory;
  const std::filesystem::path path = directory / "m.safetensors";
  test::write_file(path, file_of({{"layers.1.weight", "F32", {2, 4}},
                                  {"layers.0.bias", "F32", {4}},
                                  {"layers.0.weight", "F32", {4, 3}}},
                                 own("relu,leaky_relu=0.1")));
  const Model model = Model::load(path);
  EXPECT_EQ(model.inputs(), 3);
  EXPECT_EQ(model.outputs(), 2);
  EXPECT_EQ(model.layer(0).activation, Activation(ActivationKind::relu));
  EXPECT_EQ(model.layer(1).activation, Activation(ActivationKind::leaky_relu, 0.1));
  EXPECT_TRUE(model.layer(0).has_bias());
  EXPECT_FALSE(model.layer(1).has_bias());
  const std::vector<Activation> others{ActivationKind::tanh, ActivationKind::step};
  EXPECT_EQ(Model::load(path, others).layer(1).activation, others[1]);
}

TEST(ModelFile, ReadsASequentialWithOrWithoutPrefixInNumericOrder) {
  const TempDir directory;
  const std::filesystem::path path = directory / "m.safetensors";
  for (const std::string prefix : {"", "net.", "model.layers."}) {
    // As text, "10" comes before "2".
    test::write_file(path, file_of({{prefix + "10.weight", "F32", {1, 5}},
                                    {prefix + "2.weight", "F32", {5, 4}},
                                    {prefix + "2.bias", "F32", {5}},
                                    {prefix + "0.weight", "F32", {4, 3}}},
                                   {{"format", "pt"}}));
    const std::vector<Activation> activations{ActivationKind::relu, ActivationKind::tanh,
                                              ActivationKind::sigmoid};
    const Model model = Model::load(path, activations);
    ASSERT_EQ(model.layer_count(), 3U);
    EXPECT_EQ(model.inputs(), 3);
    EXPECT_EQ(model.outputs(), 1);
    EXPECT_EQ(model.layer(1).activation, activations[1]);
    EXPECT_TRUE(model.layer(1).has_bias());
  }
}

TEST(ModelFile, AcceptsWeightsThatAreNotFinite) {
  const TempDir directory;
  constexpr float kWeights[] = {std::numeric_limits<float>::quiet_NaN(),
                                std::numeric_limits<float>::infinity()};
  Model{Layer{ConstMatrixView(kWeights, 1, 2), {}, {}}}.save(directory / "model");
  const Model model = Model::load(directory / "model");
  EXPECT_TRUE(std::isnan(static_cast<const float*>(model.layer(0).weight.data)[0]));
}

TEST(ModelFile, NamesWhatIsWrong) {
  const Tensor w0{"layers.0.weight", "F32", {4, 3}}, b0{"layers.0.bias", "F32", {4}};
  const Tensor w1{"layers.1.weight", "F32", {2, 4}}, w2{"layers.2.weight", "F32", {2, 4}};
  struct Case {
    std::string bytes;
    std::vector<std::string_view> words;
  };
  const Case cases[] = {
      {file_of({w0, w2}, own("relu,relu")), {"layers.1.weight is missing"}},
      {file_of({w1}, own("relu")), {"layers.0.weight is missing"}},
      {file_of({b0}, own("relu")), {"layers.0.weight is missing"}},
      {file_of({{"3.bias", "F32", {4}}}), {"3.weight is missing"}},
      {file_of({}, own("relu")), {"no tensors", "layers.0.weight"}},
      {file_of({}), {"no tensors", "layers.0.weight"}},
      {file_of({w0, {"extra", "F32", {1}}}, own("relu")),
       {"1 tensor belongs to no layer", "extra", "layers.N.weight"}},
      {file_of({w0, {std::string("\x1b[31m\0", 6), "F32", {1}}}, own("relu")),
       {"belongs to no layer", "\\x1b[31m\\x00; expected"}},
      {file_of({w0, {"net.0.weight", "F32", {1}}}, own("relu")), {"belongs to no layer", "net.0.weight"}},
      {file_of({w0, {"layers.00.weight", "F32", {1, 1}}}, own("relu")),
       {"belongs to no layer", "layers.00.weight"}},
      {file_of({w0, {"layers.x.weight", "F32", {1, 1}}}, own("relu")),
       {"belongs to no layer", "layers.x.weight"}},
      {file_of({w0, {"layers..weight", "F32", {1, 1}}}, own("relu")),
       {"belongs to no layer", "layers..weight"}},
      {file_of({w0, {"layers.99999999999.bias", "F32", {1}}}, own("relu")), {"belongs to no layer"}},
      {file_of({{"0.weight", "F32", {1, 1}}, {"0.running_mean", "F32", {1}}}), {"0.running_mean"}},
      {file_of({w0}), {"layers: 1", "__metadata__: none", "--activations", "identity"}},
      {file_of({w0, w1}, {{"format", "perceptron"}}), {"layers: 2", "--activations", "relu,identity"}},
      {file_of({w0}, {{"format", "pt"}, {"activations", "relu"}}),
       {"\"format\": \"perceptron\"", "--activations"}},
      {file_of({w0}, own("relu,relu")), {"layers: 1", "__metadata__: 2", "relu,relu"}},
      {file_of({w0}, own("rellu")), {"__metadata__", "rellu", "leaky_relu", "softmax"}},
      {file_of({w0}, own("")), {"__metadata__"}},
      {file_of({{"layers.0.weight", "F32", {0, 3}}}, own("relu")),
       {"layers.0.weight", "[0,3]", "no dimension may be 0"}},
      {file_of({{"layers.0.weight", "F32", {3, 0}}}, own("relu")), {"layers.0.weight", "[3,0]"}},
      {file_of({{"layers.0.weight", "F32", {0, 3, 4}}}, own("relu")), {"layers.0.weight", "[0,3,4]"}},
      {file_of({{"layers.0.weight", "F32", {3}}}, own("relu")),
       {"layers.0.weight", "[3]", "[1,3]", "normalisation"}},
      {file_of({{"layers.0.weight", "F32", {}}}, own("relu")),
       {"layers.0.weight", "[groups,outputs,inputs]"}},
      {file_of({{"layers.0.weight", "F32", {1, 1, 3, 3}}}, own("relu")), {"layers.0.weight", "[1,1,3,3]"}},
      {file_of({{"layers.0.weight", "I32", {4, 3}}}, own("relu")),
       {"layers.0.weight", "I32", "F64, F32, F16 or BF16"}},
      {file_of({w0, {"layers.0.bias", "F32", {3}}}, own("relu")),
       {"layers.0.bias", "[3]", "expected [4]", "[4,3]"}},
      {file_of({w0, {"layers.0.bias", "F32", {1, 4}}}, own("relu")),
       {"layers.0.bias", "[1,4]", "expected [4]"}},
      {file_of({{"layers.0.weight", "F32", {2, 4, 3}}, b0}, own("relu")),
       {"layers.0.bias", "[4]", "expected [2,4]"}},
      {file_of({w0, {"layers.0.bias", "F64", {4}}}, own("relu")), {"layer 0 bias", "f64", "f32"}},
      {file_of({w0, {"layers.1.weight", "F32", {2, 5}}}, own("relu,relu")), {"layer 1", "[2, 5]", "[4, 3]"}},
      {file_of({w0, {"layers.1.weight", "F16", {2, 4}}}, own("relu,relu")), {"layer 1", "f16", "f32"}},
      {file_of({w0, {"layers.1.weight", "F32", {3, 2, 4}}}, own("relu,relu")), {"layer 1", "3 groups"}},
      {file_of({w0}, own("relu")).substr(0, 180), {"truncated download?"}},
  };
  const TempDir directory;
  const std::filesystem::path path = directory / "m.safetensors";
  for (const Case& broken : cases) {
    test::write_file(path, broken.bytes);
    for (const std::string_view word : broken.words) {
      expect_error<FormatError>([&] { Model::load(path); }, {path.string() + ": ", word});
    }
  }
}

TEST(ModelFile, ActivationsOfTheCallerMustFit) {
  const TempDir directory;
  const std::filesystem::path path = directory / "m.safetensors";
  test::write_file(path, file_of({{"0.weight", "F32", {4, 3}}, {"2.weight", "F32", {1, 4}}}));
  const std::vector<Activation> one{ActivationKind::relu};
  expect_error<InvalidArgument>([&] { Model::load(path, one); },
                                {path.string(), "layers: 2", "given: 1", "--activations", "relu,identity"});
}

TEST(ModelFile, NamesWhatIsNoFile) {
  const TempDir directory;
  expect_error<FileError>([&] { Model::load(directory / "none"); },
                          {(directory / "none").string(), "No such file"});
  expect_error<FileError>([&] { Model::load(directory.path()); },
                          {"is a directory; expected a safetensors file"});
}

TEST(ModelFile, AFailedSaveKeepsTheOldFile) {
  const TempDir directory;
  const Matrix weight = counted(DType::f32, 2, 2, 1);
  const Model model{Layer{weight, {}, {}}};
  std::filesystem::create_directory(directory / "inner");
  expect_error<FileError>([&] { model.save(directory / "inner"); }, {"is a directory"});
  expect_error<FileError>([&] { model.save(directory / "none/model"); }, {"No such file or directory"});
  expect_error<FileError>([&] { model.save("/dev/full"); }, {"/dev/full", "No space left"});
  model.save("/dev/null");
  EXPECT_EQ(directory.entries(), 1U);
}

TEST(ModelFile, EveryPrefixIsRefusedAndEveryFlipSurvived) {
  const test::Loader load = [](const std::filesystem::path& path) { Model::load(path); };
  const std::string bytes = file_of(
      {{"layers.0.weight", "F32", {2, 3}}, {"layers.0.bias", "F32", {2}}, {"layers.1.weight", "F32", {1, 2}}},
      own("elu=2,relu"));
  test::expect_every_prefix_refused(load, bytes);
  test::expect_every_flip_survived(load, bytes);
}

}  // namespace
}  // namespace perceptron
