// Rounded sums. u is the accumulator's unit roundoff, η half its smallest subnormal, γ(h) = hu/(1 − hu).
// Every fma gives (xw + s)(1 + δ) + ε and every addition (a + b)(1 + δ), |δ| ≤ u, |ε| ≤ η; sums of floats
// never underflow inexactly, and an fma only where its product is no multiple of 2η, which tiny_products
// counts. A product passes through at most h roundings (arithmetic_error.hpp), so the total is Σ xw(1 + θ)
// with |θ| ≤ γ(h) (Higham, Accuracy and Stability of Numerical Algorithms, lemma 3.1 and section 4.2, which
// hold for every tree of height h), and
//   |total − Σxw| ≤ γ(h)·A + tiny·η·(1 + γ(h)).
// A bias that is added afterwards costs one more rounding, u·|total + b|, and none where it is 0. To first
// order this is at most (L + ⌈K/256⌉)·u·(A + |b|) in the blocked order, where an order that nobody knows has
// (K + 1)·u·(A + |b|). Where the oracle says that no operation rounds, B = 0 in any order.
//
// From z to y. In reproducible arithmetic the computed z is a value of the accumulator type, so the ends of
// [z − B, z + B] are rounded inward to that type, and so are those of f; others may go on in a wider type,
// and ends are rounded outward. The activation is within its number of ulps of f there, and ulp(v) ≤ 2u|v| +
// 2η. Rounding to the output type is monotone: it maps ends to ends, overflow and subnormals included.
#include "src/reference/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "perceptron/error.hpp"
#include "src/reference/activation_range.hpp"
#include "src/reference/arithmetic_error.hpp"
#include "src/reference/float_environment.hpp"

namespace perceptron::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr long double kUnit = std::numeric_limits<long double>::epsilon();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Interval kOnlyNan{
    .lo = kInfinity, .hi = -kInfinity, .allows_nan = true, .truth = kNan, .unrounded_truth = kNan};
constexpr Interval kAnything{
    .lo = -kInfinity, .hi = kInfinity, .allows_nan = true, .truth = kNan, .unrounded_truth = kNan};

/// The accumulator type of a storage type.
struct Accumulator {
  DType dtype;
  long double roundoff;  ///< u
  long double smallest;  ///< 2η
  long double largest;

  explicit Accumulator(DType storage)
      : dtype(accumulator_of(storage)),
        roundoff(dtype == DType::f64 ? 0x1p-53L : 0x1p-24L),
        smallest(dtype == DType::f64 ? 0x1p-1074L : 0x1p-149L),
        largest(dtype == DType::f64 ? std::numeric_limits<double>::max()
                                    : std::numeric_limits<float>::max()) {}
};

template <class A>
double up_to(long double value) {
  const A near = static_cast<A>(value);
  return near < value ? std::nextafter(near, std::numeric_limits<A>::infinity()) : near;
}

/// The smallest value of the type that is not below `value`; +∞ above the largest.
double round_up(long double value, DType type) {
  return type == DType::f64 ? up_to<double>(value) : up_to<float>(value);
}
double round_down(long double value, DType type) { return -round_up(-value, type); }

double round_to(double value, DType type) {
  return visit_dtype(
      type, [value]<class Stored>(Stored) { return static_cast<double>(static_cast<Stored>(value)); });
}

/// A range of real numbers as values of the accumulator type.
struct Ends {
  double lo;
  double hi;
};

/// What passes the largest value may have been rounded to infinity.
Ends ends_of(long double lo, long double hi, const Contract& contract) {
  const Accumulator accumulator(contract.storage);
  const bool is_inward = contract.arithmetic == Arithmetic::reproducible;
  Ends ends{-kInfinity, kInfinity};
  if (lo > -accumulator.largest) {
    ends.lo = is_inward ? round_up(lo, accumulator.dtype) : round_down(lo, accumulator.dtype);
  }
  if (hi < accumulator.largest) {
    ends.hi = is_inward ? round_down(hi, accumulator.dtype) : round_up(hi, accumulator.dtype);
  }
  return ends;
}

void set_truth(Interval& interval, double truth, const Contract& contract) {
  interval.unrounded_truth = truth;
  interval.truth = std::clamp(round_to(truth, contract.output), interval.lo, interval.hi);
}

/// All outputs whose value before the last rounding lies in [lo, hi], and the one nearest to the truth.
Interval outputs_between(long double lo, long double hi, long double truth, const Contract& contract) {
  const Ends ends = ends_of(lo, hi, contract);
  Interval result{round_to(ends.lo, contract.output), round_to(ends.hi, contract.output)};
  set_truth(result, static_cast<double>(truth), contract);
  return result;
}

