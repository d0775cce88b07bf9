// Integer arithmetic of the PTX machine against 128-bit integers.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "perceptron/error.hpp"
#include "tests/ptx/opcode_case.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::ptx {
namespace {

/// Wide enough for every product and its sum with a third operand.
using Wide = __int128;

template <class T>
Wide wide(T value) {
  return static_cast<Wide>(value);
}

/// The low bits.
template <class T>
T wrapped(unsigned __int128 value) {
  return static_cast<T>(static_cast<std::make_unsigned_t<T>>(value));
}

/// Of u64 · u64, too, which is beyond Wide.
template <class T>
unsigned __int128 product(T a, T b) {
  if constexpr (std::is_signed_v<T>)
    return static_cast<unsigned __int128>(wide(a) * wide(b));
  else
    return static_cast<unsigned __int128>(a) * b;
}

template <class T>
class PtxIntegerOpcode : public testing::Test {};
using Integers =
    testing::Types<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
TYPED_TEST_SUITE(PtxIntegerOpcode, Integers);

TYPED_TEST(PtxIntegerOpcode, SumsAndProducts) {
  using T = TypeParam;
  constexpr int kBits = sizeof(T) * 8;
  const std::string end = "." + ptx_name<T>();
  expect_opcode<T, T, T>("add" + end, [](T a, T b) { return wrapped<T>(wide(a) + wide(b)); });
  expect_opcode<T, T, T>("sub" + end, [](T a, T b) { return wrapped<T>(wide(a) - wide(b)); });
  expect_opcode<T, T, T>("mul.lo" + end, [](T a, T b) { return wrapped<T>(product(a, b)); });
  expect_opcode<T, T, T>("mul.hi" + end, [](T a, T b) { return wrapped<T>(product(a, b) >> kBits); });
  expect_opcode<T, T, T, T>("mad.lo" + end,
                            [](T a, T b, T c) { return wrapped<T>(product(a, b) + wrapped<T>(c)); });
  expect_opcode<T, T, T, T>(
      "mad.hi" + end, [](T a, T b, T c) { return wrapped<T>((product(a, b) >> kBits) + wrapped<T>(c)); });
}

template <class T, class Twice>
void expect_wide_products() {
  const std::string end = "." + ptx_name<T>();
  expect_opcode<Twice, T, T>("mul.wide" + end, [](T a, T b) { return wrapped<Twice>(product(a, b)); });
  expect_opcode<Twice, T, T, Twice>("mad.wide" + end, [](T a, T b, Twice c) {
    return wrapped<Twice>(product(a, b) + static_cast<unsigned __int128>(wide(c)));
  });
}

TEST(PtxIntegerOpcodes, WideProducts) {
  expect_wide_products<std::uint16_t, std::uint32_t>();
  expect_wide_products<std::int16_t, std::int32_t>();
  expect_wide_products<std::uint32_t, std::uint64_t>();
  expect_wide_products<std::int32_t, std::int64_t>();
}

template <class A, class B>
void expect_dot_of_bytes(const std::string& types) {
  using W = std::uint32_t;
  expect_opcode<W, W, W, W>("dp4a" + types, [](W a, W b, W c) {
    Wide sum = c;
    for (int byte = 0; byte < 4; ++byte)
      sum += wide(static_cast<A>(a >> 8 * byte)) * wide(static_cast<B>(b >> 8 * byte));
    return wrapped<W>(static_cast<unsigned __int128>(sum));
  });
}

TEST(PtxIntegerOpcodes, DotOfBytes) {
  expect_dot_of_bytes<std::uint8_t, std::uint8_t>(".u32.u32");
  expect_dot_of_bytes<std::uint8_t, std::int8_t>(".u32.s32");
  expect_dot_of_bytes<std::int8_t, std::uint8_t>(".s32.u32");
  expect_dot_of_bytes<std::int8_t, std::int8_t>(".s32.s32");
}

template <class A, class B>
void expect_dot_of_halves(const std::string& types) {
  using W = std::uint32_t;
  for (const int first : {0, 2}) {
    expect_opcode<W, W, W, W>((first == 0 ? "dp2a.lo" : "dp2a.hi") + types, [first](W a, W b, W c) {
      Wide sum = c;
      for (int half = 0; half < 2; ++half)
        sum += wide(static_cast<A>(a >> 16 * half)) * wide(static_cast<B>(b >> 8 * (first + half)));
      return wrapped<W>(static_cast<unsigned __int128>(sum));
    });
  }
}

TEST(PtxIntegerOpcodes, DotOfHalves) {
  expect_dot_of_halves<std::uint16_t, std::uint8_t>(".u32.u32");
  expect_dot_of_halves<std::uint16_t, std::int8_t>(".u32.s32");
  expect_dot_of_halves<std::int16_t, std::uint8_t>(".s32.u32");
  expect_dot_of_halves<std::int16_t, std::int8_t>(".s32.s32");
}

TEST(PtxIntegerOpcodes, SaturatingSums) {
  using S = std::int32_t;
  const auto clamped = [](Wide value) {
    return static_cast<S>(
        std::clamp<Wide>(value, std::numeric_limits<S>::min(), std::numeric_limits<S>::max()));
  };
  expect_opcode<S, S, S>("add.sat.s32", [&](S a, S b) { return clamped(wide(a) + wide(b)); });
  expect_opcode<S, S, S>("sub.sat.s32", [&](S a, S b) { return clamped(wide(a) - wide(b)); });
}

TYPED_TEST(PtxIntegerOpcode, Order) {
  using T = TypeParam;
  const std::string end = "." + ptx_name<T>();
  expect_opcode<T, T, T, T>("sad" + end, [](T a, T b, T c) {
    return wrapped<T>(static_cast<unsigned __int128>(wide(a < b ? b : a) - wide(a < b ? a : b) + wide(c)));
  });
  expect_opcode<T, T, T>("min" + end, [](T a, T b) { return std::min(a, b); });
  expect_opcode<T, T, T>("max" + end, [](T a, T b) { return std::max(a, b); });
  if constexpr (std::is_signed_v<T>) {
    expect_opcode<T, T>("neg" + end, [](T a) { return wrapped<T>(-wide(a)); });
    expect_opcode<T, T>("abs" + end, [](T a) { return wrapped<T>(a < 0 ? -wide(a) : wide(a)); });
  }
}

/// Divisors are never 0: `or 1` makes them so. The lowest value by −1 wraps.
TYPED_TEST(PtxIntegerOpcode, QuotientsAndRemainders) {
  using T = TypeParam;
  const std::string type = ptx_name<T>(), bits = std::to_string(sizeof(T) * 8);
  const auto body = [&](const std::string& opcode) {
    cover(opcode);
    return "or.b" + bits + " %t, %b, 1; " + opcode + "." + type + " %t, %a, %t;";
  };
  expect_body<T, T, T>(body("div"),
                       [](T a, T b) { return wrapped<T>(wide(a) / wide(static_cast<T>(b | 1))); });
  expect_body<T, T, T>(body("rem"),
                       [](T a, T b) { return wrapped<T>(wide(a) % wide(static_cast<T>(b | 1))); });
}

}  // namespace
}  // namespace perceptron::ptx
