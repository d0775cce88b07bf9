#include "bench/workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <tuple>

namespace perceptron::bench {
namespace {

/// Values of a double that the element types round once.
void fill(Matrix& matrix, std::mt19937_64& generator) {
  std::uniform_real_distribution<double> uniform(-1, 1);
  visit_dtype(matrix.dtype(), [&]<class T>(T) {
    for (T& value : std::span(static_cast<T*>(matrix.data()), matrix.size_bytes() / sizeof(T))) {
      value = static_cast<T>(uniform(generator));
    }
  });
}

}  // namespace

Workload::Workload(const Problem& problem, const WorkloadOptions& options) {
  std::mt19937_64 generator(options.seed);
  const Problem& p = problem;
  Matrix x(p.dtype, p.rows, p.inputs, p.shared_x ? 1 : p.groups);
  fill(x, generator);
  weight_ = Matrix(p.dtype, p.outputs, p.inputs, p.groups);
  fill(weight_, generator);
  if (p.has_bias) {
    bias_ = Matrix(p.dtype, 1, p.outputs, p.groups);
    fill(bias_, generator);
  }
  for (std::int64_t set = 0; set < options.sets; ++set) {
    x_.push_back(set + 1 == options.sets ? std::move(x) : copy(x));
    y_.emplace_back(p.output_dtype, p.rows, p.outputs, p.groups);
    std::memset(y_.back().data(), 0, y_.back().size_bytes());  // Every page exists.
    sets_.push_back({x_.back().data(), y_.back().data()});
  }
  task_ = {p, options.threads, weight_.data(), p.has_bias ? bias_.data() : nullptr, sets_};
}

std::size_t Workload::moved_bytes() const { return x_.front().size_bytes() + y_.front().size_bytes(); }

std::size_t Workload::elements() const { return y_.front().size_bytes() / sizeof(float); }

/// A of every element, by rows of Wᵀ so that the inner loop runs over outputs.
std::vector<float> Workload::magnitudes() const {
  const auto [rows, inputs, outputs] =
      std::tuple(task_.problem.rows, task_.problem.inputs, task_.problem.outputs);
  std::vector<float> transposed(weight_.size_bytes() / sizeof(float));
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t k = 0; k < inputs; ++k) {
      transposed[static_cast<std::size_t>(k * outputs + o)] = std::abs(task_.f32_weight()[o * inputs + k]);
    }
  }
  std::vector<float> result(elements());
  for (std::int64_t r = 0; r < rows; ++r) {
    float* sums = result.data() + r * outputs;
    for (std::int64_t o = 0; o < outputs; ++o) sums[o] = std::abs(task_.f32_bias()[o]);
    for (std::int64_t k = 0; k < inputs; ++k) {
      const float x = std::abs(task_.f32_x(0)[r * inputs + k]);
      const float* w = transposed.data() + k * outputs;
      for (std::int64_t o = 0; o < outputs; ++o) sums[o] += x * w[o];
    }
  }
  return result;
}

void Workload::set_expected(Contender& contender) {
  contender.run(0);
  const float* y = task_.f32_y(0);
  expected_.assign(y, y + elements());
}

void Workload::verify(Contender& contender) {
  const std::span<float> found(task_.f32_y(0), elements());
  std::ranges::fill(found, std::numeric_limits<float>::quiet_NaN());
  contender.run(0);
  if (magnitude_.empty()) magnitude_ = magnitudes();
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) - expected_[i]);
    if (difference <= kAgreement * magnitude_[i]) continue;
    throw std::runtime_error(fmt::format("{}: {} ({}) gives {} for element {}, expected {} within {}",
                                         to_string(task_.problem), contender.name(), contender.way(),
                                         found[i], i, expected_[i], kAgreement * magnitude_[i]));
  }
}

}  // namespace perceptron::bench