/// Between these ends lies the computed z.
Ends box_of(const Preactivation& z, const Contract& contract) {
  const long double bound = preactivation_bound(z, contract.storage, contract.arithmetic);
  if (bound == 0) return {z.hi, z.hi};
  const long double middle = static_cast<long double>(z.hi) + z.lo;
  const long double lo = std::nextafter(middle - bound - std::fabs(middle) * kUnit, -HUGE_VALL);
  const long double hi = std::nextafter(middle + bound + std::fabs(middle) * kUnit, HUGE_VALL);
  return ends_of(lo, hi, contract);
}

/// Where rounded arithmetic may end whose z lies in the box and f(z) in the range.
Enclosure widened(const Enclosure& range, const Ends& box, const Contract& contract) {
  const Accumulator accumulator(contract.storage);
  const auto error_at = [&](double z) {
    return activation_error(contract.activation.kind, accumulator.dtype, contract.arithmetic, z);
  };
  const ActivationError low = error_at(box.lo), high = error_at(box.hi);
  const long double absolute = std::max(low.absolute, high.absolute);
  const auto margin = [&](long double value) {
    if (low.ulps == 0) return absolute;
    return low.ulps * 2 * accumulator.roundoff * std::fabs(value) + (low.ulps + 1) * accumulator.smallest +
           absolute;
  };
  return {range.lo - margin(range.lo), range.hi + margin(range.hi)};
}

Interval accepted_finite(const Preactivation& z, const Contract& contract) {
  const DType accumulator = accumulator_of(contract.storage);
  const Ends box = box_of(z, contract);
  const Enclosure range =
      widened(activation_range(contract.activation, accumulator, box.lo, box.hi), box, contract);
  const Enclosure truth = activation_range(contract.activation, accumulator, z.truth, z.truth);
  Interval result = outputs_between(range.lo, range.hi, (truth.lo + truth.hi) / 2, contract);
  result.ends_only = contract.activation.kind == ActivationKind::step;
  return result;
}

/// For each of the positive terms the sum of the others, without cancellation.
std::vector<long double> sums_of_others(const std::vector<long double>& terms) {
  std::vector<long double> others(terms.size());
  std::exclusive_scan(terms.begin(), terms.end(), others.begin(), 0.0L);
  long double after = 0;
  for (std::size_t index = terms.size(); index-- > 0;) {
    others[index] += after;
    after += terms[index];
  }
  return others;
}

/// The ends `end` of all boxes, seen from the largest of them.
struct SoftmaxSide {
  double largest = -kInfinity;
  std::vector<long double> others;  ///< Σ exp(zᵢ − largest) over i ≠ j.

  SoftmaxSide(const std::vector<Ends>& boxes, double Ends::*end) {
    for (const Ends& box : boxes) largest = std::max(largest, box.*end);
    for (const Ends& box : boxes) others.push_back(std::exp(static_cast<long double>(box.*end) - largest));
    others = sums_of_others(others);
  }

  /// Of element j = index, were its z this one. Nothing is lost where largest − z is below kFar.
  long double value(std::size_t index, double z) const {
    return 1 / (1 + others[index] * std::exp(largest - static_cast<long double>(z)));
  }
};

/// A third of the exponents of long double: e^−kFar of what e^kFar multiplies is still a normal number.
constexpr long double kFar = std::numeric_limits<long double>::max_exponent * 0.3L;

/// Relative error of computed element j of softmax for given z, with d = max − zⱼ. In units of u: d from
/// rounding the difference in the numerator; in the denominator its mean weighted by e, which is at most
/// ln(outputs), the largest entropy of a row; twice the error of exp, the additions (⌈outputs/32⌉ + 4 in the
/// contract's order), one division, and one more for the products of all these. To that comes the error of
/// SoftmaxSide.
long double softmax_error(long double distance, std::size_t row_size, const Contract& contract) {
  const Accumulator accumulator(contract.storage);
  const auto outputs = static_cast<long double>(row_size);
  // Beyond it e is at most the smallest subnormal, computed or true.
  const long double d = std::min(distance, accumulator.dtype == DType::f64 ? 747.0L : 106.0L);
  const long double roundings = softmax_roundings(d, outputs, contract.arithmetic);
  const long double error = roundings * accumulator.roundoff + (2 * d + outputs + 64) * kUnit;
  if (error > 0.25L) {
    throw Unsupported("bounds: no bound for a softmax of " + std::to_string(row_size) +
                      " outputs in this accumulator; use f64");
  }
  return error;
}

/// The boxes of a row, and the true z as boxes without width.
struct SoftmaxRow {
  std::vector<Ends> boxes, truths;
};

