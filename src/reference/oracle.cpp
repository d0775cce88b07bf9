// Error-free transformations (Dekker, Knuth; Ogita, Rump & Oishi, "Accurate sum and dot product", 2005).
//
// With u = 2⁻⁵³ and K = inputs: each product is p + e exactly (f32 and narrower: e = 0, since 48 bits fit),
// each addition s + p is s' + q exactly, the bias too, so z = s + Σ(e + q) exactly; only the sum c of these
// 2K + 1 small terms is rounded: |c − Σ(e + q)| ≤ γ(2K)·Σ(|e| + |q|), with γ(n) = nu/(1 − nu). Each |e| ≤
// u|xw|, each |q| ≤ u|s'|, and |s'| ≤ (1 + u)^(K+2)·(A + |b|); together Σ(|e| + |q|) ≤ γ(K + 2)·(A + |b|).
// Hence
//   |hi + lo − z| ≤ γ(2K)·γ(K + 2)·(A + |b|) ≤ 3·(K + 2)²·u²·(A + |b|)     for K < 2⁴².
// Where a product of two f64 lies below 2⁻⁹⁶⁹, e itself is rounded, by at most 2⁻¹⁰⁷⁵; sums never underflow.
#include "src/reference/oracle.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "src/reference/float_environment.hpp"

namespace perceptron::reference {
namespace {

constexpr double kSmallest = std::numeric_limits<double>::denorm_min();

struct Sums {
  double sum = 0;
  double compensation = 0;
  double magnitude = 0;
  double subnormal_excess = 0;
  std::int64_t tiny_products = 0;
  std::int64_t nonzero_products = 0;
};

using Operands = std::vector<double>;

/// The error of the rounded sum of a and b, exactly (Knuth's TwoSum, in any order of magnitudes).
[[gnu::always_inline]] inline double sum_error(double a, double b, double sum) {
  const double b_part = sum - a;
  return (a - (sum - b_part)) + (b - b_part);
}

/// A product of 24-bit significands is a multiple of 2⁻¹⁴⁹, and so exact in an f32 sum of any size, where it
/// reaches 2⁻¹⁰²; the same for 53 bits, 2⁻¹⁰⁷⁴ and 2⁻⁹⁶⁹.
template <DType kStorage>
[[gnu::always_inline]] inline Sums sums_of(const Operands& x, const Operands& w) {
  constexpr bool kF64 = kStorage == DType::f64;
  constexpr double kTiny = kF64 ? 0x1p-969 : 0x1p-102;
  constexpr double kSmallestNormal = kStorage == DType::f16 ? 0x1p-14 : 0x1p-126;
  Sums sums;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const double product = x[k] * w[k];
    const double sum = sums.sum + product;
    if constexpr (kF64) sums.compensation += std::fma(x[k], w[k], -product);
    sums.compensation += sum_error(sums.sum, product, sum);
    sums.sum = sum;
    sums.magnitude += std::fabs(product);
    const bool is_nonzero = x[k] != 0 && w[k] != 0;
    sums.nonzero_products += is_nonzero ? 1 : 0;
    if (std::fabs(product) < kTiny && is_nonzero) ++sums.tiny_products;
    if constexpr (size_of(kStorage) == 2) {
      const double raised =
          std::max(std::fabs(x[k]), kSmallestNormal) * std::max(std::fabs(w[k]), kSmallestNormal);
      sums.subnormal_excess += is_nonzero ? raised - std::fabs(product) : 0;
    }
  }
  return sums;
}

#if defined(__x86_64__)
// The instruction instead of a call of the C library, which gives the same result.
__attribute__((target("fma"))) Sums f64_sums_fused(const Operands& x, const Operands& w) {
  return sums_of<DType::f64>(x, w);
}
bool has_fma() {
  static const bool has = __builtin_cpu_supports("fma");
  return has;
}
#else
Sums f64_sums_fused(const Operands& x, const Operands& w) { return sums_of<DType::f64>(x, w); }
bool has_fma() { return false; }
#endif

Sums sums_in(DType storage, const Operands& x, const Operands& w) {
  switch (storage) {
    case DType::f32: return sums_of<DType::f32>(x, w);
    case DType::f16: return sums_of<DType::f16>(x, w);
    case DType::bf16: return sums_of<DType::bf16>(x, w);
    case DType::f64: break;
  }
  return has_fma() ? f64_sums_fused(x, w) : sums_of<DType::f64>(x, w);
}

/// The exponent of the lowest bit that is set in a finite number other than 0.
int lowest_bit(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const int exponent = static_cast<int>(bits >> 52 & 0x7FF);
  const std::uint64_t fraction = bits & 0xFFFFFFFFFFFFF;
  const std::uint64_t significand = exponent == 0 ? fraction : fraction | std::uint64_t{1} << 52;
  return std::max(exponent, 1) - 1075 + std::countr_zero(significand);
}

/// Of Preactivation::is_exact; `terms` ≥ A′ + |b|. Looks at few terms where the answer is no.
bool is_exact(const Operands& x, const Operands& w, double bias, double terms, bool is_f64) {
  if (terms == 0) return true;
  const int digits = is_f64 ? 53 : 24, smallest = is_f64 ? -1074 : -149;
  const int unit = std::max(std::ilogb(terms) + 1 - digits, smallest);
  if (bias != 0 && lowest_bit(bias) < unit) return false;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (x[k] == 0 || w[k] == 0) continue;
    if (lowest_bit(x[k]) + lowest_bit(w[k]) < unit) return false;
  }
  return true;
}

