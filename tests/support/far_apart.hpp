// Rows and groups more than 2³² elements apart, in memory that exists only where it is touched: offsets that
// went through 32 bits anywhere would read or write elsewhere.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "perceptron/linear.hpp"
#include "src/ptx/zero_pages.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron::test {

/// Beyond 32 bits, signed or not: a multiple of 16 bytes, so that vectors stay vectors, and an odd one.
inline constexpr std::int64_t kFarStrides[]{(std::int64_t{1} << 32) + 64, (std::int64_t{1} << 32) + 67};
/// Beyond 31 bits, for many rows.
inline constexpr std::int64_t kLeastFarStride = (std::int64_t{1} << 31) + 64;

/// `stride` elements from row to row; the groups follow one another.
class FarMatrix {
 public:
  FarMatrix(const ConstMatrixView& values, std::int64_t stride)
      : pages_(static_cast<std::size_t>(values.groups * values.rows * stride) * size_of(values.dtype)) {
    view_ = MatrixView(pages_.data(), values.dtype, values.rows, values.columns)
                .with_stride(stride)
                .with_groups(values.groups, values.rows * stride);
    each_row([&](std::int64_t group, std::int64_t row, std::size_t bytes) {
      std::memcpy(view_.element(group, row), values.element(group, row), bytes);
    });
  }

  const MatrixView& view() const { return view_; }
  bool has_bits_of(const ConstMatrixView& expected) const {
    bool is_same = true;
    each_row([&](std::int64_t group, std::int64_t row, std::size_t bytes) {
      is_same = is_same && std::memcmp(view_.element(group, row), expected.element(group, row), bytes) == 0;
    });
    return is_same;
  }

 private:
  template <class Body>
  void each_row(const Body& body) const {
    const std::size_t bytes = static_cast<std::size_t>(view_.columns) * size_of(view_.dtype);
    for (std::int64_t group = 0; group < view_.groups; ++group)
      for (std::int64_t row = 0; row < view_.rows; ++row) body(group, row, bytes);
  }

  ptx::ZeroPages<std::byte> pages_;
  MatrixView view_;
};

/// x, W and y with `stride` elements from row to row, against the reference on dense ones.
inline void expect_same_bits_far_apart(const Problem& problem, std::int64_t stride, const std::string& device,
                                       std::uint64_t seed) {
  const Problem& p = problem;
  const Matrix x = random_matrix(Matrix(p.dtype, p.rows, p.inputs, p.groups), seed);
  const Matrix weight = random_matrix(Matrix(p.dtype, p.outputs, p.inputs, p.groups), seed + 1);
  const Matrix bias = random_matrix(Matrix(p.dtype, 1, p.outputs, p.groups), seed + 2);
  const Matrix nothing(p.output_dtype, p.rows, p.outputs, p.groups);
  const Layer layer{weight.view(), bias.view(), p.activation};
  const Matrix expected = reference_output(x.view(), Model({layer}), p.output_dtype);
  const FarMatrix far_x(x.view(), stride), far_weight(weight.view(), stride), y(nothing.view(), stride);
  Options options;
  options.device = device;
  options.threads = 1;
  linear(far_x.view(), {far_weight.view(), bias.view(), p.activation}, y.view(), options);
  EXPECT_TRUE(y.has_bits_of(expected.view()))
      << to_string(problem) << " on " << device << ", stride " << stride;
}

}  // namespace perceptron::test
