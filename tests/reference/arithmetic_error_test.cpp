// Tensor arithmetic: what others compute correctly lies inside the intervals, in whatever order, with matrix
// instructions and with formulas of the C library; and exact data leave no room.
#include "src/reference/arithmetic_error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>

#include "tests/reference/judged_layer.hpp"
#include "tests/reference/samples.hpp"

namespace perceptron::reference {
namespace {

using test::intervals, test::truths;
using test::Kind;
using test::Samples;

/// The z of one output as somebody computes it, before the activation.
using Sum = std::function<double(const double* x, const double* w, std::int64_t inputs, double bias)>;

template <class A>
double one_chain(const double* x, const double* w, std::int64_t inputs, double bias) {
  A sum = static_cast<A>(bias);
  for (std::int64_t k = 0; k < inputs; ++k) {
    const A product = static_cast<A>(x[k]) * static_cast<A>(w[k]);
    sum = sum + product;
  }
  return sum;
}

template <class A>
double backwards(const double* x, const double* w, std::int64_t inputs, double bias) {
  A sum = 0;
  for (std::int64_t k = inputs; k-- > 0;) sum = std::fma(static_cast<A>(x[k]), static_cast<A>(w[k]), sum);
  return sum + static_cast<A>(bias);
}

template <class A>
A halves(const double* x, const double* w, std::int64_t inputs) {
  if (inputs == 1) return static_cast<A>(x[0]) * static_cast<A>(w[0]);
  const std::int64_t half = inputs / 2;
  return halves<A>(x, w, half) + halves<A>(x + half, w + half, inputs - half);
}

template <class A>
double tree(const double* x, const double* w, std::int64_t inputs, double bias) {
  return halves<A>(x, w, inputs) + static_cast<A>(bias);
}

double wide(const double* x, const double* w, std::int64_t inputs, double bias) {
  return std::inner_product(x, x + inputs, w, bias);
}

/// A matrix instruction of a GPU, as published models describe it.
struct Instruction {
  int products;
  int fraction_bits;
  double smallest_normal;
};

double cut(double value, int lowest_exponent) {
  return std::ldexp(std::trunc(std::ldexp(value, -lowest_exponent)), lowest_exponent);
}

int raw_exponent(double value, double smallest_normal) {
  return std::ilogb(std::max(std::fabs(value), smallest_normal));
}

double add_products(const double* x, const double* w, std::int64_t count, double sum,
                    const Instruction& instruction) {
  int largest = sum == 0 ? -1000 : raw_exponent(sum, 0x1p-126);
  for (std::int64_t k = 0; k < count; ++k) {
    if (x[k] == 0 || w[k] == 0) continue;
    largest = std::max(largest, raw_exponent(x[k], instruction.smallest_normal) +
                                    raw_exponent(w[k], instruction.smallest_normal));
  }
  if (largest == -1000) return 0;
  const int lowest = largest - instruction.fraction_bits;
  double total = cut(sum, lowest);
  for (std::int64_t k = 0; k < count; ++k) total += cut(x[k] * w[k], lowest);
  return total == 0 ? 0 : cut(total, std::max(std::ilogb(total) - 23, -149));
}

Sum matrix_instructions(Instruction instruction) {
  return [instruction](const double* x, const double* w, std::int64_t inputs, double bias) {
    double sum = 0;
    for (std::int64_t k = 0; k < inputs; k += instruction.products) {
      sum = add_products(x + k, w + k, std::min<std::int64_t>(instruction.products, inputs - k), sum,
                         instruction);
    }
    return static_cast<double>(static_cast<float>(sum) + static_cast<float>(bias));
  };
}

std::vector<double> sums(const Samples& samples, const Sum& sum) {
  std::vector<double> all;
  const std::int64_t inputs = samples.shape.inputs;
  for (std::int64_t row = 0; row < samples.shape.rows; ++row) {
    for (std::int64_t output = 0; output < samples.shape.outputs; ++output) {
      all.push_back(sum(&samples.x[static_cast<std::size_t>(row * inputs)],
                        &samples.w[static_cast<std::size_t>(output * inputs)], inputs,
                        samples.b[static_cast<std::size_t>(output)]));
    }
  }
  return all;
}

/// All on all kinds of data; returns the largest share of the bound that was used.
double expect_inside(DType dtype, const Sum& sum, const std::string& name) {
  double worst = 0;
  for (const Kind kind : test::kKinds) {
    for (const std::int64_t inputs : {1, 2, 7, 64, 1000}) {
      const Samples samples({4, inputs, 16}, dtype, kind, 21);
      const auto z = truths(samples, samples.layer({}));
      const auto allowed = intervals(z, samples.shape.outputs, {{}, dtype, DType::f64, Arithmetic::tensor});
      const auto y = sums(samples, sum);
      for (std::size_t index = 0; index < y.size(); ++index) {
        EXPECT_TRUE(allowed[index].contains(y[index]))
            << name << ' ' << to_string(dtype) << ' ' << to_string(kind) << ' ' << inputs << ": " << y[index]
            << " not in " << allowed[index].lo << " … " << allowed[index].hi;
        const long double bound = preactivation_bound(z[index], dtype, Arithmetic::tensor);
        if (bound == 0) continue;
        const long double off = std::fabs(static_cast<long double>(y[index]) - z[index].hi - z[index].lo);
        worst = std::max(worst, static_cast<double>(off / bound));
      }
    }
  }
  return worst;
}

TEST(ArithmeticError, SumsInAnyOrderLieInside) {
  EXPECT_GT(expect_inside(DType::f64, one_chain<double>, "chain"), 0.1);
  expect_inside(DType::f64, backwards<double>, "backwards");
  expect_inside(DType::f64, tree<double>, "tree");
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    EXPECT_GT(expect_inside(dtype, one_chain<float>, "chain"), 0.1);
    expect_inside(dtype, backwards<float>, "backwards");
    expect_inside(dtype, tree<float>, "tree");
    expect_inside(dtype, wide, "wide");
  }
}

TEST(ArithmeticError, MatrixInstructionsLieInside) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    const double smallest = dtype == DType::f16 ? 0x1p-14 : 0x1p-126;
    const double first = expect_inside(dtype, matrix_instructions({8, 24, smallest}), "8 products");
    const double second = expect_inside(dtype, matrix_instructions({16, 25, smallest}), "16 products");
    RecordProperty("share_of_8", std::to_string(first));
    RecordProperty("share_of_16", std::to_string(second));
    EXPECT_GT(first, 0.05);
  }
}

