// Floating-point arithmetic of the PTX machine against MPFR, in every rounding, and the operations on signs.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/ptx/opcode_case.hpp"
#include "tests/ptx/real_arithmetic.hpp"

namespace perceptron::ptx {
namespace {

template <class T>
class PtxFloatOpcode : public testing::Test {};
using Floats = testing::Types<float, double>;
TYPED_TEST_SUITE(PtxFloatOpcode, Floats);

TYPED_TEST(PtxFloatOpcode, RoundsAsStated) {
  using T = TypeParam;
  for (const auto& [name, mode] : kRoundingModes) {
    const std::string end = "." + name + "." + ptx_name<T>();
    expect_opcode<T, T, T>("add" + end, [m = mode](T a, T b) { return rounded<T>(m, mpfr_add, a, b); });
    expect_opcode<T, T, T>("sub" + end, [m = mode](T a, T b) { return rounded<T>(m, mpfr_sub, a, b); });
    expect_opcode<T, T, T>("mul" + end, [m = mode](T a, T b) { return rounded<T>(m, mpfr_mul, a, b); });
    expect_opcode<T, T, T>("div" + end, [m = mode](T a, T b) { return rounded<T>(m, mpfr_div, a, b); });
    expect_opcode<T, T, T, T>("fma" + end,
                              [m = mode](T a, T b, T c) { return rounded<T>(m, mpfr_fma, a, b, c); });
    expect_opcode<T, T>("rcp" + end, [m = mode](T a) { return rounded<T>(m, mpfr_div, T{1}, a); });
    expect_opcode<T, T>("sqrt" + end, [m = mode](T a) { return rounded<T>(m, mpfr_sqrt, a); });
  }
}

/// −0 before +0; a NaN loses against a number, but wins in the .NaN form.
template <class T>
T lesser(T a, T b) {
  if (std::isnan(a)) return b;
  if (std::isnan(b)) return a;
  return std::signbit(a) != std::signbit(b) ? (std::signbit(a) ? a : b) : std::min(a, b);
}
template <class T>
T any_nan(T a, T b, T otherwise) {
  return std::isnan(a) || std::isnan(b) ? std::numeric_limits<T>::quiet_NaN() : otherwise;
}

TYPED_TEST(PtxFloatOpcode, MinimaAndMaximaKnowZerosAndNan) {
  using T = TypeParam;
  const std::string end = "." + ptx_name<T>();
  expect_opcode<T, T, T>("min" + end, [](T a, T b) { return lesser(a, b); });
  expect_opcode<T, T, T>("max" + end, [](T a, T b) { return -lesser(-a, -b); });
  if constexpr (sizeof(T) == 4) {  // f64 has none.
    expect_opcode<T, T, T>("min.NaN" + end, [](T a, T b) { return any_nan(a, b, lesser(a, b)); });
    expect_opcode<T, T, T>("max.NaN" + end, [](T a, T b) { return any_nan(a, b, -lesser(-a, -b)); });
  }
}

TYPED_TEST(PtxFloatOpcode, SignsAndClasses) {
  using T = TypeParam;
  const std::string end = "." + ptx_name<T>();
  expect_opcode<T, T>("neg" + end, [](T a) { return -a; });
  expect_opcode<T, T>("abs" + end, [](T a) { return std::fabs(a); });
  expect_opcode<T, T, T>("copysign" + end, [](T a, T b) { return std::copysign(b, a); });
  cover("testp");
  const auto expect_class = [&](const std::string& name, auto is_so) {
    expect_body<std::uint32_t, T>("testp." + name + end + " p0, %a; selp.b32 %t, 1, 0, p0;",
                                  [&](T a) { return is_so(a) ? 1U : 0U; });
  };
  expect_class("finite", [](T a) { return std::isfinite(a); });
  expect_class("infinite", [](T a) { return std::isinf(a); });
  expect_class("number", [](T a) { return !std::isnan(a); });
  expect_class("notanumber", [](T a) { return std::isnan(a); });
  expect_class("normal", [](T a) { return std::isnormal(a) || a == 0; });
  expect_class("subnormal", [](T a) { return a != 0 && std::fabs(a) < std::numeric_limits<T>::min(); });
}

/// The result's bits, where expect_opcode() would take any NaN: 0x7fffffff is the one that PTX gives for f32.
TEST(PtxFloatOpcodes, ArithmeticGivesOneNan) {
  constexpr std::uint64_t kNan = 0x7fffffff, kSignalling = 0xffa00001, kInfinity = 0x7f800000;
  for (const char* body : {"add.rn.f32 %t, %a, %b;", "fma.rn.f32 %t, %a, %b, %b;", "mul.rn.f32 %t, %b, %a;",
                           "min.f32 %t, %a, %a;", "sqrt.rn.f32 %t, %a;"}) {
    EXPECT_EQ(run_snippet({body, {4, 4}}, {{kSignalling, kInfinity}}).at(0), kNan) << body;
  }
  EXPECT_EQ(run_snippet({"mul.rn.f32 %t, %a, %b;", {4, 4}}, {{0, kInfinity}}).at(0), kNan);
}

}  // namespace
}  // namespace perceptron::ptx
