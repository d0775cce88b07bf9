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

#include "bench/peers/peers.hpp"

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

/// What peers serve is of one dtype, f32 or f64: calls body with a value of its type.
template <class Body>
void Workload::with_element(const Body& body) const {
  task_.problem.dtype == DType::f64 ? body(double{}) : body(float{});
}

/// A of every element, by rows of Wᵀ so that the inner loop runs over outputs.
template <class T>
std::vector<T> Workload::magnitudes() const {
  const auto [rows, inputs, outputs] =
      std::tuple(task_.problem.rows, task_.problem.inputs, task_.problem.outputs);
  std::vector<T> transposed(weight_.size_bytes() / sizeof(T));
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t k = 0; k < inputs; ++k) {
      transposed[static_cast<std::size_t>(k * outputs + o)] = std::abs(task_.weight_of<T>()[o * inputs + k]);
    }
  }
  std::vector<T> result(static_cast<std::size_t>(rows * outputs));
  for (std::int64_t r = 0; r < rows; ++r) {
    T* sums = result.data() + r * outputs;
    for (std::int64_t o = 0; o < outputs; ++o) sums[o] = std::abs(task_.bias_of<T>()[o]);
    for (std::int64_t k = 0; k < inputs; ++k) {
      const T x = std::abs(task_.x_of<T>(0)[r * inputs + k]);
      const T* w = transposed.data() + k * outputs;
      for (std::int64_t o = 0; o < outputs; ++o) sums[o] += x * w[o];
    }
  }
  return result;
}

void Workload::set_expected(Contender& contender) {
  contender.run(0);
  if (!is_served_by_peers(task_.problem)) return;  // Then nobody is compared.
  with_element([&]<class T>(T) {
    const T* y = task_.y_of<T>(0);
    expected_.assign(y, y + task_.problem.rows * task_.problem.outputs);
  });
}

void Workload::verify(Contender& contender) {
  with_element([&]<class T>(T) {
    const std::span<T> found(task_.y_of<T>(0), expected_.size());
    std::ranges::fill(found, std::numeric_limits<T>::quiet_NaN());
    contender.run(0);
    if (magnitude_.empty()) {
      const std::vector<T> magnitude = magnitudes<T>();
      magnitude_.assign(magnitude.begin(), magnitude.end());
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      const double difference = std::abs(static_cast<double>(found[i]) - expected_[i]);
      if (difference <= kAgreement * magnitude_[i]) continue;
      throw std::runtime_error(fmt::format("{}: {} ({}) gives {} for element {}, expected {} within {}",
                                           to_string(task_.problem), contender.name(), contender.way(),
                                           found[i], i, expected_[i], kAgreement * magnitude_[i]));
    }
  });
}

}  // namespace perceptron::bench
