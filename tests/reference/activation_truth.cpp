#include "tests/reference/activation_truth.hpp"

#include <mpfr.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/epilogue/coefficients.hpp"

namespace perceptron::reference {
namespace {

/// Holds a·z + ½ exactly where it cancels, and e^s for s within ±1000 to 2⁻¹¹⁰.
constexpr mpfr_prec_t kBits = 128;
constexpr double kSeluScale = 1.0507009873554805;
constexpr double kSeluAlpha = 1.6732632423543772;

double logistic(double z) {
  const double e = std::exp(-std::abs(z));
  return (z < 0 ? e : 1) / (1 + e);
}

double clamp01(double x) { return std::clamp(x, 0.0, 1.0); }

double gelu_tanh_truth(double z) {
  constexpr double kTwiceRoot = 1.5957691216057307117597842397375;  // 2 sqrt(2/pi)
  return z * logistic(kTwiceRoot * z * (1 + 0.044715 * z * z));
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::uint64_t hashed(std::uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

double f32_truth(const Activation& activation, float narrow) {
  const double z = narrow;
  const double a = static_cast<float>(activation.parameter);
  switch (activation.kind) {
    case ActivationKind::identity: return z;
    case ActivationKind::step: return z > 0 ? 1 : 0;
    case ActivationKind::sigmoid: return logistic(z);
    case ActivationKind::tanh: return std::tanh(z);
    case ActivationKind::relu: return z > 0 ? z : 0;
    case ActivationKind::leaky_relu: return z > 0 ? z : a * z;
    case ActivationKind::elu: return z > 0 ? z : a * std::expm1(z);
    case ActivationKind::selu: return kSeluScale * (z > 0 ? z : kSeluAlpha * std::expm1(z));
    case ActivationKind::gelu: return z / 2 * std::erfc(-z / std::sqrt(2.0));
    case ActivationKind::gelu_tanh: return gelu_tanh_truth(z);
    case ActivationKind::silu: return z * logistic(z);
    case ActivationKind::softplus: return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
    case ActivationKind::softsign: return z / (1 + std::abs(z));
    case ActivationKind::hard_sigmoid: return clamp01(a * z + 0.5);
    case ActivationKind::hard_tanh: return std::clamp(z, -1.0, 1.0);
    case ActivationKind::hard_swish: return z * clamp01(double{1.0f / 6.0f} * z + 0.5);
    case ActivationKind::mish: return z * std::tanh(std::log1p(std::exp(z)));
    case ActivationKind::softmax: break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

double f32_error_ulps(float y, double truth) {
  if (std::isnan(y) || std::isnan(truth)) return std::isnan(y) && std::isnan(truth) ? 0 : kInfinity;
  if (y == 0 && std::signbit(y) != std::signbit(truth)) return kInfinity;
  constexpr double kOverflow = 0x1p128;
  const double found = std::isinf(y) ? std::copysign(kOverflow, y) : y;
  const double wanted = std::clamp(truth, -kOverflow, kOverflow);
  const int exponent = static_cast<int>(std::bit_cast<std::uint64_t>(wanted) >> 52 & 0x7ff) - 1023;
  const int ulp_exponent = std::clamp(exponent, -126, 127) - 23;
  const double per_ulp = std::bit_cast<double>(static_cast<std::uint64_t>(1023 - ulp_exponent) << 52);
  return std::abs(found - wanted) * per_ulp;
}

struct TrueValue::Registers {
  mpfr_t z, y, s, t;
  mpfr_t slope, cubic, selu, selu_alpha, root_half;

  Registers() {
    for (auto* each : all()) mpfr_init2(each, kBits);
    mpfr_const_pi(slope, MPFR_RNDN);
    mpfr_d_div(slope, 8, slope, MPFR_RNDN);
    mpfr_sqrt(slope, slope, MPFR_RNDN);  // 2 sqrt(2/pi)
    mpfr_set_str(cubic, "0.044715", 10, MPFR_RNDN);
    mpfr_set_str(selu, "1.0507009873554805", 10, MPFR_RNDN);
    mpfr_set_str(selu_alpha, "1.6732632423543772", 10, MPFR_RNDN);
    mpfr_set_d(root_half, 0.5, MPFR_RNDN);
    mpfr_sqrt(root_half, root_half, MPFR_RNDN);
  }
  ~Registers() {
    for (auto* each : all()) mpfr_clear(each);
  }
  Registers(const Registers&) = delete;
  Registers& operator=(const Registers&) = delete;

  std::array<mpfr_ptr, 9> all() { return {z, y, s, t, slope, cubic, selu, selu_alpha, root_half}; }

  /// y = z / (1 + e^−s).
  void times_logistic(mpfr_srcptr factor) {
    mpfr_neg(s, s, MPFR_RNDN);
    mpfr_exp(s, s, MPFR_RNDN);
    mpfr_add_ui(s, s, 1, MPFR_RNDN);
    mpfr_div(y, factor, s, MPFR_RNDN);
  }

  void gelu() {
    mpfr_mul(s, z, root_half, MPFR_RNDN);
    mpfr_neg(s, s, MPFR_RNDN);
    mpfr_erfc(s, s, MPFR_RNDN);
    mpfr_mul(y, z, s, MPFR_RNDN);
    mpfr_div_2ui(y, y, 1, MPFR_RNDN);
  }

  void gelu_tanh() {
    mpfr_sqr(s, z, MPFR_RNDN);
    mpfr_mul(s, s, cubic, MPFR_RNDN);
    mpfr_add_ui(s, s, 1, MPFR_RNDN);
    mpfr_mul(s, s, z, MPFR_RNDN);
    mpfr_mul(s, s, slope, MPFR_RNDN);
    times_logistic(z);
  }

  void softplus() {
    mpfr_abs(s, z, MPFR_RNDN);
    mpfr_neg(s, s, MPFR_RNDN);
    mpfr_exp(s, s, MPFR_RNDN);
    mpfr_log1p(y, s, MPFR_RNDN);
    if (mpfr_sgn(z) > 0) mpfr_add(y, y, z, MPFR_RNDN);
  }

  /// z n/(n + 2), n = eᶻ(eᶻ + 2): tanh(log(1 + eᶻ)) without cancellation.
  void mish() {
    mpfr_exp(s, z, MPFR_RNDN);
    mpfr_add_ui(t, s, 2, MPFR_RNDN);
    mpfr_mul(s, s, t, MPFR_RNDN);
    mpfr_add_ui(t, s, 2, MPFR_RNDN);
    mpfr_div(s, s, t, MPFR_RNDN);
    mpfr_mul(y, z, s, MPFR_RNDN);
  }

  void softsign() {
    mpfr_abs(s, z, MPFR_RNDN);
    mpfr_add_ui(s, s, 1, MPFR_RNDN);
    mpfr_div(y, z, s, MPFR_RNDN);
  }

  /// y = clamp(a z + 1/2, 0, 1).
  void hard_sigmoid(double a) {
    mpfr_mul_d(y, z, a, MPFR_RNDN);
    mpfr_add_d(y, y, 0.5, MPFR_RNDN);
    if (mpfr_sgn(y) <= 0) mpfr_set_zero(y, 1);
    if (mpfr_cmp_ui(y, 1) > 0) mpfr_set_ui(y, 1, MPFR_RNDN);
  }
};

TrueValue::TrueValue() : registers_(std::make_unique<Registers>()) {}
TrueValue::~TrueValue() = default;

void TrueValue::compute(const Activation& activation, double z) {
  auto& r = *registers_;
  const double a = activation.parameter;
  // 1000 e^−1000 is below 2⁻¹⁴⁰⁰, and 1 − tanh(softplus(1000)) likewise.
  const bool far_below = z < -1000;
  mpfr_set_d(r.z, z, MPFR_RNDN);
  mpfr_set(r.y, r.z, MPFR_RNDN);
  switch (activation.kind) {
    case ActivationKind::identity: return;
    case ActivationKind::step: mpfr_set_d(r.y, z > 0 ? 1 : 0, MPFR_RNDN); return;
    case ActivationKind::sigmoid:
      mpfr_set_ui(r.t, 1, MPFR_RNDN);
      mpfr_set(r.s, r.z, MPFR_RNDN);
      return r.times_logistic(r.t);
    case ActivationKind::tanh: mpfr_tanh(r.y, r.z, MPFR_RNDN); return;
    case ActivationKind::relu: mpfr_set_d(r.y, z > 0 ? z : 0, MPFR_RNDN); return;
    case ActivationKind::leaky_relu:
      if (!(z > 0)) mpfr_mul_d(r.y, r.z, a, MPFR_RNDN);
      return;
    case ActivationKind::elu:
      if (z > 0) return;
      mpfr_expm1(r.y, r.z, MPFR_RNDN);
      mpfr_mul_d(r.y, r.y, a, MPFR_RNDN);
      return;
    case ActivationKind::selu:
      if (!(z > 0)) {
        mpfr_expm1(r.y, r.z, MPFR_RNDN);
        mpfr_mul(r.y, r.y, r.selu_alpha, MPFR_RNDN);
      }
      mpfr_mul(r.y, r.y, r.selu, MPFR_RNDN);
      return;
    case ActivationKind::gelu:
      // Φ(−40) is below 2⁻¹¹⁵⁰, and MPFR takes long over it.
      if (z < -40) return mpfr_set_zero(r.y, -1);
      if (z < 40) r.gelu();
      return;
    case ActivationKind::gelu_tanh: return far_below ? mpfr_set_zero(r.y, -1) : r.gelu_tanh();
    case ActivationKind::silu: mpfr_set(r.s, r.z, MPFR_RNDN); return r.times_logistic(r.z);
    case ActivationKind::softplus: return r.softplus();
    case ActivationKind::softsign: return r.softsign();
    case ActivationKind::hard_sigmoid: return r.hard_sigmoid(a);
    case ActivationKind::hard_tanh: mpfr_set_d(r.y, std::clamp(z, -1.0, 1.0), MPFR_RNDN); return;
    case ActivationKind::hard_swish:
      r.hard_sigmoid(1.0 / 6);
      mpfr_mul(r.y, r.y, r.z, MPFR_RNDN);
      return;
    case ActivationKind::mish:
      if (far_below) return mpfr_set_zero(r.y, -1);
      if (z < 1000) r.mish();
      return;
    case ActivationKind::softmax: return;
  }
}

double TrueValue::f64_error_ulps(const Activation& activation, double z, double found) {
  if (std::isnan(z) || std::isnan(found)) return std::isnan(z) && std::isnan(found) ? 0 : kInfinity;
  compute(activation, z);
  auto& r = *registers_;
  if (found == 0 && std::signbit(found) != (mpfr_signbit(r.y) != 0)) return kInfinity;
  // |truth| capped at 2¹⁰²⁴, which is also what an infinite result counts as.
  mpfr_set_ui_2exp(r.s, 1, 1024, MPFR_RNDN);
  if (mpfr_cmpabs(r.y, r.s) > 0) mpfr_copysign(r.y, r.s, r.y, MPFR_RNDN);
  mpfr_exp_t exponent = mpfr_zero_p(r.y) ? -1022 : mpfr_get_exp(r.y) - 1;
  exponent = std::clamp<mpfr_exp_t>(exponent, -1022, 1023);
  if (std::isinf(found)) {
    mpfr_setsign(r.s, r.s, found < 0, MPFR_RNDN);
  } else {
    mpfr_set_d(r.s, found, MPFR_RNDN);
  }
  mpfr_sub(r.s, r.s, r.y, MPFR_RNDN);
  mpfr_mul_2si(r.s, r.s, 52 - exponent, MPFR_RNDN);
  return std::abs(mpfr_get_d(r.s, MPFR_RNDN));
}

double TrueValue::relative_error(const Activation& activation, double z, double found) {
  compute(activation, z);
  auto& r = *registers_;
  mpfr_d_sub(r.s, found, r.y, MPFR_RNDN);
  if (mpfr_zero_p(r.s)) return 0;
  mpfr_div(r.s, r.s, r.y, MPFR_RNDN);
  return std::abs(mpfr_get_d(r.s, MPFR_RNDN));
}

std::vector<double> branch_points(bool is_f64) {
  using F = epilogue::Coefficients<float>;
  using D = epilogue::Coefficients<double>;
  std::vector<double> points{0, 0.5, 1, 1.5, 2, 2.5, 3, 6, 0x1p-24, 0x1p-25, 0x1p-12, 0x1p-53, 0x1p-27};
  for (const double turn : {0.5, 1.5, 2.5, 24.5, 25.5, 53.5, 127.0, 150.5, 1022.5}) {
    points.insert(points.end(), {turn * std::log(2.0), turn * std::log(2.0) / 2});
  }
  const auto limits = is_f64 ? std::array<double, 6>{D::kExpLimit,  D::kExpm1Limit,    D::kExpm1Limit / 2,
                                                     D::kTailLimit, D::kGeluTanhLimit, D::kSoftsignLimit}
                             : std::array<double, 6>{F::kExpLimit,  F::kExpm1Limit,    F::kExpm1Limit / 2,
                                                     F::kTailLimit, F::kGeluTanhLimit, F::kSoftsignLimit};
  points.insert(points.end(), limits.begin(), limits.end());
  // Where sigmoid, gelu, gelu_tanh and silu become subnormal, and where they become zero.
  const auto underflow = is_f64 ? std::array{708.396, 745.133, 37.519, 38.58, 21.04, 21.45, 714.97, 751.77}
                                : std::array{87.3365, 103.972, 13.0, 14.17, 10.0, 10.7, 91.87, 108.65};
  points.insert(points.end(), underflow.begin(), underflow.end());
  points.push_back(is_f64 ? std::numeric_limits<double>::max() : std::numeric_limits<float>::max());
  points.push_back(is_f64 ? std::numeric_limits<double>::min() : std::numeric_limits<float>::min());
  const auto positive = points;
  for (const double point : positive) points.push_back(-point);
  return points;
}

double f64_sample(std::uint64_t index) {
  static const auto kBranches = branch_points(true);
  const auto random = hashed(index);
  const auto unit = static_cast<double>(hashed(~index) >> 11) * 0x1p-53;
  if (index % 3 == 0) {
    const double branch = kBranches[random % kBranches.size()];
    const auto distance = std::exp2(40 * unit) - 1;
    const double ulp = std::max(std::abs(branch) * 0x1p-52, 0x1p-1074);
    const double z = branch + std::copysign(distance, random >> 63 ? 1.0 : -1.0) * ulp;
    return std::isfinite(z) ? z : branch;
  }
  if (index % 3 == 1) {
    const double z = std::bit_cast<double>(random);
    return std::isfinite(z) ? z : 1.0;
  }
  constexpr std::array kRanges{1.0, 4.0, 40.0, 760.0};
  return kRanges[random % kRanges.size()] * (2 * unit - 1);
}

std::vector<Activation> activations_under_test() {
  std::vector<Activation> all;
  for (std::size_t i = 0; i + 1 < kActivations.size(); ++i) all.emplace_back(static_cast<ActivationKind>(i));
  const std::initializer_list<Activation> others{{ActivationKind::leaky_relu, 0.3},
                                                 {ActivationKind::elu, 1.7},
                                                 {ActivationKind::elu, -0.3},
                                                 {ActivationKind::hard_sigmoid, 0.2}};
  all.insert(all.end(), others);
  return all;
}

}  // namespace perceptron::reference
