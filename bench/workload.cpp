#include "bench/workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <tuple>

#include "perceptron/error.hpp"

namespace perceptron::bench {
namespace {

std::span<float> elements(Matrix& matrix) {
  return {static_cast<float*>(matrix.data()), matrix.size_bytes() / sizeof(float)};
}
std::span<const float> elements(const Matrix& matrix) {
  return {static_cast<const float*>(matrix.data()), matrix.size_bytes() / sizeof(float)};
}

Matrix random_matrix(std::int64_t rows, std::int64_t columns, std::mt19937& generator) {
  Matrix matrix(DType::f32, rows, columns);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (float& value : elements(matrix)) value = uniform(generator);
  return matrix;
}

const Problem& checked(const Problem& problem) {
  Problem served = problem;
  served.groups = 1;
  served.dtype = served.output_dtype = DType::f32;
  served.has_bias = true;
  served.shared_x = false;
  served.arithmetic = Arithmetic::reproducible;
  const bool is_elementwise = problem.activation.kind != ActivationKind::softmax;
  if (served == problem && is_elementwise && problem.rows > 0) return problem;
  throw InvalidArgument(
      fmt::format("{}: the CPU comparison takes ROWSxINPUTSxOUTPUTS:f32:activation with at least "
                  "one row and an element-wise activation",
                  to_string(problem)));
}

}  // namespace

Workload::Workload(const Problem& problem, int threads) {
  std::mt19937 generator(1);
  const Problem& p = checked(problem);
  x_ = random_matrix(p.rows, p.inputs, generator);
  weight_ = random_matrix(p.outputs, p.inputs, generator);
  bias_ = random_matrix(1, p.outputs, generator);
  y_ = Matrix(DType::f32, p.rows, p.outputs);
  task_ = {
      p, threads, elements(weight_).data(), elements(bias_).data(), elements(x_).data(), elements(y_).data()};
}

/// A of every element, by rows of Wᵀ so that the inner loop runs over outputs.
std::vector<float> Workload::magnitudes() const {
  const auto [rows, inputs, outputs] =
      std::tuple(task_.problem.rows, task_.problem.inputs, task_.problem.outputs);
  std::vector<float> transposed(elements(weight_).size());
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t k = 0; k < inputs; ++k) {
      transposed[static_cast<std::size_t>(k * outputs + o)] = std::abs(task_.weight[o * inputs + k]);
    }
  }
  std::vector<float> result(elements(y_).size());
  for (std::int64_t r = 0; r < rows; ++r) {
    float* sums = result.data() + r * outputs;
    for (std::int64_t o = 0; o < outputs; ++o) sums[o] = std::abs(task_.bias[o]);
    for (std::int64_t k = 0; k < inputs; ++k) {
      const float x = std::abs(task_.x[r * inputs + k]);
      const float* w = transposed.data() + k * outputs;
      for (std::int64_t o = 0; o < outputs; ++o) sums[o] += x * w[o];
    }
  }
  return result;
}

void Workload::set_expected(Contender& contender) {
  contender.run();
  expected_.assign(elements(y_).begin(), elements(y_).end());
}

void Workload::verify(Contender& contender) {
  std::ranges::fill(elements(y_), std::numeric_limits<float>::quiet_NaN());
  contender.run();
  if (magnitude_.empty()) magnitude_ = magnitudes();
  const std::span<const float> found = elements(y_);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) - expected_[i]);
    if (difference <= kAgreement * magnitude_[i]) continue;
    throw std::runtime_error(fmt::format("{}: {} ({}) gives {} for element {}, expected {} within {}",
                                         to_string(task_.problem), contender.name(), contender.way(),
                                         found[i], i, expected_[i], kAgreement * magnitude_[i]));
  }
}

}  // namespace perceptron::bench
