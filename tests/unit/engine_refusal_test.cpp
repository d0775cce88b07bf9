// Every call that Engine::run, Session::run and linear refuse, with the words that help, and y untouched;
// and the layouts next to them that are allowed.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/images.hpp"
#include "perceptron/engine.hpp"
#include "perceptron/error.hpp"
#include "perceptron/linear.hpp"
#include "perceptron/matrix.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron {
namespace {

using test::bytes_of, test::expect_error, test::random_matrix, test::random_model, test::reference_output;

constexpr std::int64_t kRows = 4, kInputs = 5, kOutputs = 3;
constexpr std::int64_t kHuge = std::int64_t{1} << 61;

/// A legal call with room around x and y, for tests to spoil.
class RefusedCall : public testing::Test {
 protected:
  explicit RefusedCall(std::int64_t groups = 1)
      : model_(random_model({{kInputs, kOutputs}, "relu", DType::f32, groups}, 1)),
        engine_(model_),
        session_(engine_.session()),
        x_memory_(random_matrix(Matrix(DType::f32, 2 * kRows, kInputs, groups), 2)),
        y_memory_(random_matrix(Matrix(DType::f32, 2 * kRows, kInputs, groups), 3)) {
    x_ = ConstMatrixView(x_memory_.data(), DType::f32, kRows, kInputs).with_groups(groups, kRows * kInputs);
    y_ = MatrixView(y_memory_.data(), DType::f32, kRows, kOutputs).with_groups(groups, kRows * kOutputs);
  }

  using Spoil = std::function<void(ConstMatrixView&, MatrixView&)>;

  template <class Expected = InvalidArgument>
  void expect_refusal(const Spoil& spoil, std::initializer_list<std::string_view> words) {
    ConstMatrixView x = x_;
    MatrixView y = y_;
    spoil(x, y);
    const std::vector<std::byte> x_before = bytes_of(x_memory_), y_before = bytes_of(y_memory_);
    expect_error<Expected>([&] { engine_.run(x, y); }, words);
    expect_error<Expected>([&] { session_.run(x, y); }, words);
    expect_error<Expected>([&] { linear(x, model_.layer(0), y); }, words);
    EXPECT_EQ(bytes_of(x_memory_), x_before);
    EXPECT_EQ(bytes_of(y_memory_), y_before);
  }

