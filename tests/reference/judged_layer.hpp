// A layer's outputs by the reference, their truths by the oracle, and the intervals in which they must lie,
// for the tests of src/reference/bounds.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "src/reference/bounds.hpp"
#include "src/reference/canonical.hpp"
#include "tests/reference/samples.hpp"

namespace perceptron::test {

using reference::Contract;
using reference::Interval;
using reference::Preactivation;

/// All rows, one after the other.
inline std::vector<double> outputs(const Samples& samples, const Layer& layer, DType output) {
  Matrix y(output, samples.shape.rows, samples.shape.outputs);
  reference::canonical(samples.x_view(), layer, y.view());
  const Matrix wide = copy(std::as_const(y).view(), DType::f64);
  const auto* first = static_cast<const double*>(wide.data());
  return {first, first + samples.shape.rows * samples.shape.outputs};
}

inline std::vector<Preactivation> truths(const Samples& samples, const Layer& layer) {
  std::vector<Preactivation> all;
  for (std::int64_t row = 0; row < samples.shape.rows; ++row) {
    const auto some = reference::preactivations(samples.x_view(), layer, 0, row);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

inline std::vector<Interval> intervals(const std::vector<Preactivation>& z, std::int64_t per_row,
                                       const Contract& contract) {
  std::vector<Interval> all;
  for (std::size_t first = 0; first < z.size(); first += static_cast<std::size_t>(per_row)) {
    const auto some =
        reference::accepted_row(std::span(z).subspan(first, static_cast<std::size_t>(per_row)), contract);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace perceptron::test
