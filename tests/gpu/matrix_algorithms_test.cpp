// Thrust's comparison and generation on a GPU against plain loops on the host. Never run on a GPU yet, but
// over the stand-in.
#include "src/cuda/matrix_algorithms.hpp"

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "perceptron/error.hpp"
#include "perceptron/matrix.hpp"
#include "src/cuda/random_element.hpp"
#include "src/staging/matrices.hpp"
#include "tests/gpu/gpu_fixture.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron::test {
namespace {

using staging::DeviceBuffer;

class MatrixAlgorithms : public AcceleratorTest {
 protected:
  /// Both brought to the device with that many elements between the rows, and compared there.
  Verdict compare(const Matrix& expected, const Matrix& found, std::int64_t padding = 0) {
    const DeviceBuffer expected_memory = room_for(expected, 0), found_memory = room_for(found, padding);
    const MatrixView a = view_in(expected_memory, expected, 0), b = view_in(found_memory, found, padding);
    staging::copy_in(gpu(), queue(), expected.view(), a);
    staging::copy_in(gpu(), queue(), found.view(), b);
    return cuda::compare(gpu(), a, b, queue());
  }

  DeviceBuffer room_for(const Matrix& matrix, std::int64_t padding) {
    const std::int64_t elements = matrix.groups() * matrix.rows() * (matrix.columns() + padding);
    return DeviceBuffer(gpu(), {static_cast<std::size_t>(elements) * size_of(matrix.dtype()), "matrix"});
  }
  static MatrixView view_in(const DeviceBuffer& memory, const Matrix& matrix, std::int64_t padding) {
    MatrixView view(memory.data(), matrix.dtype(), matrix.rows(), matrix.columns());
    const std::int64_t stride = matrix.columns() + padding;
    view = view.with_stride(stride).with_groups(matrix.groups(), matrix.rows() * stride);
    view.place = Place::device;
    return view;
  }
};

/// A copy of everything.
Matrix same(const Matrix& matrix) { return copy(matrix.view()); }

/// Contiguous memory's element.
template <class T>
T& element(Matrix& matrix, std::int64_t group, std::int64_t row, std::int64_t column) {
  return static_cast<T*>(matrix.view().element(group, row))[column];
}

TEST_F(MatrixAlgorithms, EqualMatricesPass) {
  for (const DTypeTraits& dtype : kDTypes) {
    const Matrix matrix = random_matrix(Matrix(dtype.dtype, 37, 51, 3), 1);
    for (const std::int64_t padding : {0, 5}) {
      const Verdict verdict = compare(matrix, same(matrix), padding);
      EXPECT_TRUE(verdict.passed()) << to_string(verdict);
      EXPECT_EQ(verdict.checked, 3 * 37 * 51);
      EXPECT_FALSE(verdict.first.has_value());
    }
  }
}

TEST_F(MatrixAlgorithms, TheFirstMismatchIsThatOfTheLowestRowThenGroupThenColumn) {
  for (const DTypeTraits& dtype : kDTypes) {
    const Matrix expected = random_matrix(Matrix(dtype.dtype, 37, 51, 3), 1);
    Matrix found = same(expected);
    visit_dtype(expected.dtype(), [&]<class T>(T) {
      element<T>(found, 0, 9, 3) = static_cast<T>(7.0);
      element<T>(found, 2, 8, 4) = static_cast<T>(7.0);
      element<T>(found, 1, 8, 50) = static_cast<T>(7.0);
      element<T>(found, 1, 8, 6) = static_cast<T>(-7.0);
    });
    const Verdict verdict = compare(expected, found, 3);
    EXPECT_EQ(verdict.mismatches, 4) << dtype.name;
    ASSERT_TRUE(verdict.first.has_value());
    EXPECT_EQ(verdict.first->row, 8);
    EXPECT_EQ(verdict.first->group, 1);
    EXPECT_EQ(verdict.first->column, 6);
    EXPECT_EQ(verdict.first->found, -7.0);
    visit_dtype(expected.dtype(), [&]<class T>(T) {
      const T* row = static_cast<const T*>(std::as_const(expected).view().element(1, 8));
      EXPECT_EQ(verdict.first->expected, static_cast<double>(row[6]));
    });
  }
}

TEST_F(MatrixAlgorithms, NansAreEqualAndZerosAreNot) {
  for (const DTypeTraits& dtype : kDTypes) {
    Matrix expected(dtype.dtype, 2, 4), found(dtype.dtype, 2, 4);
    visit_dtype(expected.dtype(), [&]<class T>(T) {
      const T quiet = static_cast<T>(std::numeric_limits<double>::quiet_NaN());
      T other;
      std::memset(static_cast<void*>(&other), 0xFF, sizeof other);  // A NaN with another sign and payload.
      element<T>(expected, 0, 0, 0) = quiet;
      element<T>(found, 0, 0, 0) = other;
      element<T>(found, 0, 1, 2) = static_cast<T>(-0.0);
      element<T>(expected, 0, 1, 3) = static_cast<T>(INFINITY);
      element<T>(found, 0, 1, 3) = quiet;
    });
    const Verdict verdict = compare(expected, found);
    EXPECT_EQ(verdict.mismatches, 2) << dtype.name << ": " << to_string(verdict);
    ASSERT_TRUE(verdict.first.has_value());
    EXPECT_EQ(verdict.first->row, 1);
    EXPECT_EQ(verdict.first->column, 2);
    EXPECT_TRUE(std::signbit(verdict.first->found));
  }
}

TEST_F(MatrixAlgorithms, NothingIsComparedWhereNothingIs) {
  const Verdict verdict = compare(Matrix(DType::f32, 0, 5), Matrix(DType::f32, 0, 5));
  EXPECT_TRUE(verdict.passed());
  EXPECT_EQ(verdict.checked, 0);
}

TEST_F(MatrixAlgorithms, OtherShapesAreRefused) {
  const Matrix matrix(DType::f32, 3, 4);
  expect_error<InvalidArgument>([&] { compare(matrix, Matrix(DType::f32, 4, 3)); }, {"1 × 3 × 4 of f32"});
  expect_error<InvalidArgument>([&] { compare(matrix, Matrix(DType::f16, 3, 4)); }, {"1 × 3 × 4 of f16"});
}

TEST_F(MatrixAlgorithms, GeneratedElementsAreTheHosts) {
  for (const DTypeTraits& dtype : kDTypes) {
    const Matrix shape(dtype.dtype, 41, 53, 2);
    const std::int64_t padding = 7;
    const DeviceBuffer memory = room_for(shape, padding);
    const MatrixView view = view_in(memory, shape, padding);
    ASSERT_EQ(cudaMemset(memory.data(), 0xFF, memory.size_bytes()), cudaSuccess);
    cuda::generate(gpu(), view, 17, queue());
    std::vector<std::byte> expected(memory.size_bytes(), std::byte{0xFF});
    visit_dtype(shape.dtype(), [&]<class T>(T) {
      for (std::int64_t index = 0; index < 2 * 41 * 53; ++index) {
        const cuda::ElementPlace place{index / (41 * 53), index / 53 % 41, index % 53};
        const auto value = static_cast<T>(cuda::random_element(17, place, dtype.significand_bits));
        const std::int64_t at = (place.group * 41 + place.row) * (53 + padding) + place.column;
        std::memcpy(&expected[static_cast<std::size_t>(at) * sizeof(T)], &value, sizeof(T));
      }
    });
    EXPECT_EQ(bytes_at(memory.data(), memory.size_bytes()), expected) << dtype.name;
  }
}

/// As many as fill the device: some 200 million elements on a large one, where more than 32 bits can count
/// would need 4 GiB of f16 twice.
TEST_F(MatrixAlgorithms, LargeMatricesStayOnTheDevice) {
  constexpr std::int64_t kColumns = 1000;
  const std::int64_t rows = 1500 * gpu().traits().multiprocessors;
  const std::size_t bytes = static_cast<std::size_t>(rows * kColumns) * 2;
  const DeviceBuffer a(gpu(), {bytes, "expected"}), b(gpu(), {bytes, "found"});
  const MatrixView expected(a.data(), DType::bf16, rows, kColumns),
      found(b.data(), DType::bf16, rows, kColumns);
  cuda::generate(gpu(), expected, 5, queue());
  cuda::generate(gpu(), found, 5, queue());
  EXPECT_TRUE(cuda::compare(gpu(), expected, found, queue()).passed());
  const std::vector<std::byte> other(2, std::byte{0x40});  // 3.0625, which no generated element is.
  copy_to(found.element(0, rows - 1), other);
  const Verdict verdict = cuda::compare(gpu(), expected, found, queue());
  EXPECT_EQ(verdict.mismatches, 1);
  EXPECT_EQ(verdict.checked, rows * kColumns);
  ASSERT_TRUE(verdict.first.has_value());
  EXPECT_EQ(verdict.first->row, rows - 1);
  EXPECT_EQ(verdict.first->column, 0);
}

}  // namespace
}  // namespace perceptron::test