/// The true value is largest where zⱼ has its upper end and the others their lower ones, and vice versa.
std::vector<Interval> accepted_softmax(const SoftmaxRow& row, const Contract& contract) {
  const Accumulator accumulator(contract.storage);
  const SoftmaxSide low(row.boxes, &Ends::lo), high(row.boxes, &Ends::hi), middle(row.truths, &Ends::lo);
  // What underflows, in exp and in the division, is off by this at most.
  const long double absolute = 4 * accumulator.smallest;
  std::vector<Interval> result;
  for (std::size_t index = 0; index < row.boxes.size(); ++index) {
    const Ends& box = row.boxes[index];
    const long double distance = static_cast<long double>(high.largest) - box.lo;
    const long double error = softmax_error(distance, row.boxes.size(), contract);
    const bool is_far = distance >= kFar;
    const long double lo = is_far ? 0 : high.value(index, box.lo) * (1 - error) - absolute;
    const long double hi = low.value(index, box.hi) / (1 - error) + absolute;
    const long double truth = is_far ? 0 : middle.value(index, row.truths[index].lo);
    result.push_back(outputs_between(std::max(lo, 0.0L), hi, truth, contract));
  }
  return result;
}

}  // namespace

long double preactivation_bound(const Preactivation& z, DType storage, Arithmetic arithmetic) {
  if (z.is_exact) return 0;
  const Accumulator accumulator(storage);
  const SumError error = sum_error(z, storage, arithmetic);
  const long double chain = error.roundings * accumulator.roundoff;
  if (chain > 0.25L) {
    throw Unsupported("bounds: no bound for sums of " + std::to_string(z.inputs) +
                      " inputs in this accumulator; use f64");
  }
  const long double gamma = chain / (1 - chain);
  const long double underflow = error.underflow * accumulator.smallest;
  const long double sum_bound = gamma * error.magnitude + underflow * (1 + gamma);
  const long double largest =
      std::fabs(static_cast<long double>(z.hi)) + std::fabs(z.lo) + z.error + sum_bound;
  const bool rounds_bias = error.adds_bias_afterwards && z.bias_magnitude != 0;
  const long double bias_bound = rounds_bias ? accumulator.roundoff * largest : 0;
  // 16 units for the roundings of this function.
  const long double bound = (sum_bound + bias_bound + z.error) * (1 + 16 * kUnit);
  return bound == 0 ? 0 : std::nextafter(bound, HUGE_VALL);
}

Interval accepted(const Preactivation& z, const Contract& contract) {
  if (contract.activation.kind == ActivationKind::softmax) {
    throw InvalidArgument("bounds: softmax is judged by the row, with accepted_softmax");
  }
  const FloatEnvironment environment;
  switch (z.z_class) {
    case ZClass::nan: return kOnlyNan;
    case ZClass::may_overflow: return kAnything;
    case ZClass::finite: return accepted_finite(z, contract);
    case ZClass::plus_infinity:
    case ZClass::minus_infinity: break;
  }
  const DType accumulator = accumulator_of(contract.storage);
  const long double limit =
      activation_limit(contract.activation, accumulator, z.z_class == ZClass::plus_infinity);
  if (std::isnan(limit)) return kOnlyNan;
  Interval result{round_to(round_down(limit, accumulator), contract.output),
                  round_to(round_up(limit, accumulator), contract.output)};
  set_truth(result, static_cast<double>(limit), contract);
  return result;
}

std::vector<Interval> accepted_softmax(std::span<const Preactivation> row, const Contract& contract) {
  const auto count = [row](auto... classes) {
    return std::ranges::count_if(row,
                                 [=](const Preactivation& z) { return ((z.z_class == classes) || ...); });
  };
  const bool all_minus = count(ZClass::minus_infinity) == std::ssize(row);
  if (all_minus || count(ZClass::nan, ZClass::plus_infinity) > 0) return {row.size(), kOnlyNan};
  if (count(ZClass::may_overflow) > 0) return {row.size(), kAnything};
  const FloatEnvironment environment;
  SoftmaxRow known;
  for (const Preactivation& z : row) {
    const bool is_infinite = z.z_class == ZClass::minus_infinity;
    known.boxes.push_back(is_infinite ? Ends{-kInfinity, -kInfinity} : box_of(z, contract));
    known.truths.push_back(is_infinite ? Ends{-kInfinity, -kInfinity} : Ends{z.truth, z.truth});
  }
  return accepted_softmax(known, contract);
}

std::vector<Interval> accepted_row(std::span<const Preactivation> row, const Contract& contract) {
  if (contract.activation.kind == ActivationKind::softmax) return accepted_softmax(row, contract);
  std::vector<Interval> result;
  for (const Preactivation& z : row) result.push_back(accepted(z, contract));
  return result;
}

}  // namespace perceptron::reference
