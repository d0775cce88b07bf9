// validate() of x and y that lie on a GPU: the verdict is the one on host memory, whichever of them lies
// there.
#include "perceptron/validate.hpp"

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "perceptron/engine.hpp"
#include "perceptron/error.hpp"
#include "perceptron/linear.hpp"
#include "src/staging/matrices.hpp"
#include "tests/gpu/gpu_fixture.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron::test {
namespace {

using staging::PlacedMatrix;

class ValidateOnGpu : public AcceleratorTest {
 protected:
  PlacedMatrix brought(const ConstMatrixView& host) {
    PlacedMatrix placed = staging::make_room(gpu(), host, "operand", staging::Layout::compact);
    staging::copy_in(gpu(), queue(), host, placed.view);
    gpu().synchronize(queue());
    return placed;
  }

  /// The verdict with x, y or both on the GPU; it ought to be the host's.
  void expect_the_hosts_verdict(const ConstMatrixView& x, const Model& model, const ConstMatrixView& y,
                                const ValidateOptions& options) {
    const std::string expected = describe(validate(x, model, y, options));
    const PlacedMatrix x_there = brought(x), y_there = brought(y);
    EXPECT_EQ(describe(validate(x_there.view, model, y, options)), expected);
    EXPECT_EQ(describe(validate(x, model, y_there.view, options)), expected);
    EXPECT_EQ(describe(validate(x_there.view, model, y_there.view, options)), expected);
  }
};

struct Case {
  explicit Case(DType dtype) : model(random_model({{37, 20, 9}, "gelu,tanh", dtype}, 1)) {
    x = random_matrix(Matrix(dtype, 200, 37), 2);
    y = reference_output(std::as_const(x).view(), model, dtype);
  }
  void spoil(std::int64_t row, std::int64_t column) {
    visit_dtype(y.dtype(),
                [&]<class T>(T) { static_cast<T*>(y.view().element(0, row))[column] = static_cast<T>(2.0); });
  }

  Model model;
  Matrix x, y;
};

TEST_F(ValidateOnGpu, RightOutputsPass) {
  for (const DTypeTraits& dtype : kDTypes) {
    Case data(dtype.dtype);
    EXPECT_TRUE(validate(data.x, data.model, brought(data.y).view).passed());
    expect_the_hosts_verdict(data.x, data.model, data.y, Arithmetic::reproducible);
    expect_the_hosts_verdict(data.x, data.model, data.y, Arithmetic::tensor);
  }
}

TEST_F(ValidateOnGpu, WrongElementsAreFoundAndExplained) {
  Case data(DType::f32);
  data.spoil(3, 1);
  data.spoil(199, 8);
  const Verdict verdict = validate(data.x, data.model, brought(data.y).view);
  EXPECT_EQ(verdict.mismatches, 2);
  ASSERT_EQ(verdict.failures.size(), 2U);
  EXPECT_EQ(verdict.failures[1].row, 199);
  EXPECT_EQ(verdict.failures[1].found, 2);
  expect_the_hosts_verdict(data.x, data.model, data.y, Arithmetic::reproducible);
  expect_the_hosts_verdict(data.x, data.model, data.y, Arithmetic::tensor);
}

TEST_F(ValidateOnGpu, GroupsMayShareX) {
  const Matrix weight = random_matrix(Matrix(DType::f32, 5, 7, 3), 1);
  Layer layer;
  layer.weight = weight.view();
  const Matrix x = random_matrix(Matrix(DType::f32, 70, 7), 2);
  const ConstMatrixView shared = x.view().with_groups(3, 0);
  Matrix y(DType::f32, 70, 5, 3);
  linear(shared, layer, y.view());
  const PlacedMatrix x_there = brought(shared), y_there = brought(y);
  EXPECT_TRUE(validate(x_there.view, layer, y_there.view).passed());
}

TEST_F(ValidateOnGpu, HostMemoryThatIsSaidToBeTheGpusIsRefused) {
  const Case data(DType::f32);
  expect_error<InvalidArgument>([&] { validate(data.x, data.model, data.y.view().on_device()); },
                                {"y: ", "host memory"});
  expect_error<InvalidArgument>([&] { validate(data.x.view().on_device(), data.model, data.y); },
                                {"x: ", "host memory"});
}

}  // namespace
}  // namespace perceptron::test
