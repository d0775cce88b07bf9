// Reproducible arithmetic is known step by step: a product passes through at most L = min(K, 256) fused
// multiply-adds and ⌈K/256⌉ − 1 additions.
//
// Tensor arithmetic stands for whatever correct arithmetic may do: products and sums in any order or tree,
// the bias anywhere among them, fused or not, in the accumulator's type or a wider one, and for f16 and bf16
// the matrix instructions of GPUs. With n products that are not 0:
//
// - Rounded to nearest. A tree over n products and the bias has height n at most, and a product may be
//   rounded before it: n + 1 roundings (Higham, Accuracy and Stability of Numerical Algorithms, section 4.2).
//   A fused chain or a wider sum has fewer.
// - Matrix instructions of f16 and bf16 add κ exact products and the sum so far, each cut to F fraction bits
//   below the largest exponent, and cut the result to 23: at most ((κ + 1)·2^(1−F) + 2⁻²²)/2 of the
//   magnitudes so far each. Models replayed on hardware give κ = 8 and F = 24 (sm_80), κ = 16 and F = 25
//   (sm_90); the first errs more: an instruction with m products costs (m + 1) + 2 roundings of u = 2⁻²⁴.
//   Instructions whose products are all 0 cost nothing, so there are at most min(n, ⌈K/8⌉) others. As many
//   additions join the parts of a divided K, and one the bias: n + 4·min(n, ⌈K/8⌉) + 1 together. Products are
//   aligned by the exponents of their operands, where a subnormal one has that of the smallest normal number:
//   magnitudes are A′ + |b|.
//
// Both are errors relative to the magnitudes of partial results, which γ(n) accounts for. Each product that
// is no multiple of the smallest subnormal costs half of it where it is rounded, all of it where it is cut.
#include "src/reference/arithmetic_error.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/epilogue/activation.hpp"

namespace perceptron::reference {
namespace {

/// The error of epilogue::exp_nonpositive is below it (tests/reference/bounds_test.cpp).
constexpr long double kExpUlps = 1;

/// What formulas over a good C or CUDA library may lose: expf, tanhf, expm1f and erff are within 2 ulps there
/// (CUDA C++ Programming Guide, mathematical functions), and a few operations follow.
struct Granted {
  long double ulps = 0;
  long double absolute_roundings = 0;  ///< In u·max(1, |z|): formulas that subtract from 1, or add ½.
  bool may_flush = false;              ///< exp(−z) overflows where the value is far below the normal range.
};

/// Indexed by ActivationKind; softmax is not of one element.
constexpr std::array<Granted, 18> kGranted{{
    {},            // identity
    {},            // step
    {4, 0, true},  // sigmoid: 1/(1 + exp(−z))
    {4},           // tanh
    {},            // relu
    {1},           // leaky_relu
    {4},           // elu: a·expm1(z)
    {4},           // selu
    {4, 8},        // gelu: z/2·(1 + erf(z/√2))
    {4, 8},        // gelu_tanh
    {6, 0, true},  // silu
    {4, 0, true},  // softplus
    {2},           // softsign
    {1, 4},        // hard_sigmoid: a·z rounded before ½ is added
    {},            // hard_tanh
    {2, 4},        // hard_swish
    {12, 0, true}  // mish
}};

}  // namespace

SumError sum_error(const Preactivation& z, DType storage, Arithmetic arithmetic) {
  const auto tiny = static_cast<long double>(z.tiny_products);
  if (arithmetic == Arithmetic::reproducible) {
    const std::int64_t roundings = std::min(z.inputs, kSumBlock) + (z.inputs + kSumBlock - 1) / kSumBlock - 1;
    return {static_cast<long double>(roundings), z.magnitude, tiny / 2};
  }
  const bool has_matrix_instructions = size_of(storage) == 2;
  const std::int64_t products = z.nonzero_products;
  const std::int64_t instructions =
      has_matrix_instructions ? std::min(products, (z.inputs + 7) / 8) : std::int64_t{0};
  const long double magnitude = static_cast<long double>(z.magnitude) + z.subnormal_excess + z.bias_magnitude;
  return {static_cast<long double>(products + 4 * instructions + 1), magnitude,
          has_matrix_instructions ? tiny : tiny / 2, false};
}

ActivationError activation_error(ActivationKind kind, DType accumulator, Arithmetic arithmetic, double z) {
  const bool is_f64 = accumulator == DType::f64;
  if (arithmetic == Arithmetic::reproducible) return {epilogue::activation_error_ulps(kind, is_f64), 0};
  const Granted& granted = kGranted.at(static_cast<std::size_t>(kind));
  const long double roundoff = is_f64 ? 0x1p-53L : 0x1p-24L;
  const long double size = std::max(1.0L, std::fabs(static_cast<long double>(z)));
  const bool is_far = z < (is_f64 ? -700 : -80);
  const long double flushed = granted.may_flush && is_far ? size * (is_f64 ? 0x1p-1022L : 0x1p-126L) : 0;
  return {granted.ulps, granted.absolute_roundings * roundoff * size + flushed};
}

long double softmax_roundings(long double distance, long double outputs, Arithmetic arithmetic) {
  const long double entropy = 1.05L * std::log(outputs);
  if (arithmetic == Arithmetic::reproducible) {
    return distance + entropy + std::ceil(outputs / 32) + 6 + 4 * kExpUlps;
  }
  // z·log₂e may be rounded before the difference, sums may be one chain, exp is within 2 ulps, and rows may
  // be scaled once more when they are divided.
  return 2 * (distance + entropy) + outputs + 16;
}

}  // namespace perceptron::reference