TEST(ArithmeticError, SubnormalOperandsAreAlignedAsNormalOnes) {
  const Sum sum = matrix_instructions({8, 24, 0x1p-14});
  Samples samples({8, 64, 8}, DType::f16, Kind::wide, 22);
  for (double& value : samples.x) value *= 0x1p-24;
  for (double& value : samples.b) value = 0;
  samples.store();
  const auto z = truths(samples, samples.layer({}));
  const auto y = sums(samples, sum);
  double worst = 0;
  for (std::size_t index = 0; index < y.size(); ++index) {
    Preactivation uncorrected = z[index];
    uncorrected.subnormal_excess = 0;
    const long double off = std::fabs(static_cast<long double>(y[index]) - z[index].hi);
    worst = std::max(
        worst, static_cast<double>(off / preactivation_bound(uncorrected, DType::f16, Arithmetic::tensor)));
    EXPECT_LE(off, preactivation_bound(z[index], DType::f16, Arithmetic::tensor));
  }
  EXPECT_GT(worst, 1);
}

TEST(ArithmeticError, ExactDataLeaveNoRoom) {
  for (const DType dtype : test::kAllDTypes) {
    Samples samples({8, 300, 8}, dtype, Kind::normal, 23);
    for (auto* values : {&samples.x, &samples.w, &samples.b}) {
      for (double& value : *values) value = std::round(2 * value);
    }
    samples.store();
    for (const Preactivation& z : truths(samples, samples.layer({}))) {
      EXPECT_TRUE(z.is_exact);
      EXPECT_EQ(z.lo, 0);
      EXPECT_EQ(z.error, 0);
      const Interval allowed = accepted(z, {{}, dtype, DType::f64, Arithmetic::tensor});
      EXPECT_EQ(allowed.lo, z.hi);
      EXPECT_EQ(allowed.hi, z.hi);
    }
    samples.b[3] += dtype == DType::f64 ? 0x1p-45 : 0x1p-20;
    if (dtype == DType::f16 || dtype == DType::bf16) samples.x[5] = 0x1p-14, samples.w[5 + 3 * 300] = 0x1p-14;
    samples.store();
    EXPECT_FALSE(truths(samples, samples.layer({}))[3].is_exact) << to_string(dtype);
    EXPECT_TRUE(truths(samples, samples.layer({}))[4].is_exact) << to_string(dtype);
  }
}

