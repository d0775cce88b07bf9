// validate: passes what the engine gives, and finds every single flipped bit, at its place.
#include "perceptron/validate.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "perceptron/engine.hpp"
#include "perceptron/error.hpp"
#include "perceptron/matrix.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron {
namespace {

using test::expect_error, test::random_matrix, test::random_model;

/// A grouped stack, its input and the engine's output.
struct Judged {
  explicit Judged(DType output_dtype, std::int64_t rows = 9, std::int64_t groups = 3)
      : model(random_model({{12, 7, 5}, "tanh,identity", DType::f32, groups}, 1)),
        x(random_matrix(Matrix(DType::f32, rows, 12, groups), 2)),
        y(output_dtype, rows, 5, groups) {
    Engine(model).run(x, y);
  }
  Verdict verdict(int threads = 1) const { return validate(x, model, y, threads); }
  /// Flips one bit of element (group, row, column) and returns the element's values before and after.
  std::pair<double, double> flip(std::int64_t group, std::int64_t row, std::int64_t column, std::size_t bit) {
    const std::size_t size = size_of(y.dtype());
    void* at =
        static_cast<std::byte*>(y.view().element(group, row)) + static_cast<std::size_t>(column) * size;
    const double before = value(at);
    static_cast<unsigned char*>(at)[bit / 8] ^= static_cast<unsigned char>(1U << bit % 8);
    return {before, value(at)};
  }
  double value(const void* at) const {
    return visit_dtype(y.dtype(),
                       [at]<class T>(T) { return static_cast<double>(*static_cast<const T*>(at)); });
  }

  Model model;
  Matrix x;
  Matrix y;
};

bool is_same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

TEST(Validate, EngineOutputPasses) {
  for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16}) {
    const Judged judged(dtype);
    for (const int threads : {0, 1, 2}) {
      const Verdict verdict = judged.verdict(threads);
      EXPECT_TRUE(verdict.passed()) << to_string(verdict);
      EXPECT_EQ(verdict.checked, 3 * 9 * 5);
      EXPECT_EQ(verdict.mismatches, 0);
      EXPECT_FALSE(verdict.first.has_value());
    }
    EXPECT_EQ(to_string(judged.verdict()), "135 elements, all bit-identical to the reference");
  }
}

TEST(Validate, EveryFlippedBitIsFound) {
  for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16}) {
    Judged judged(dtype, 2, 2);
    for (std::int64_t place = 0; place < 2 * 2 * 5; ++place) {
      const std::int64_t group = place / 10, row = place / 5 % 2, column = place % 5;
      for (std::size_t bit = 0; bit < 8 * size_of(dtype); ++bit) {
        const auto [expected, found] = judged.flip(group, row, column, bit);
        const Verdict verdict = judged.verdict();
        ASSERT_EQ(verdict.mismatches, 1) << to_string(dtype) << ", element " << place << ", bit " << bit;
        ASSERT_EQ(std::tuple(verdict.first->group, verdict.first->row, verdict.first->column),
                  std::tuple(group, row, column));
        ASSERT_TRUE(is_same(verdict.first->expected, expected));
        ASSERT_TRUE(is_same(verdict.first->found, found));
        judged.flip(group, row, column, bit);
      }
    }
    EXPECT_TRUE(judged.verdict().passed());
  }
}

TEST(Validate, TheFirstMismatchIsThatOfTheFirstRow) {
  // More rows than one thread judges at a time.
  for (const int threads : {1, 2, 0}) {
    Judged judged(DType::f32, 1000);
    const auto [expected, found] = judged.flip(1, 70, 4, 3);
    judged.flip(0, 71, 0, 3);
    judged.flip(2, 70, 0, 3);
    judged.flip(0, 999, 4, 31);
    const Verdict verdict = judged.verdict(threads);
    EXPECT_FALSE(verdict.passed());
    EXPECT_EQ(verdict.checked, 15000);
    EXPECT_EQ(verdict.mismatches, 4);
    ASSERT_TRUE(verdict.first);
    EXPECT_EQ(verdict.first->group, 1);
    EXPECT_EQ(verdict.first->row, 70);
    EXPECT_EQ(verdict.first->column, 4);
    EXPECT_EQ(
        to_string(verdict),
        fmt::format("4 of 15000 elements differ from the reference; first at group 1, row 70, column 4: "
                    "expected {}, found {}",
                    expected, found));
  }
}

