// Approximations: the machine gives the true value, rounded, and a GPU one within the bound of the PTX ISA;
// and arithmetic with .ftz, which is exact.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "tests/ptx/half_format.hpp"
#include "tests/ptx/opcode_case.hpp"
#include "tests/ptx/real_arithmetic.hpp"
#include "tests/ptx/snippet_runner.hpp"

namespace perceptron::ptx {
namespace {

/// What a GPU may be off by, given operand and true value.
using Bound = std::function<double(double, double)>;

Bound relative(double bits) {
  return [bits](double, double truth) { return std::fabs(truth) * std::exp2(-bits) + 0x1p-149; };
}
Bound absolute(double bits) {
  return [bits](double, double) { return std::exp2(-bits); };
}
double ulp(float value) {
  const float size = std::fabs(value);
  return std::isfinite(value) ? static_cast<double>(size) - static_cast<double>(std::nextafter(size, 0.f))
                              : 0.0;
}

/// NaN, infinities and zeros as they are; other values within the bound, or by half an ulp and a little.
void expect_near(const std::string& name, const Row& row, float found, float truth, double bound) {
  const bool is_special = std::isnan(truth) || std::isinf(truth) || truth == 0;
  if (is_special || rounds_approximations()) bound = is_special ? 0 : std::max(ulp(truth), 0x1p-149);
  const bool is_near = is_special
                           ? is_same(found, truth)
                           : std::fabs(static_cast<double>(found) - static_cast<double>(truth)) <= bound;
  EXPECT_TRUE(is_near) << name << std::hex << " of " << testing::PrintToString(row) << " gives "
                       << bits_of(found) << ", expected " << bits_of(truth);
}

template <class... S, class Truth>
void expect_approximation(const std::string& instruction, Truth truth, const Bound& bound) {
  cover(instruction);
  const std::vector<std::tuple<S...>> tuples = all_tuples<S...>();
  std::vector<Row> rows;
  for (const auto& tuple : tuples)
    std::apply([&](const auto&... value) { rows.push_back({bits_of(value)...}); }, tuple);
  const std::string body = instruction + (sizeof...(S) == 2 ? " %t, %a, %b;" : " %t, %a;");
  const std::vector<std::uint64_t> results = run_snippet({body, {sizeof(S)...}, 4}, rows);
  for (std::size_t index = 0; index < rows.size(); ++index) {
    const float expected = std::apply(truth, tuples[index]);
    expect_near(instruction, rows[index], value_of<float>(results[index]), expected,
                bound(static_cast<double>(std::get<0>(tuples[index])), static_cast<double>(expected)));
  }
}

/// With .ftz and without; `truth` of f32.
template <class... S, class Truth>
void expect_both(const std::string& opcode, Truth truth, const Bound& bound) {
  expect_approximation<S...>(opcode + ".f32", truth, bound);
  expect_approximation<S...>(
      opcode + ".ftz.f32", [&](auto... a) { return flushed(truth(flushed(a)...)); }, bound);
}

template <class Function>
auto truth_of(Function function) {
  return [function](float a) { return rounded<float>(MPFR_RNDN, function, a); };
}

TEST(PtxApproximations, Functions) {
  expect_both<float>("ex2.approx", truth_of(mpfr_exp2), relative(22));
  expect_both<float>("lg2.approx", truth_of(mpfr_log2), [](double a, double truth) {
    return a > 0.5 && a < 2 ? 0x1p-22 : std::fabs(truth) * 0x1p-22;
  });
  const Bound angle = [](double a, double) {
    const double turns = std::fabs(a) / (2 * std::numbers::pi);
    return std::exp2(turns <= 1 ? -20.5 : turns <= 50 ? -14.7 : 1.0);
  };
  expect_both<float>("sin.approx", truth_of(mpfr_sin), angle);
  expect_both<float>("cos.approx", truth_of(mpfr_cos), angle);
  expect_approximation<float>("tanh.approx.f32", truth_of(mpfr_tanh), relative(11));
}

/// 1/√−0 is −∞, and MPFR's +∞.
float reciprocal_root(float a) {
  return a == 0 ? std::copysign(std::numeric_limits<float>::infinity(), a)
                : rounded<float>(MPFR_RNDN, mpfr_rec_sqrt, a);
}
/// PTX ISA, div.approx.f32: 0 for divisors above 2^126 but of infinities, which give NaN.
float quotient(float a, float b) {
  if (std::fabs(b) > 0x1p126f && std::isfinite(b)) {
    return std::isinf(a) ? std::numeric_limits<float>::quiet_NaN() : a * std::copysign(0.f, b);
  }
  return rounded<float>(MPFR_RNDN, mpfr_div, a, b);
}

TEST(PtxApproximations, RootsAndQuotients) {
  expect_both<float>(
      "rcp.approx", [](float a) { return rounded<float>(MPFR_RNDN, mpfr_div, 1.f, a); }, relative(23));
  expect_both<float>("sqrt.approx", truth_of(mpfr_sqrt), relative(23));
  expect_both<float>("rsqrt.approx", reciprocal_root, relative(22.9));
  const Bound two_ulp = [](double, double truth) { return 2 * ulp(static_cast<float>(truth)); };
  expect_both<float, float>("div.approx", quotient, two_ulp);
  expect_both<float, float>(
      "div.full", [](float a, float b) { return rounded<float>(MPFR_RNDN, mpfr_div, a, b); }, two_ulp);
}

/// The upper half of a, and 20 bits of fraction of the result.
template <class Function>
double gross(Function function, double a) {
  constexpr std::uint64_t kUpper = 0xffffffff00000000;
  const double least = std::numeric_limits<double>::min();
  if (std::fabs(a) < least) return std::copysign(std::numeric_limits<double>::infinity(), a);
  if (std::isnan(a)) return a;
  double result = 0;
  mpfr_t value;
  mpfr_init2(value, 21);
  function(value, Exact(std::bit_cast<double>(bits_of(a) & kUpper)).get());
  result = mpfr_get_d(value, MPFR_RNDN);
  mpfr_clear(value);
  return std::fabs(result) < least ? std::copysign(0.0, result) : result;
}

TEST(PtxApproximations, GrossOnesOfDoubles) {
  const auto check = [](const std::string& instruction, auto function) {
    cover(instruction);
    std::vector<Row> rows;
    for (const double a : edge_values_of<double>()) rows.push_back({bits_of(a)});
    const auto results = run_snippet({instruction + " %t, %a;", {8}, 8}, rows);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const double a = value_of<double>(rows[row][0]), found = value_of<double>(results[row]);
      const double truth = gross(function, a);
      EXPECT_EQ(bits_of(found) & 0xffffffff, 0U) << a;
      if (std::isnan(truth)) {
        EXPECT_EQ(bits_of(found), 0x7fffffff00000000U) << a;
      }
      if (rounds_approximations() || !std::isfinite(truth) || truth == 0) {
        EXPECT_TRUE(is_same(found, truth) || (std::isnan(found) && std::isnan(truth)))
            << a << " gives " << found;
      } else {
        EXPECT_NEAR(found, truth, std::fabs(truth) * 0x1p-19) << a;
      }
    }
  };
  check("rcp.approx.ftz.f64", [](mpfr_ptr r, mpfr_srcptr a) { mpfr_ui_div(r, 1, a, MPFR_RNDN); });
  check("rsqrt.approx.ftz.f64", [](mpfr_ptr r, mpfr_srcptr a) { mpfr_rec_sqrt(r, a, MPFR_RNDN); });
}

TEST(PtxApproximations, ReciprocalRootsOfDoubles) {
  std::vector<Row> rows;
  for (const double a : edge_values_of<double>()) rows.push_back({bits_of(a)});
  const auto results = run_snippet({"rsqrt.approx.f64 %t, %a;", {8}, 8}, rows);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const double a = value_of<double>(rows[row][0]), found = value_of<double>(results[row]);
    const double truth = a == 0 ? std::copysign(std::numeric_limits<double>::infinity(), a)
                                : rounded<double>(MPFR_RNDN, mpfr_rec_sqrt, a);
    if (!std::isfinite(truth) || truth == 0) {
      EXPECT_TRUE(is_same(found, truth)) << a << " gives " << found;
    } else {
      EXPECT_NEAR(found, truth, std::fabs(truth) * (rounds_approximations() ? 0x1p-52 : 0x1p-22)) << a;
    }
  }
}