TEST(ArithmeticError, ZerosCostNothing) {
  Samples samples({1, 1000, 1}, DType::f32, Kind::normal, 24);
  std::fill(samples.x.begin(), samples.x.end(), 0);
  samples.x[17] = 1;
  samples.store();
  const Preactivation z = truths(samples, samples.layer({}))[0];
  EXPECT_EQ(z.nonzero_products, 1);
  const double most = 2 * 0x1.01p-24 * (std::fabs(samples.w[17]) + std::fabs(samples.b[0]));
  EXPECT_LE(static_cast<double>(preactivation_bound(z, DType::f32, Arithmetic::tensor)), most);
}

/// Formulas as a good C program writes them, in f32.
float formula(ActivationKind kind, float z) {
  using enum ActivationKind;
  switch (kind) {
    case sigmoid: return 1 / (1 + std::exp(-z));
    case tanh: return std::tanh(z);
    case elu: return z > 0 ? z : std::expm1(z);
    case selu: return 1.05070099F * (z > 0 ? z : 1.67326324F * std::expm1(z));
    case gelu: return 0.5F * z * (1 + std::erf(z * 0.70710678F));
    case gelu_tanh: return 0.5F * z * (1 + std::tanh(0.79788456F * (z + 0.044715F * z * z * z)));
    case silu: return z / (1 + std::exp(-z));
    case softplus: return std::max(z, 0.0F) + std::log1p(std::exp(-std::fabs(z)));
    case softsign: return z / (1 + std::fabs(z));
    case hard_swish: return z * std::min(std::max(z + 3, 0.0F), 6.0F) / 6;
    case mish: return z * std::tanh(z > 20 ? z : std::log1p(std::exp(z)));
    default: return std::numeric_limits<float>::quiet_NaN();
  }
}

TEST(ArithmeticError, FormulasOfTheCLibraryLieInside) {
  using enum ActivationKind;
  for (const ActivationKind kind :
       {sigmoid, tanh, elu, selu, gelu, gelu_tanh, silu, softplus, softsign, hard_swish, mish}) {
    for (float z = -120; z < 120; z += z < -8 || z > 8 ? 0.37F : 0.00917F) {
      Preactivation exact;
      exact.hi = exact.truth = z;
      exact.is_exact = true;
      const Interval allowed = accepted(exact, {kind, DType::f32, DType::f32, Arithmetic::tensor});
      ASSERT_TRUE(allowed.contains(formula(kind, z)))
          << to_string(kind) << " of " << z << ": " << formula(kind, z) << " not in " << allowed.lo << " … "
          << allowed.hi;
      ASSERT_FALSE(allowed.contains(formula(kind, z) + 2e-5F * std::max(1.0F, std::fabs(z)))) << z;
    }
  }
}

TEST(ArithmeticError, SoftmaxInAnotherOrderLiesInside) {
  Samples samples({20, 30, 200}, DType::f32, Kind::normal, 25);
  const auto allowed = intervals(truths(samples, samples.layer({})), samples.shape.outputs,
                                 {ActivationKind::softmax, DType::f32, DType::f32, Arithmetic::tensor});
  const auto z = sums(samples, one_chain<float>);
  for (std::size_t row = 0; row < 20; ++row) {
    const auto first = z.begin() + static_cast<std::ptrdiff_t>(row * 200);
    const auto largest = static_cast<float>(*std::max_element(first, first + 200));
    float sum = 0;
    for (std::ptrdiff_t j = 0; j < 200; ++j) sum += std::exp(static_cast<float>(first[j]) - largest);
    for (std::size_t j = 0; j < 200; ++j) {
      const float y = std::exp(static_cast<float>(z[row * 200 + j]) - largest) / sum;
      EXPECT_TRUE(allowed[row * 200 + j].contains(y)) << row << ' ' << j;
      EXPECT_FALSE(y > 1e-20F && allowed[row * 200 + j].contains(y * 1.001F)) << row << ' ' << j;
    }
  }
}

}  // namespace
}  // namespace perceptron::reference
