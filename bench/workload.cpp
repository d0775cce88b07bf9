#include "bench/workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <type_traits>

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
  bias_ = Matrix(p.dtype, 1, p.outputs, p.groups);
  std::memset(bias_.data(), 0, bias_.size_bytes());
  if (p.has_bias) fill(bias_, generator);
  for (std::int64_t set = 0; set < options.sets; ++set) {
    x_.push_back(set + 1 == options.sets ? std::move(x) : copy(x));
    y_.emplace_back(p.output_dtype, p.rows, p.outputs, p.groups);
    std::memset(y_.back().data(), 0, y_.back().size_bytes());  // Every page exists.
    sets_.push_back({x_.back().data(), y_.back().data()});
  }
  task_ = {p, options.threads, weight_.data(), bias_.data(), sets_};
}

std::size_t Workload::moved_bytes() const { return x_.front().size_bytes() + y_.front().size_bytes(); }

/// A of every element, by rows of Wᵀ so that the inner loop runs over outputs. S: as wide as the sums.
template <class T, class S>
std::vector<double> Workload::magnitudes() const {
  const Problem& p = task_.problem;
  const auto magnitude = [](T value) { return std::abs(static_cast<S>(value)); };
  std::vector<double> result;
  std::vector<S> transposed(static_cast<std::size_t>(p.inputs * p.outputs));
  std::vector<S> sums(static_cast<std::size_t>(p.outputs));
  for (std::int64_t group = 0; group < p.groups; ++group) {
    const T* weight = task_.weight_of<T>(group);
    for (std::int64_t o = 0; o < p.outputs; ++o) {
      for (std::int64_t k = 0; k < p.inputs; ++k) {
        transposed[static_cast<std::size_t>(k * p.outputs + o)] = magnitude(weight[o * p.inputs + k]);
      }
    }
    for (std::int64_t r = 0; r < p.rows; ++r) {
      std::transform(task_.bias_of<T>(group), task_.bias_of<T>(group + 1), sums.begin(), magnitude);
      for (std::int64_t k = 0; k < p.inputs; ++k) {
        const S x = magnitude(task_.x_of<T>(0, group)[r * p.inputs + k]);
        const S* w = transposed.data() + k * p.outputs;
        for (std::size_t o = 0; o < sums.size(); ++o) sums[o] += x * w[o];
      }
      result.insert(result.end(), sums.begin(), sums.end());
    }
  }
  return result;
}

void Workload::set_expected(Contender& contender) {
  contender.run(0);
  if (is_served_by_peers(task_.problem)) expected_ = results();
}

std::vector<double> Workload::results() const {
  std::vector<double> values;
  visit_dtype(task_.problem.output_dtype, [&]<class T>(T) {
    const std::span y(static_cast<const T*>(y_.front().data()), y_.front().size_bytes() / sizeof(T));
    std::ranges::transform(y, std::back_inserter(values), [](T value) { return static_cast<double>(value); });
  });
  return values;
}

void Workload::verify(Contender& contender) {
  if (magnitude_.empty()) {
    visit_dtype(task_.problem.dtype, [&]<class T>(T) {
      magnitude_ = magnitudes<T, std::conditional_t<std::is_same_v<T, double>, double, float>>();
    });
  }
  std::memset(y_.front().data(), 0xff, y_.front().size_bytes());  // NaN in every dtype.
  contender.run(0);
  const std::vector<double> found = results();
  const double agreement = size_of(task_.problem.output_dtype) == 2 ? kAgreement16 : kAgreement;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (std::abs(found[i] - expected_[i]) <= agreement * magnitude_[i]) continue;
    throw std::runtime_error(fmt::format("{}: {} ({}) gives {} for element {}, expected {} within {}",
                                         to_string(task_.problem), contender.name(), contender.way(),
                                         found[i], i, expected_[i], agreement * magnitude_[i]));
  }
}

}  // namespace perceptron::bench