/// Every f16 and bf16.
template <class Bits>
void expect_half_functions(const std::string& type, const HalfFormat& format, double exponential_bits,
                           double tangent_bits) {
  const auto check = [&](const std::string& instruction, auto function, const Bound& bound, bool flushes) {
    cover(instruction);
    std::vector<Row> rows, pairs;
    for (const Bits a : edge_values_of<Bits>()) rows.push_back({a.bits});
    for (std::size_t row = 0; row < rows.size(); ++row)
      pairs.push_back({rows[row][0] | rows[(row + 33) % rows.size()][0] << 16});
    const auto results = run_snippet({instruction + "." + type + " %t, %a;", {2}, 2}, rows);
    const auto packed = run_snippet({instruction + "." + type + "x2 %t, %a;", {4}, 4}, pairs);
    const auto flush = [&](std::uint16_t bits) {
      const bool is_zero = flushes && (bits & 0x7fff) < 1 << format.fraction_bits;
      return static_cast<std::uint16_t>(is_zero ? bits & 0x8000 : bits);
    };
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const float a = widen(format, flush(static_cast<std::uint16_t>(rows[row][0])));
      const float truth = widen(format, flush(rounded_half(format, function, a)));
      const float found = widen(format, static_cast<std::uint16_t>(results[row]));
      if (rounds_approximations() || !std::isfinite(truth) || truth == 0) {
        ASSERT_TRUE(is_same(found, truth)) << instruction << " of " << a << " gives " << found;
      } else {
        ASSERT_NEAR(found, truth, bound(static_cast<double>(a), static_cast<double>(truth)))
            << instruction << a;
      }
      ASSERT_EQ(packed[row], results[row] | results[(row + 33) % rows.size()] << 16) << instruction;
    }
  };
  const bool is_brain = type == "bf16";
  const Bound exponential = [=](double, double truth) {
    return std::fabs(truth) * std::exp2(-exponential_bits) + 0x1p-24;
  };
  check(is_brain ? "ex2.approx.ftz" : "ex2.approx", mpfr_exp2, exponential, is_brain);
  check("tanh.approx", mpfr_tanh, absolute(tangent_bits), false);
}

