// Rounded sums. u is the accumulator's unit roundoff, η half its smallest subnormal, γ(h) = hu/(1 − hu).
// Every fma gives (xw + s)(1 + δ) + ε and every addition (a + b)(1 + δ), |δ| ≤ u, |ε| ≤ η; sums of floats
// never underflow inexactly, and an fma only where its product is no multiple of 2η, which tiny_products
// counts. In the blocked order a product passes through at most L = min(K, 256) fmas and ⌈K/256⌉ − 1
// additions, h roundings in all, so the total is Σ xw(1 + θ) with |θ| ≤ γ(h) (Higham, Accuracy and Stability
// of Numerical Algorithms, lemma 3.1 and section 4.2, which hold for every tree of height h), and
//   |total − Σxw| ≤ γ(h)·A + tiny·η·(1 + γ(h)).
// The bias costs one more rounding, u·|total + b|, and none where it is 0. To first order this is at most
// (L + ⌈K/256⌉)·u·(A + |b|), where an order that nobody knows has (K + 1)·u·(A + |b|).
//
// From z to y. The computed z is a value of the accumulator type, so the ends of [z − B, z + B] are rounded
// inward to that type. The activation is within its declared number of ulps of f there, and
// ulp(v) ≤ 2u|v| + 2η; the result again is a value of the accumulator type. Rounding to the output type is
// monotone: it maps ends to ends, overflow and subnormals included.
#include "src/reference/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "kernels/epilogue/activation.hpp"
#include "perceptron/error.hpp"
#include "src/reference/activation_range.hpp"
#include "src/reference/float_environment.hpp"

namespace perceptron::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr long double kUnit = std::numeric_limits<long double>::epsilon();
/// The error of epilogue::exp_nonpositive is below it (tests/reference/bounds_test.cpp).
constexpr long double kExpUlps = 1;
constexpr Interval kOnlyNan{kInfinity, -kInfinity, true};
constexpr Interval kAnything{-kInfinity, kInfinity, true};

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

/// All outputs whose value before the last rounding lies in [lo, hi] and has the accumulator type. What
/// passes the largest value may have been rounded to infinity.
Interval outputs_between(long double lo, long double hi, const Accumulator& accumulator, DType output) {
  const double low = lo <= -accumulator.largest ? -kInfinity : round_up(lo, accumulator.dtype);
  const double high = hi >= accumulator.largest ? kInfinity : round_down(hi, accumulator.dtype);
  return {round_to(low, output), round_to(high, output)};
}

/// Roundings on the longest way from a product to the sum, times u.
long double chain_error(std::int64_t inputs, const Accumulator& accumulator, Arithmetic arithmetic) {
  if (arithmetic != Arithmetic::reproducible) {
    throw Unsupported("bounds: tensor arithmetic has no bound here; reproducible arithmetic has");
  }
  const std::int64_t roundings = std::min(inputs, kSumBlock) + (inputs + kSumBlock - 1) / kSumBlock - 1;
  const long double error = static_cast<long double>(roundings) * accumulator.roundoff;
  if (error > 0.25L) {
    throw Unsupported("bounds: no bound for sums of " + std::to_string(inputs) +
                      " inputs in this accumulator; use f64");
  }
  return error;
}

/// The accumulator values between which the computed z lies.
struct Box {
  double lo;
  double hi;
};

Box box_of(const Preactivation& z, const Contract& contract) {
  const Accumulator accumulator(contract.storage);
  const long double bound = preactivation_bound(z, contract.storage, contract.arithmetic);
  const long double middle = static_cast<long double>(z.hi) + z.lo;
  const long double lo = std::nextafter(middle - bound - std::fabs(middle) * kUnit, -HUGE_VALL);
  const long double hi = std::nextafter(middle + bound + std::fabs(middle) * kUnit, HUGE_VALL);
  return {round_up(lo, accumulator.dtype), round_down(hi, accumulator.dtype)};
}

