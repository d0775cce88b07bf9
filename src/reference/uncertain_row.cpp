// With inputs m + δ, |δₖ| ≤ rₖ, the true z differs from that of m by Σ|wₖ|rₖ at most, and A by as much. This
// spread joins the oracle's own error, and so B. Which products are small or zero is then not known: all may
// be. The middles m keep the intervals narrow, but are not what exact arithmetic gives: the true inputs go
// through the layer beside them.
#include "src/reference/uncertain_row.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/reference/float_environment.hpp"

namespace perceptron::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Spread {
  double radius = 0;  ///< Σ|wₖ|rₖ, not below it.
  double weight = 0;  ///< Σ|wₖ|, not below it.
};

Spread spread_of(const ConstMatrixView& weight, const ElementIndex& at, const std::vector<double>& radii) {
  Spread spread;
  visit_dtype(weight.dtype, [&]<class T>(T) {
    const auto* w = static_cast<const T*>(weight.element(at.group, at.output));
    for (std::size_t k = 0; k < radii.size(); ++k) {
      const double size = std::fabs(static_cast<double>(w[k]));
      spread.weight += size;
      if (radii[k] != 0) spread.radius += size * radii[k];
    }
  });
  const double slack = 1 + static_cast<double>(radii.size() + 2) * 0x1p-52;
  return {spread.radius * slack, spread.weight * slack};
}

void add_spread(Preactivation& z, const Spread& spread, DType storage) {
  const bool is_f64 = storage == DType::f64;
  const double largest =
      is_f64 ? std::numeric_limits<double>::max() : double{std::numeric_limits<float>::max()};
  z.is_exact = false;
  z.error = std::nextafter(z.error + spread.radius, kInfinity);
  z.magnitude = std::nextafter(z.magnitude + spread.radius, kInfinity);
  z.nonzero_products = z.tiny_products = z.inputs;
  if (size_of(storage) == 2)
    z.subnormal_excess += spread.weight * (storage == DType::f16 ? 0x1p-14 : 0x1p-126);
  if (!(z.magnitude + z.bias_magnitude < largest / 2)) z.z_class = ZClass::may_overflow;
}

}  // namespace

std::optional<UncertainRow> UncertainRow::of(std::span<const Interval> intervals, DType storage) {
  const FloatEnvironment environment;
  UncertainRow row;
  std::vector<double> middles;
  for (const Interval& interval : intervals) {
    const bool is_single = interval.has_one_value();
    if (!interval.is_judged()) return std::nullopt;
    if (!is_single && (std::isinf(interval.lo) || std::isinf(interval.hi))) return std::nullopt;
    middles.push_back(is_single ? interval.truth : interval.lo / 2 + interval.hi / 2);
    row.truth_.push_back(is_single ? interval.truth : interval.unrounded_truth);
  }
  row.middle_ = copy(ConstMatrixView(middles.data(), 1, static_cast<std::int64_t>(middles.size())), storage);
  visit_dtype(storage, [&]<class T>(T) {
    const auto* stored = static_cast<const T*>(row.middle_.data());
    for (std::size_t k = 0; k < intervals.size(); ++k) {
      const Interval& interval = intervals[k];
      const auto middle = static_cast<double>(stored[k]);
      const double radius =
          interval.has_one_value()
              ? 0
              : std::nextafter(std::max(interval.hi - middle, middle - interval.lo), kInfinity);
      row.radii_.push_back(radius);
      row.is_certain_ = row.is_certain_ && radius == 0;
    }
  });
  return row;
}

std::vector<Preactivation> UncertainRow::preactivations(const Layer& layer, std::int64_t group) const {
  const FloatEnvironment environment;
  const ConstMatrixView x = middle_.view().with_groups(layer.groups(), 0);
  std::vector<Preactivation> row = reference::preactivations(x, layer, group, 0);
  if (is_certain_) return row;
  const ConstMatrixView true_x(truth_.data(), 1, static_cast<std::int64_t>(truth_.size()));
  const auto true_row = reference::preactivations(true_x.with_groups(layer.groups(), 0), layer, group, 0);
  for (std::size_t output = 0; output < row.size(); ++output) {
    const ElementIndex at{group, 0, static_cast<std::int64_t>(output)};
    add_spread(row[output], spread_of(layer.weight, at, radii_), layer.weight.dtype);
    if (true_row[output].z_class == ZClass::finite) row[output].truth = true_row[output].truth;
  }
  return row;
}

std::vector<Preactivation> unknown_row(const Layer& layer) {
  Preactivation unknown;
  unknown.inputs = layer.inputs();
  unknown.z_class = ZClass::may_overflow;
  return {static_cast<std::size_t>(layer.outputs()), unknown};
}

}  // namespace perceptron::reference
