// Each true value is computed in long double from a form that is relatively accurate for every z, and widened
// by relative_error: the C library's functions are within 5 units of its last place (glibc's own table), and
// the few operations around them, each half a unit, add little; 32 units are granted. On x86 a unit is 2⁻⁶³.
#include "src/reference/activation_range.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace perceptron::reference {
namespace {

constexpr long double kInfinity = std::numeric_limits<long double>::infinity();
constexpr long double kUnit = std::numeric_limits<long double>::epsilon();
constexpr long double kSqrtHalf = 0.7071067811865475244008444L;
constexpr long double kSqrtTwoOverPi = 0.7978845608028653558798921L;
constexpr long double kSeluScale = 1.0507009873554805L;
constexpr long double kSeluAlpha = 1.6732632423543772L;

long double sigmoid(long double z) {
  if (z >= 0) return 1 / (1 + std::exp(-z));
  const long double e = std::exp(z);
  return e / (1 + e);
}

long double softplus(long double z) { return std::max(z, 0.0L) + std::log1p(std::exp(-std::fabs(z))); }

/// Half of 1 + tanh(v) is sigmoid(2v); this is 2v.
long double gelu_tanh_argument(long double z) { return 2 * kSqrtTwoOverPi * z * (1 + 0.044715L * z * z); }

/// One rounding before the clamp, as the contract defines it.
long double hard_sigmoid(long double a, long double z) {
  return std::clamp(std::fma(a, z, 0.5L), 0.0L, 1.0L);
}

long double value(ActivationKind kind, long double a, long double z) {
  switch (kind) {
    case ActivationKind::identity: return z;
    case ActivationKind::step: return z > 0 ? 1 : 0;
    case ActivationKind::sigmoid: return sigmoid(z);
    case ActivationKind::tanh: return std::tanh(z);
    case ActivationKind::relu: return std::max(z, 0.0L);
    case ActivationKind::leaky_relu: return z > 0 ? z : a * z;
    case ActivationKind::elu: return z > 0 ? z : a * std::expm1(z);
    case ActivationKind::selu: return kSeluScale * (z > 0 ? z : kSeluAlpha * std::expm1(z));
    case ActivationKind::gelu: return z / 2 * std::erfc(-z * kSqrtHalf);
    case ActivationKind::gelu_tanh: return z * sigmoid(gelu_tanh_argument(z));
    case ActivationKind::silu: return z * sigmoid(z);
    case ActivationKind::softplus: return softplus(z);
    case ActivationKind::softsign: return z / (1 + std::fabs(z));
    case ActivationKind::hard_sigmoid: return hard_sigmoid(a, z);
    case ActivationKind::hard_tanh: return std::clamp(z, -1.0L, 1.0L);
    case ActivationKind::hard_swish: return z * hard_sigmoid(a, z);
    case ActivationKind::mish: return z * std::tanh(softplus(z));
    case ActivationKind::softmax: break;
  }
  return std::numeric_limits<long double>::quiet_NaN();
}

/// In units. Where e^v makes the value, below 0, rounding v costs |v| times as many units as v itself is off
/// by: up to two for gelu's z²/2 (twice that is granted), up to four for gelu_tanh's argument. From |v| = 10⁵
/// on the value is 0.
long double relative_error(ActivationKind kind, long double z) {
  switch (kind) {
    case ActivationKind::identity:
    case ActivationKind::step:
    case ActivationKind::relu:
    case ActivationKind::hard_tanh: return 0;
    case ActivationKind::gelu: return 32 + (z < 0 ? std::min(2 * z * z, 1e6L) : 0);
    case ActivationKind::gelu_tanh: return 32 + (z < 0 ? std::min(-4 * gelu_tanh_argument(z), 1e6L) : 0);
    default: return 32;
  }
}

Enclosure enclosure(ActivationKind kind, long double a, long double z) {
  const long double middle = value(kind, a, z);
  const long double units = relative_error(kind, z);
  if (units == 0 || middle == 0) return {middle, middle};
  const long double half = std::fabs(middle) * (units * kUnit) + std::numeric_limits<long double>::min();
  return {middle - half, middle + half};
}

/// The only place besides the ends of an interval where f may have an extremum: the minimum, or 0, where a
/// negative parameter of leaky_relu or elu turns the slope (elsewhere 0 is a point like any other).
/// A point 10⁻²⁰ beside a minimum differs from it by 10⁻⁴⁰.
long double turning_point(ActivationKind kind, long double a) {
  switch (kind) {
    case ActivationKind::gelu: return -0.7517915246935644574579049L;
    case ActivationKind::gelu_tanh: return -0.7524614220710162584879544L;
    case ActivationKind::silu: return -1.278464542761073795109359L;
    case ActivationKind::mish: return -1.192431214515495212137588L;
    case ActivationKind::hard_swish: return -1 / (4 * a);
    default: return 0;
  }
}

long double parameter(const Activation& activation, DType accumulator) {
  const double a = activation.kind == ActivationKind::hard_swish
                       ? traits(ActivationKind::hard_sigmoid).default_parameter
                       : activation.parameter;
  return accumulator == DType::f64 ? a : double{static_cast<float>(a)};
}

}  // namespace

Enclosure activation_range(const Activation& activation, DType accumulator, double lo, double hi) {
  const long double a = parameter(activation, accumulator);
  const auto at = [&](long double z) { return enclosure(activation.kind, a, z); };
  const Enclosure first = at(lo), last = at(hi);
  Enclosure range{std::min(first.lo, last.lo), std::max(first.hi, last.hi)};
  const long double turn = turning_point(activation.kind, a);
  if (lo < turn && turn < hi) {
    const Enclosure inner = at(turn);
    range = {std::min(range.lo, inner.lo), std::max(range.hi, inner.hi)};
  }
  return range;
}

long double activation_limit(const Activation& activation, DType accumulator, bool at_plus_infinity) {
  if (activation.kind == ActivationKind::softsign) return at_plus_infinity ? 1 : -1;
  if (!at_plus_infinity) {
    switch (activation.kind) {
      case ActivationKind::gelu:
      case ActivationKind::gelu_tanh:
      case ActivationKind::silu:
      case ActivationKind::hard_swish:
      case ActivationKind::mish: return -0.0L;
      default: break;
    }
  }
  return value(activation.kind, parameter(activation, accumulator),
               at_plus_infinity ? kInfinity : -kInfinity);
}

}  // namespace perceptron::reference