Interval accepted_finite(const Box& box, const Contract& contract) {
  const Accumulator accumulator(contract.storage);
  const Enclosure range = activation_range(contract.activation, accumulator.dtype, box.lo, box.hi);
  const long double ulps =
      epilogue::activation_error_ulps(contract.activation.kind, accumulator.dtype == DType::f64);
  const auto margin = [&](long double value) {
    return ulps == 0 ? 0
                     : ulps * 2 * accumulator.roundoff * std::fabs(value) + (ulps + 1) * accumulator.smallest;
  };
  Interval result =
      outputs_between(range.lo - margin(range.lo), range.hi + margin(range.hi), accumulator, contract.output);
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

  SoftmaxSide(const std::vector<Box>& boxes, double Box::*end) {
    for (const Box& box : boxes) largest = std::max(largest, box.*end);
    for (const Box& box : boxes) others.push_back(std::exp(static_cast<long double>(box.*end) - largest));
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
/// ln(outputs), the largest entropy of a row; twice the error of exp, ⌈outputs/32⌉ + 4 additions, one
/// division, and one more for the products of all these. To that comes the error of SoftmaxSide.
long double softmax_error(long double distance, std::size_t row_size, const Accumulator& accumulator) {
  const auto outputs = static_cast<long double>(row_size);
  // Beyond it e is at most the smallest subnormal, computed or true.
  const long double d = std::min(distance, accumulator.dtype == DType::f64 ? 747.0L : 106.0L);
  const long double roundings = d + 1.05L * std::log(outputs) + std::ceil(outputs / 32) + 6 + 4 * kExpUlps;
  const long double error = roundings * accumulator.roundoff + (2 * d + outputs + 64) * kUnit;
  if (error > 0.25L) {
    throw Unsupported("bounds: no bound for a softmax of " + std::to_string(row_size) +
                      " outputs in this accumulator; use f64");
  }
  return error;
}

/// The true value is largest where zⱼ has its upper end and the others their lower ones, and vice versa.
std::vector<Interval> accepted_softmax(const std::vector<Box>& boxes, const Contract& contract) {
  const Accumulator accumulator(contract.storage);
  const SoftmaxSide low(boxes, &Box::lo), high(boxes, &Box::hi);
  // What underflows, in exp and in the division, is off by this at most.
  const long double absolute = 4 * accumulator.smallest;
  std::vector<Interval> result;
  for (std::size_t index = 0; index < boxes.size(); ++index) {
    const Box& box = boxes[index];
    const long double distance = static_cast<long double>(high.largest) - box.lo;
    const long double error = softmax_error(distance, boxes.size(), accumulator);
    const long double lo = distance < kFar ? high.value(index, box.lo) * (1 - error) - absolute : 0;
    const long double hi = low.value(index, box.hi) / (1 - error) + absolute;
    result.push_back(outputs_between(std::max(lo, 0.0L), hi, accumulator, contract.output));
  }
  return result;
}

}  // namespace

long double preactivation_bound(const Preactivation& z, DType storage, Arithmetic arithmetic) {
  const Accumulator accumulator(storage);
  const long double chain = chain_error(z.inputs, accumulator, arithmetic);
  const long double gamma = chain / (1 - chain);
  const long double underflow = static_cast<long double>(z.tiny_products) * accumulator.smallest / 2;
  const long double sum_bound = gamma * z.magnitude + underflow * (1 + gamma);
  const long double largest =
      std::fabs(static_cast<long double>(z.hi)) + std::fabs(z.lo) + z.error + sum_bound;
  const long double bias_bound = z.bias_magnitude == 0 ? 0 : accumulator.roundoff * largest;
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
    case ZClass::finite: return accepted_finite(box_of(z, contract), contract);
    case ZClass::plus_infinity:
    case ZClass::minus_infinity: break;
  }
  const DType accumulator = accumulator_of(contract.storage);
  const long double limit =
      activation_limit(contract.activation, accumulator, z.z_class == ZClass::plus_infinity);
  if (std::isnan(limit)) return kOnlyNan;
  return {round_to(round_down(limit, accumulator), contract.output),
          round_to(round_up(limit, accumulator), contract.output)};
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
  std::vector<Box> boxes;
  for (const Preactivation& z : row) {
    boxes.push_back(z.z_class == ZClass::minus_infinity ? Box{-kInfinity, -kInfinity} : box_of(z, contract));
  }
  return accepted_softmax(boxes, contract);
}

std::vector<Interval> accepted_row(std::span<const Preactivation> row, const Contract& contract) {
  if (contract.activation.kind == ActivationKind::softmax) return accepted_softmax(row, contract);
  std::vector<Interval> result;
  for (const Preactivation& z : row) result.push_back(accepted(z, contract));
  return result;
}

}  // namespace perceptron::reference