TEST(PtxApproximations, FunctionsOfHalves) {
  expect_half_functions<HalfBits16>("f16", kF16, 9.9, 10.987);
  expect_half_functions<BrainBits16>("bf16", kBf16, 7, 8);
}

/// .ftz flushes operands and results; .sat clamps them to 0 … 1.
TEST(PtxApproximations, ArithmeticWithoutSubnormals) {
  using F = float;
  const auto saturated = [](F value) { return value > 0 ? std::min(value, 1.f) : 0.f; };
  for (const auto& [name, mode] : kRoundingModes) {
    const auto expect = [&, m = mode](const std::string& opcode, auto function, bool saturates) {
      const auto truth = [=](F a, F b) { return flushed(rounded<F>(m, function, flushed(a), flushed(b))); };
      expect_opcode<F, F, F>(opcode + "." + name + ".ftz.f32", truth);
      if (!saturates) return;
      expect_opcode<F, F, F>(opcode + "." + name + ".ftz.sat.f32",
                             [&](F a, F b) { return saturated(truth(a, b)); });
      expect_opcode<F, F, F>(opcode + "." + name + ".sat.f32",
                             [&](F a, F b) { return saturated(rounded<F>(m, function, a, b)); });
    };
    expect("add", mpfr_add, true);
    expect("sub", mpfr_sub, true);
    expect("mul", mpfr_mul, true);
    expect("div", mpfr_div, false);
    const auto fused = [m = mode](F a, F b, F c) {
      return flushed(rounded<F>(m, mpfr_fma, flushed(a), flushed(b), flushed(c)));
    };
    expect_opcode<F, F, F, F>("fma." + name + ".ftz.f32", fused);
    expect_opcode<F, F, F, F>("fma." + name + ".ftz.sat.f32",
                              [&](F a, F b, F c) { return saturated(fused(a, b, c)); });
    expect_opcode<F, F>("rcp." + name + ".ftz.f32",
                        [m = mode](F a) { return flushed(rounded<F>(m, mpfr_div, 1.f, flushed(a))); });
    expect_opcode<F, F>("sqrt." + name + ".ftz.f32",
                        [m = mode](F a) { return flushed(rounded<F>(m, mpfr_sqrt, flushed(a))); });
  }
  expect_opcode<F, F, F>("add.ftz.f32", [](F a, F b) { return flushed(flushed(a) + flushed(b)); });
  expect_opcode<F, F>("neg.ftz.f32", [](F a) { return -flushed(a); });
  expect_opcode<F, F>("abs.ftz.f32", [](F a) { return std::fabs(flushed(a)); });
  expect_opcode<F, F, F>("max.ftz.f32", [](F a, F b) {
    const F x = flushed(a), y = flushed(b);
    if (std::isnan(x) || std::isnan(y)) return std::isnan(x) ? y : x;
    return x != y ? std::max(x, y) : (std::signbit(x) ? y : x);
  });
  expect_body<std::uint32_t, F, F>("setp.lt.ftz.f32 p0, %a, %b; selp.b32 %t, 1, 0, p0;",
                                   [](F a, F b) { return flushed(a) < flushed(b) ? 1U : 0U; });
  expect_body<std::uint32_t, F, F>("set.gtu.ftz.u32.f32 %t, %a, %b;",
                                   [](F a, F b) { return !(flushed(a) <= flushed(b)) ? ~0U : 0U; });
}

}  // namespace
}  // namespace perceptron::ptx
