// A row of inputs that are known to lie in intervals: what one layer may have given, as the next one reads
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "perceptron/layer.hpp"
#include "perceptron/matrix.hpp"
#include "src/reference/bounds.hpp"

namespace perceptron::reference {

class UncertainRow {
 public:
  /// `intervals` in values of `storage`. Nothing where an element may be anything, or is infinite on one side
  /// only: then no later layer can be judged.
  static std::optional<UncertainRow> of(std::span<const Interval> intervals, DType storage);

  /// What the layer makes of it, all outputs of one group: hi is that of the intervals' middles, and their
  /// radii are added to the declared errors; truth is that of the true inputs.
  std::vector<Preactivation> preactivations(const Layer& layer, std::int64_t group) const;

 private:
  Matrix middle_;  ///< One row.
  std::vector<double> truth_, radii_;
  bool is_certain_ = true;
};

/// The elements of a row that nothing is known of.
std::vector<Preactivation> unknown_row(const Layer& layer);

}  // namespace perceptron::reference