/// One layer of one input and one output, with its verdict about y.
template <class Out>
Verdict judge(float x, float w, Out y, Activation activation = {}) {
  const Layer layer{ConstMatrixView(&w, 1, 1), {}, activation};
  return validate(ConstMatrixView(&x, 1, 1), layer, ConstMatrixView(&y, 1, 1));
}

TEST(Validate, PayloadsOfNanDoNotCount) {
  for (const std::uint32_t nan : {0x7FC00000U, 0x7F800001U, 0xFFFFFFFFU}) {
    EXPECT_TRUE(judge(NAN, 1, std::bit_cast<float>(nan)).passed()) << nan;
  }
  EXPECT_TRUE(judge(NAN, 1, Float16::from_bits(0xFC01)).passed());
  EXPECT_TRUE(judge(NAN, 1, std::bit_cast<double>(0x7FF0000000000001)).passed());
  EXPECT_FALSE(judge(NAN, 1, 0.0F).passed());
  EXPECT_FALSE(judge(NAN, 1, INFINITY).passed());
  const Verdict verdict = judge(1, 1, NAN);
  EXPECT_EQ(verdict.mismatches, 1);
  EXPECT_EQ(verdict.first->expected, 1);
  EXPECT_TRUE(std::isnan(verdict.first->found));
}

TEST(Validate, TheSignOfZeroCounts) {
  EXPECT_TRUE(judge(0, 1, 0.0F).passed());
  EXPECT_FALSE(judge(0, 1, -0.0F).passed());
  EXPECT_TRUE(judge(-0.0F, 1, 0.0).passed());
  EXPECT_FALSE(judge(-0.0F, 1, -0.0).passed());
  EXPECT_FALSE(judge(0, 1, Float16::from_bits(0x8000)).passed());
  EXPECT_FALSE(judge(0, 1, BFloat16::from_bits(0x8000)).passed());
  EXPECT_TRUE(judge(-INFINITY, 1, -0.0F, ActivationKind::silu).passed());
  EXPECT_FALSE(judge(-INFINITY, 1, 0.0F, ActivationKind::silu).passed());
}

TEST(Validate, OneLayerAndStridedViews) {
  const Model model = random_model({{12, 5}, "softmax", DType::f16}, 3);
  const Matrix x = random_matrix(Matrix(DType::f16, 20, 14), 4);
  Matrix y = random_matrix(Matrix(DType::f32, 20, 8), 5);
  const auto x_view = ConstMatrixView(x.data(), DType::f16, 20, 12).with_stride(14);
  const auto y_view = MatrixView(y.data(), DType::f32, 20, 5).with_stride(8);
  Engine(model).run(x_view, y_view);
  EXPECT_TRUE(validate(x_view, model.layer(0), y_view).passed());
  EXPECT_EQ(validate(x_view, model.layer(0), y_view).checked, 100);
  static_cast<float*>(y_view.element(0, 19))[4] += 0.5F;
  EXPECT_EQ(validate(x_view, model.layer(0), y_view).mismatches, 1);
  EXPECT_EQ(validate(x_view, model.layer(0), y_view).first->row, 19);
}

TEST(Validate, NoRowsPass) {
  const Model model = random_model({{12, 5}, "relu"}, 6);
  const Verdict verdict = validate(ConstMatrixView(nullptr, DType::f32, 0, 12), model,
                                   ConstMatrixView(nullptr, DType::f32, 0, 5));
  EXPECT_TRUE(verdict.passed());
  EXPECT_EQ(verdict.checked, 0);
}

TEST(Validate, RefusesWhatTheEngineRefuses) {
  const Model model = random_model({{12, 5}, "relu"}, 7);
  const Matrix x(DType::f32, 3, 12), half(DType::f16, 3, 12), y(DType::f32, 3, 5), narrow(DType::f32, 3, 4);
  expect_error<InvalidArgument>([&] { validate(half, model, y); }, {"x: ", "f16", "f32"});
  expect_error<InvalidArgument>([&] { validate(x, model, narrow); }, {"y: ", "outputs", "5", "4"});
  expect_error<InvalidArgument>([&] { validate(x, model, ConstMatrixView(nullptr, DType::f32, 3, 5)); },
                                {"y: ", "null"});
  Layer layer = model.layer(0);
  layer.weight.stride = 1;
  expect_error<InvalidArgument>([&] { validate(x, layer, y); }, {"weight", "stride"});
}

}  // namespace
}  // namespace perceptron