/// |xw| ≤ (1 + u)|p| (+ 2⁻¹⁰⁷⁵ below the normal range), and every rounded partial sum is at most the last
/// one, so A ≤ (1 + u)(1 + (K − 1)u)·sum ≤ (1 + (K + 1)u)·sum. Two more u pay for the rounding here.
double upper_magnitude(const Sums& sums, std::int64_t inputs, bool is_f64) {
  if (sums.magnitude == 0 && sums.tiny_products == 0) return 0;
  const double slack = sums.magnitude * (static_cast<double>(inputs + 3) * 0x1p-53);
  const double underflow = is_f64 ? static_cast<double>(sums.tiny_products) * kSmallest : 0;
  const double next = std::nextafter(sums.magnitude + slack, std::numeric_limits<double>::infinity());
  return underflow == 0 ? next : std::nextafter(next + underflow, std::numeric_limits<double>::infinity());
}

/// For terms that failed the test for being finite and small: looks at each of them.
ZClass classify(const Operands& x, const Operands& w, double bias, double limit) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  bool has_nan = std::isnan(bias), has_plus = bias == kInfinity, has_minus = bias == -kInfinity;
  double finite = std::isfinite(bias) ? std::fabs(bias) : 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const double product = x[k] * w[k];
    has_nan |= std::isnan(product);
    if (std::isfinite(x[k]) && std::isfinite(w[k])) {
      finite += std::fabs(product);
    } else {
      has_plus |= product > 0;
      has_minus |= product < 0;
    }
  }
  if (has_nan || (has_plus && has_minus)) return ZClass::nan;
  if (!(has_plus || has_minus) || !(finite < limit)) return ZClass::may_overflow;
  return has_plus ? ZClass::plus_infinity : ZClass::minus_infinity;
}

Preactivation of_terms(const Operands& x, const Operands& w, double bias, DType storage) {
  const bool is_f64 = storage == DType::f64;
  const double limit =
      (is_f64 ? std::numeric_limits<double>::max() : double{std::numeric_limits<float>::max()}) / 2;
  const Sums sums = sums_in(storage, x, w);
  Preactivation z;
  z.inputs = static_cast<std::int64_t>(x.size());
  z.magnitude = upper_magnitude(sums, z.inputs, is_f64);
  z.bias_magnitude = std::fabs(bias);
  z.tiny_products = sums.tiny_products;
  z.nonzero_products = sums.nonzero_products;
  z.subnormal_excess = sums.subnormal_excess * (1 + static_cast<double>(z.inputs + 3) * 0x1p-52);
  const double terms = z.magnitude + z.bias_magnitude;
  if (!(terms < limit)) {
    z.z_class = classify(x, w, bias, limit);
    return z;
  }
  z.is_exact = is_exact(x, w, bias, terms + z.subnormal_excess, is_f64);
  const double sum = sums.sum + bias;
  const double compensation = sums.compensation + sum_error(sums.sum, bias, sum);
  z.hi = sum + compensation;
  z.lo = sum_error(sum, compensation, z.hi);
  z.truth = z.hi;
  if (z.is_exact) return z;
  const double relative = static_cast<double>(z.inputs + 2) * 0x1p-53;
  z.error = 3 * relative * relative * terms + kSmallest;
  if (is_f64) z.error += static_cast<double>(z.tiny_products) * kSmallest;
  return z;
}

void widen(const void* from, DType dtype, Operands& to) {
  visit_dtype(dtype, [&]<class Stored>(Stored) {
    const auto* values = static_cast<const Stored*>(from);
    for (std::size_t k = 0; k < to.size(); ++k) to[k] = static_cast<double>(values[k]);
  });
}

double bias_of(const Layer& layer, std::int64_t group, std::int64_t output) {
  if (!layer.has_bias()) return 0;
  return visit_dtype(layer.bias.dtype, [&]<class Stored>(Stored) {
    return static_cast<double>(static_cast<const Stored*>(layer.bias.element(group, 0))[output]);
  });
}

}  // namespace

Preactivation preactivation(const ConstMatrixView& x, const Layer& layer, const ElementIndex& at) {
  const FloatEnvironment environment;
  Operands input(static_cast<std::size_t>(layer.inputs())), weights(input.size());
  widen(x.element(at.group, at.row), x.dtype, input);
  widen(layer.weight.element(at.group, at.output), layer.weight.dtype, weights);
  return of_terms(input, weights, bias_of(layer, at.group, at.output), layer.weight.dtype);
}

std::vector<Preactivation> preactivations(const ConstMatrixView& x, const Layer& layer, std::int64_t group,
                                          std::int64_t row) {
  const FloatEnvironment environment;
  Operands input(static_cast<std::size_t>(layer.inputs())), weights(input.size());
  widen(x.element(group, row), x.dtype, input);
  std::vector<Preactivation> result;
  result.reserve(static_cast<std::size_t>(layer.outputs()));
  for (std::int64_t output = 0; output < layer.outputs(); ++output) {
    widen(layer.weight.element(group, output), layer.weight.dtype, weights);
    result.push_back(of_terms(input, weights, bias_of(layer, group, output), layer.weight.dtype));
  }
  return result;
}

}  // namespace perceptron::reference