  Model model_;
  Engine engine_;
  Session session_;
  Matrix x_memory_, y_memory_;
  ConstMatrixView x_;
  MatrixView y_;
};

class RefusedGroupedCall : public RefusedCall {
 protected:
  RefusedGroupedCall() : RefusedCall(2) {}
};

TEST_F(RefusedCall, TheCallItselfIsLegal) {
  engine_.run(x_, y_);
  session_.run(x_, y_);
  linear(x_, model_.layer(0), y_);
}

TEST_F(RefusedCall, Null) {
  expect_refusal([](auto& x, auto&) { x.data = nullptr; }, {"x: ", "null", "4 × 5"});
  expect_refusal([](auto&, auto& y) { y.data = nullptr; }, {"y: ", "null", "4 × 3"});
}

TEST_F(RefusedCall, WrongShapes) {
  expect_refusal([](auto& x, auto&) { x.columns = x.stride = 6; }, {"x: ", "inputs", "5", "found 6"});
  expect_refusal([](auto& x, auto&) { x.columns = 4; }, {"x: ", "inputs", "5", "found 4"});
  expect_refusal([](auto& x, auto&) { x.columns = 0; }, {"x: ", "inputs", "5", "found 0"});
  expect_refusal([](auto&, auto& y) { y.columns = 2; }, {"y: ", "outputs", "3", "found 2"});
  expect_refusal([](auto&, auto& y) { y.columns = y.stride = 4; }, {"y: ", "outputs", "3", "found 4"});
  expect_refusal([](auto&, auto& y) { y.rows = 3; }, {"y: ", "rows", "4", "found 3"});
  expect_refusal([](auto& x, auto&) { x.rows = 0; }, {"y: ", "rows", "0", "found 4"});
  expect_refusal([](auto& x, auto&) { x.groups = 2; }, {"x: ", "groups", "1", "found 2"});
  expect_refusal([](auto&, auto& y) { y.groups = 2; }, {"y: ", "groups", "1", "found 2"});
}

TEST_F(RefusedCall, ImpossibleSizes) {
  expect_refusal([](auto& x, auto&) { x.rows = -1; }, {"x: ", "-1 × 5", "negative"});
  expect_refusal([](auto& x, auto&) { x.columns = -5; }, {"x: ", "4 × -5", "negative"});
  expect_refusal([](auto& x, auto&) { x.groups = 0; }, {"x: ", "0 groups"});
  expect_refusal([](auto&, auto& y) { y.rows = -1; }, {"y: ", "-1 × 3", "negative"});
  expect_refusal([](auto&, auto& y) { y.groups = -1; }, {"y: ", "-1 groups"});
  expect_refusal([](auto& x, auto&) { x.stride = 4; }, {"x: ", "stride is 4", "5 columns"});
  expect_refusal([](auto& x, auto&) { x.stride = -5; }, {"x: ", "stride is -5", "5 columns"});
  expect_refusal([](auto&, auto& y) { y.stride = 2; }, {"y: ", "stride is 2", "3 columns"});
  expect_refusal([](auto& x, auto&) { x.group_stride = -1; }, {"x: ", "strides", "negative"});
}

TEST_F(RefusedCall, SizesBeyond63Bits) {
  expect_refusal([](auto& x, auto& y) { x.rows = y.rows = kHuge; }, {"x: ", "2^63"});
  expect_refusal([](auto& x, auto& y) { x.rows = y.rows = kHuge / kInputs + 1; }, {"x: ", "2^63"});
  expect_refusal([](auto& x, auto&) { x.stride = kHuge; }, {"x: ", "2^63"});
  expect_refusal([](auto&, auto& y) { y.stride = kHuge; }, {"y: ", "2^63"});
  expect_refusal([](auto& x, auto&) { x.groups = x.group_stride = kHuge; }, {"x: ", "2^63"});
  expect_refusal([](auto& x, auto&) { x.groups = 3, x.group_stride = kHuge; }, {"x: ", "2^63"});
}

TEST_F(RefusedCall, WrongDtype) {
  expect_refusal([](auto& x, auto&) { x.dtype = DType::f16; }, {"x: ", "f16", "model's f32", "copy"});
  expect_refusal([](auto& x, auto&) { x.dtype = static_cast<DType>(77); }, {"x: ", "dtype 77"});
  expect_refusal([](auto&, auto& y) { y.dtype = static_cast<DType>(77); }, {"y: ", "dtype 77"});
  expect_refusal([](auto&, auto& y) { y.place = static_cast<Place>(9); }, {"y: ", "place 9"});
  expect_refusal([](auto& x, auto&) { x.dtype = DType::f64; }, {"x: ", "f64", "model's f32", "copy"});
}

TEST(CpuEngine, DeviceMemoryAndStreamsAreRefused) {
  Options options;
  options.device = "cpu";
  const Model model = random_model({{5, 3}, "relu"}, 1);
  Engine engine(model, options);
  Session session = engine.session();
  const Matrix x = random_matrix(Matrix(DType::f32, 4, 5), 2);
  Matrix y(DType::f32, 4, 3);
  const auto x_there = ConstMatrixView(x).on_device();
  const auto y_there = y.view().on_device();
  for (const auto& [from, to, name] :
       {std::tuple(x_there, y.view(), "x: "), std::tuple(ConstMatrixView(x), y_there, "y: ")}) {
    expect_error<Unsupported>([&] { engine.run(from, to); }, {name, "device memory", "cpu"});
    expect_error<Unsupported>([&] { session.run(from, to); }, {name, "device memory", "cpu"});
    expect_error<Unsupported>([&] { linear(from, model.layer(0), to, options); }, {name, "device memory"});
  }
  expect_error<Unsupported>([&] { session.enqueue(x_there, y_there, nullptr); }, {"x: ", "device memory"});
  expect_error<InvalidArgument>([&] { session.enqueue(x, y, nullptr); },
                                {"enqueue", "x", "host memory", "run"});
  Layer layer = model.layer(0);
  layer.weight = layer.weight.on_device();
  expect_error<Unsupported>([&] { Model({layer}); }, {"layer 0", "device memory", "linear"});
  expect_error<Unsupported>([&] { engine.update(0, layer.weight, layer.bias); }, {"update", "device memory"});
}

TEST_F(RefusedCall, OutputOverInput) {
  const auto over = [this](std::int64_t elements) {
    return [this, elements](ConstMatrixView&, MatrixView& y) {
      y.data = static_cast<float*>(x_memory_.data()) + elements;
    };
  };
  expect_refusal(over(0), {"y overlaps x"});
  expect_refusal(over(1), {"y overlaps x"});
  expect_refusal(over(kRows * kInputs - 1), {"y overlaps x"});
  expect_refusal(
      [this](auto& x, auto& y) {
        x.data = static_cast<float*>(x_memory_.data()) + kRows * kOutputs - 1;
        y.data = x_memory_.data();
      },
      {"y overlaps x"});
}

TEST_F(RefusedCall, MemoryThatTouchesIsLegal) {
  const std::vector<std::byte> expected = bytes_of(reference_output(x_, model_, DType::f32));
  y_.data = static_cast<float*>(x_memory_.data()) + kRows * kInputs;
  engine_.run(x_, y_);
  EXPECT_EQ(bytes_of(copy(y_)), expected) << "y behind x";
  Matrix memory(DType::f32, 1, kRows * (kInputs + kOutputs));
  auto* x = static_cast<float*>(memory.data()) + kRows * kOutputs;
  std::memcpy(x, x_memory_.data(), kRows * kInputs * sizeof(float));
  y_.data = memory.data();
  engine_.run(ConstMatrixView(x, kRows, kInputs), y_);
  EXPECT_EQ(bytes_of(copy(y_)), expected) << "y before x";
}

TEST_F(RefusedCall, NeighbouringColumnsAreLegal) {
  // One buffer with rows of 9: x in columns 0 to 4, y in 5 to 7, column 8 free.
  constexpr std::int64_t kPitch = 9;
  const std::vector<std::byte> expected = bytes_of(reference_output(x_, model_, DType::f32));
  for (const std::int64_t x_column : {0, 4}) {
    const std::int64_t y_column = x_column == 0 ? kInputs : 1;
    Matrix buffer = random_matrix(Matrix(DType::f32, kRows, kPitch), 4);
    auto* first = static_cast<float*>(buffer.data());
    for (std::int64_t row = 0; row < kRows; ++row) {
      std::memcpy(first + row * kPitch + x_column, x_.element(0, row), kInputs * sizeof(float));
    }
    const auto x = ConstMatrixView(first + x_column, kRows, kInputs).with_stride(kPitch);
    const auto y = MatrixView(first + y_column, kRows, kOutputs).with_stride(kPitch);
    const Matrix x_before = copy(x), free_before = copy(ConstMatrixView(first, kRows, kPitch));
    engine_.run(x, y);
    EXPECT_EQ(bytes_of(copy(y)), expected);
    EXPECT_EQ(bytes_of(copy(x)), bytes_of(x_before));
    linear(x, model_.layer(0), y);
    EXPECT_EQ(bytes_of(copy(y)), expected);
  }
}

TEST_F(RefusedCall, ColumnsThatMeetAreNotNeighbours) {
  constexpr std::int64_t kPitch = 10;
  const auto side_by_side = [this](std::int64_t x_column, std::int64_t y_column, std::int64_t y_pitch) {
    return [=, this](ConstMatrixView& x, MatrixView& y) {
      x = ConstMatrixView(static_cast<float*>(x_memory_.data()) + x_column, 2, kInputs).with_stride(kPitch);
      y = MatrixView(static_cast<float*>(x_memory_.data()) + y_column, 2, kOutputs).with_stride(y_pitch);
    };
  };
  expect_refusal(side_by_side(0, 4, kPitch), {"y overlaps x"});
  expect_refusal(side_by_side(2, 0, kPitch), {"y overlaps x"});
  expect_refusal(side_by_side(0, 8, kPitch), {"y overlaps x"});  // Its third column is x's next row.
  expect_refusal(side_by_side(0, 5, kPitch + 1), {"y overlaps x"});
}

TEST_F(RefusedGroupedCall, GroupsOfTheOutputKeepApart) {
  expect_refusal([](auto&, auto& y) { y.group_stride = 0; }, {"y: groups 0 elements apart", "at least 12"});
  expect_refusal([](auto&, auto& y) { y.group_stride = 11; }, {"y: groups 11 elements apart", "at least 12"});
  expect_refusal([](auto&, auto& y) { y.stride = 5, y.group_stride = 3; }, {"y: groups 3 elements apart"});
  expect_refusal([](auto& x, auto& y) { x.groups = y.groups = 1; }, {"x: ", "groups", "2", "found 1"});
}

TEST_F(RefusedGroupedCall, GroupsMayShareAnInputAndInterleaveOutputs) {
  x_.group_stride = 0;
  const Matrix expected = reference_output(x_, model_, DType::f32);
  Matrix y(DType::f32, kRows, 2 * kOutputs);
  const MatrixView interleaved =
      MatrixView(y.data(), DType::f32, kRows, kOutputs).with_stride(2 * kOutputs).with_groups(2, kOutputs);
  engine_.run(x_, interleaved);
  EXPECT_EQ(bytes_of(copy(interleaved)), bytes_of(expected));
}

/// Where x and y begin in one buffer, and what lies between their groups; rows are 24 elements apart.
struct SharedBuffer {
  std::int64_t x, x_groups, y, y_groups;
};

TEST_F(RefusedGroupedCall, InputsAndOutputsMayInterleaveInAnyWay) {
  constexpr std::int64_t kPitch = 24;
  const Matrix expected = reference_output(x_, model_, DType::f32);
  for (const SharedBuffer& layout : {SharedBuffer{0, 8, 5, 8},      // Each group's inputs before its outputs.
                                     SharedBuffer{0, 5, 10, 3},     // All inputs, then all outputs.
                                     SharedBuffer{12, 5, 0, 6}}) {  // Outputs apart, before the inputs.
    Matrix buffer(DType::f32, kRows, kPitch);
    auto* const first = static_cast<float*>(buffer.data());
    const MatrixView x =
        MatrixView(first + layout.x, kRows, kInputs).with_stride(kPitch).with_groups(2, layout.x_groups);
    const MatrixView y =
        MatrixView(first + layout.y, kRows, kOutputs).with_stride(kPitch).with_groups(2, layout.y_groups);
    for (std::int64_t group = 0; group < 2; ++group) {
      for (std::int64_t row = 0; row < kRows; ++row) {
        std::memcpy(x.element(group, row), x_.element(group, row), kInputs * sizeof(float));
      }
    }
    engine_.run(x, y);
    EXPECT_EQ(bytes_of(copy(y)), bytes_of(expected)) << layout.y;
  }
  expect_refusal(
      [&](ConstMatrixView& x,
          MatrixView& y) {  // The second group's inputs reach into the first one's outputs.
        auto* const first = static_cast<float*>(x_memory_.data());
        x = ConstMatrixView(first, 2, kInputs).with_stride(16).with_groups(2, 7);
        y = MatrixView(first + 5, 2, kOutputs).with_stride(16).with_groups(2, 8);
      },
      {"y overlaps x"});
}

TEST_F(RefusedGroupedCall, OverlapIsSeenInEveryGroup) {
  const auto spoil = [this](ConstMatrixView&, MatrixView& y) {
    y.data = static_cast<float*>(x_memory_.data()) + 2 * kRows * kInputs - 1;
  };
  expect_refusal(spoil, {"y overlaps x"});
}

TEST(EngineOptions, AnUnknownDeviceListsWhatThereIs) {
  const Model model = random_model({{5, 3}, "relu"}, 5);
  for (const char* name : {"gpu", "cpu:", "cpu:sse2", "cpu:avx", "CPU", ""}) {
    Options options;
    options.device = name;
    expect_error<DeviceMissing>([&] { Engine(model, options); },
                                {std::string("\"") + name + '"', "cpu, ", "cpu:portable"});
    for (const DeviceInfo& device : devices()) {
      expect_error<DeviceMissing>([&] { Engine(model, options); }, {device.name});
    }
    float y[3] = {}, x[5] = {};
    expect_error<DeviceMissing>(
        [&] { linear(ConstMatrixView(x, 1, 5), model.layer(0), MatrixView(y, 1, 3), options); },
        {"cpu:portable"});
  }
}

TEST(EngineOptions, MalformedNamesOfTheMachineAreBadInput) {
  if (kernels::images().empty()) GTEST_SKIP() << "built without CUDA kernels";
  const Model model = random_model({{5, 3}, "relu"}, 5);
  for (const char* name : {"ptx:", "ptx:tile_fma/9x9", "ptx@-3", "ptx@99999999999999999999", "ptxx"}) {
    Options options;
    options.device = name;
    expect_error<InvalidArgument>([&] { Engine(model, options); }, {name, "@SEED"});
  }
}

TEST(EngineOptions, AGpuThatIsNotThereIsNamedWithTheReason) {
  if (gpu_absence().empty()) GTEST_SKIP() << "this machine has a GPU";
  Options options;
  for (const char* name : {"cuda", "cuda:0", "cuda:7", "cuda:0:tile_fma/64x64"}) {
    options.device = name;
    expect_error<DeviceMissing>(
        [&] {
          Engine(random_model({{5, 3}, "relu"}, 5), options);
        },
        {"cuda:", gpu_absence()});
  }
  for (const char* name : {"cuda:", "cuda:x", "cuda:-1", "cuda:0:", "cuda:0:tile_fma/1x1"}) {
    options.device = name;
    expect_error<InvalidArgument>(
        [&] {
          Engine(random_model({{5, 3}, "relu"}, 5), options);
        },
        {std::string("\"") + name + '"'});
  }
}

TEST(EngineOptions, TensorArithmeticIsRefusedByName) {
  Options options;
  options.arithmetic = Arithmetic::tensor;
  const Model model = random_model({{5, 3}, "relu"}, 6);
  expect_error<Unsupported>([&] { Engine(model, options); }, {"tensor"});
}

TEST(EngineOptions, ThreadsAreNotNegative) {
  Options options;
  options.threads = -1;
  const Model model = random_model({{5, 3}, "relu"}, 7);
  expect_error<InvalidArgument>([&] { Engine(model, options); }, {"threads", "-1"});
  options.threads = 1'000'000;
  EXPECT_LT(Engine(model, options).plan(1).threads, 10'000)
      << "more than the process may use are not asked for";
}

TEST(EngineOptions, TheLogHearsWhichDeviceWasChosen) {
  const Model model = random_model({{5, 3}, "relu"}, 8);
  for (const char* name : {"auto", "cpu", "cpu:portable"}) {
    std::vector<std::string> lines;
    Options options;
    options.device = name;
    options.threads = 1;
    options.log = [&lines](std::string_view line) { lines.emplace_back(line); };
    const Engine engine(model, options);
    ASSERT_EQ(lines.size(), 1U);
    for (const std::string& word : {engine.plan(1).device, std::string("\"") + name + '"'}) {
      EXPECT_NE(lines[0].find(word), std::string::npos) << lines[0];
    }
  }
}

TEST(Copy, RefusesViewsThatNobodyCanRead) {
  const float four[] = {1, 2, 3, 4};
  expect_error<InvalidArgument>([] { copy(ConstMatrixView(static_cast<const float*>(nullptr), 2, 2)); },
                                {"copy: source: data is null", "2 × 2"});
  expect_error<InvalidArgument>([&] { copy(ConstMatrixView(four, 2, 2).with_stride(1)); },
                                {"copy: source: stride is 1", "2 columns"});
  EXPECT_EQ(copy(ConstMatrixView(static_cast<const float*>(nullptr), 0, 2)).rows(), 0);
}

}  // namespace
}  // namespace perceptron
