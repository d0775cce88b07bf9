// cvt of the PTX machine: every pair of types it knows, every rounding, saturation, and values within wider
// registers.
#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <limits>

#include "tests/ptx/half_format.hpp"
#include "tests/ptx/opcode_case.hpp"
#include "tests/ptx/real_arithmetic.hpp"

namespace perceptron::ptx {
namespace {

template <class... T>
struct List {};
template <class... T, class Body>
void for_each_type(List<T...>, Body body) {
  (body(T{}), ...);
}
using Integers = List<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
using AllIntegers = List<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t,
                         std::uint64_t, std::int64_t>;

/// Results narrower than their register are extended to it: 8-bit ones are read from registers of 16 bits.
TEST(PtxConversion, IntegerToInteger) {
  for_each_type(AllIntegers{}, []<class S>(S) {
    for_each_type(AllIntegers{}, []<class D>(D) {
      using Register =
          std::conditional_t<sizeof(D) == 1,
                             std::conditional_t<std::is_signed_v<D>, std::int16_t, std::uint16_t>, D>;
      const std::string types = "." + ptx_name<D>() + "." + ptx_name<S>();
      expect_opcode<Register, S>("cvt" + types, [](S a) { return static_cast<Register>(static_cast<D>(a)); });
      static constexpr __int128 kLowest = std::numeric_limits<D>::min(),
                                kHighest = std::numeric_limits<D>::max();
      // PTX ISA, "cvt": .sat is illegal where there is nothing to saturate.
      if constexpr (std::numeric_limits<S>::min() < kLowest || std::numeric_limits<S>::max() > kHighest) {
        expect_opcode<Register, S>("cvt.sat" + types, [](S a) {
          return static_cast<Register>(std::clamp<__int128>(a, kLowest, kHighest));
        });
      }
    });
  });
}

/// The source is the low part of a wider register, the target a wider register than the type.
TEST(PtxConversion, WithinWiderRegisters) {
  using U = std::uint64_t;
  using S = std::int64_t;
  using W = std::uint32_t;
  expect_body<W, W>("cvt.u32.u8 %t, %a;", [](W a) { return a & 0xff; });
  expect_body<W, W>("cvt.s32.s8 %t, %a;", [](W a) { return static_cast<W>(static_cast<std::int8_t>(a)); });
  expect_body<W, W>("cvt.s32.s16 %t, %a;", [](W a) { return static_cast<W>(static_cast<std::int16_t>(a)); });
  expect_body<W, W>("cvt.s8.s32 %t, %a;", [](W a) { return static_cast<W>(static_cast<std::int8_t>(a)); });
  expect_body<W, W>("cvt.u8.u32 %t, %a;", [](W a) { return a & 0xff; });
  expect_body<U, U>("cvt.u16.u64 %t, %a;", [](U a) { return a & 0xffff; });
  expect_body<S, U>("cvt.s8.u64 %t, %a;", [](U a) { return static_cast<S>(static_cast<std::int8_t>(a)); });
  expect_body<W, U>("cvt.u32.u64 %t, %a;", [](U a) { return static_cast<W>(a); });
}

TEST(PtxConversion, IntegerToFloat) {
  for_each_type(Integers{}, []<class S>(S) {
    for (const auto& [name, mode] : kRoundingModes) {
      const auto into = [m = mode]<class D>(D) {
        return [m](S a) {
          return rounded<D>(
              m, [](mpfr_ptr r, mpfr_srcptr x, mpfr_rnd_t how) { return mpfr_set(r, x, how); }, a);
        };
      };
      expect_opcode<float, S>("cvt." + name + ".f32." + ptx_name<S>(), into(float{}));
      expect_opcode<double, S>("cvt." + name + ".f64." + ptx_name<S>(), into(double{}));
    }
  });
}

/// Whole numbers near a, by MPFR; −0 where a negative number becomes 0.
template <class T>
T integral(const std::string& mode, T a) {
  if (std::isnan(a) || std::isinf(a)) return a;
  const auto function = mode == "rni"   ? mpfr_rint_roundeven
                        : mode == "rzi" ? mpfr_rint_trunc
                        : mode == "rmi" ? mpfr_rint_floor
                                        : mpfr_rint_ceil;
  return std::copysign(rounded<T>(MPFR_RNDN, function, a), a);
}
const std::string kIntegralModes[]{"rni", "rzi", "rmi", "rpi"};

/// PTX ISA, cvt: clamped to the range; NaN gives 0, or the highest bit alone from f64 or to 64 bits.
template <class D, class S>
D to_integer(const std::string& mode, S a) {
  if (std::isnan(a)) {
    if (sizeof(S) == 4 && sizeof(D) < 8) return 0;
    return static_cast<D>(std::uint64_t{1} << (sizeof(D) * 8 - 1));
  }
  const long double whole = integral(mode, a);  // 64 bits of significand: every limit is exact.
  if (whole <= static_cast<long double>(std::numeric_limits<D>::min())) return std::numeric_limits<D>::min();
  if (whole >= static_cast<long double>(std::numeric_limits<D>::max())) return std::numeric_limits<D>::max();
  return static_cast<D>(whole);
}

TEST(PtxConversion, FloatToInteger) {
  for (const std::string& mode : kIntegralModes) {
    for_each_type(Integers{}, [&]<class D>(D) {
      const auto expect = [&]<class S>(S) {
        for (const std::string saturation : {"", ".sat"}) {
          expect_opcode<D, S>("cvt." + mode + saturation + "." + ptx_name<D>() + "." + ptx_name<S>(),
                              [&](S a) { return to_integer<D>(mode, a); });
        }
      };
      expect(float{});
      expect(double{});
    });
  }
}

/// 8 and 16 bits in registers of 32.
TEST(PtxConversion, FloatToIntegerWithinWiderRegisters) {
  for (const std::string& mode : kIntegralModes) {
    expect_body<std::int32_t, float>("cvt." + mode + ".sat.s8.f32 %t, %a;",
                                     [&](float a) { return to_integer<std::int8_t>(mode, a); });
    expect_body<std::uint32_t, float>("cvt." + mode + ".u8.f32 %t, %a;",
                                      [&](float a) { return to_integer<std::uint8_t>(mode, a); });
    expect_body<std::int32_t, double>("cvt." + mode + ".s8.f64 %t, %a;",
                                      [&](double a) { return to_integer<std::int8_t>(mode, a); });
  }
  expect_body<std::int32_t, float>("cvt.rzi.s16.f32 %t, %a;",
                                   [](float a) { return to_integer<std::int16_t>("rzi", a); });
  expect_body<std::int32_t, double>("cvt.rni.s16.f64 %t, %a;",
                                    [](double a) { return to_integer<std::int16_t>("rni", a); });
  expect_body<std::uint32_t, float>("cvt.rzi.u16.f32 %t, %a;",
                                    [](float a) { return to_integer<std::uint16_t>("rzi", a); });
}

TEST(PtxConversion, FloatToIntegralFloat) {
  for (const std::string& mode : kIntegralModes) {
    expect_opcode<float, float>("cvt." + mode + ".f32.f32", [&](float a) { return integral(mode, a); });
    expect_opcode<double, double>("cvt." + mode + ".f64.f64", [&](double a) { return integral(mode, a); });
  }
}

float clamped(float value) { return value >= 1 ? 1.f : value > 0 ? value : 0.f; }

TEST(PtxConversion, FloatBetweenZeroAndOne) {
  expect_opcode<float, float>("cvt.sat.f32.f32", clamped);
  for (const std::string& mode : kIntegralModes) {
    expect_opcode<float, float>("cvt." + mode + ".sat.f32.f32",
                                [&](float a) { return clamped(integral(mode, a)); });
  }
}

int assign(mpfr_ptr result, mpfr_srcptr value, mpfr_rnd_t mode) { return mpfr_set(result, value, mode); }

/// .ftz: subnormal f32 are zeros, before and after.
TEST(PtxConversion, WithoutSubnormals) {
  expect_opcode<double, float>("cvt.ftz.f64.f32", [](float a) { return static_cast<double>(flushed(a)); });
  for (const auto& [name, mode] : kRoundingModes) {
    expect_opcode<float, double>("cvt." + name + ".ftz.f32.f64",
                                 [m = mode](double a) { return flushed(rounded<float>(m, assign, a)); });
  }
  for (const std::string& mode : kIntegralModes) {
    expect_opcode<float, float>("cvt." + mode + ".ftz.f32.f32",
                                [&](float a) { return integral(mode, flushed(a)); });
    expect_opcode<std::int32_t, float>("cvt." + mode + ".ftz.s32.f32",
                                       [&](float a) { return to_integer<std::int32_t>(mode, flushed(a)); });
  }
  expect_opcode<float, float>("cvt.ftz.sat.f32.f32", [](float a) { return clamped(flushed(a)); });
  expect_opcode<HalfBits16, float>("cvt.rn.ftz.f16.f32", [](float a) {
    return HalfBits16{narrow(kF16, static_cast<double>(flushed(a)))};
  });
}

TEST(PtxConversion, FloatToFloat) {
  expect_opcode<double, float>("cvt.f64.f32", [](float a) { return static_cast<double>(a); });
  for (const auto& [name, mode] : kRoundingModes) {
    expect_opcode<float, double>("cvt." + name + ".f32.f64",
                                 [m = mode](double a) { return rounded<float>(m, assign, a); });
  }
}

/// Toward 0: the pattern below the nearest one where that is beyond.
std::uint16_t cut(const HalfFormat& format, float value) {
  const std::uint16_t nearest = narrow(format, static_cast<double>(value));
  const bool is_beyond = std::fabs(widen(format, nearest)) > std::fabs(value);
  return static_cast<std::uint16_t>(nearest - (is_beyond ? 1 : 0));
}

template <class Bits>
void expect_half_integers(const std::string& name, const HalfFormat& format) {
  for (const std::string& mode : kIntegralModes) {
    expect_opcode<Bits, Bits>("cvt." + mode + "." + name + "." + name, [&](Bits a) {
      return Bits{narrow(format, static_cast<double>(integral(mode, widen(format, a.bits))))};
    });
    for_each_type(Integers{}, [&]<class D>(D) {
      expect_opcode<D, Bits>("cvt." + mode + "." + ptx_name<D>() + "." + name,
                             [&](Bits a) { return to_integer<D>(mode, widen(format, a.bits)); });
    });
  }
  for_each_type(Integers{}, [&]<class S>(S) {
    expect_opcode<Bits, S>("cvt.rn." + name + "." + ptx_name<S>(),
                           [&](S a) { return Bits{rounded_half(format, assign, a)}; });
  });
  expect_opcode<Bits, float>("cvt.rz." + name + ".f32", [&](float a) { return Bits{cut(format, a)}; });
}

template <class Bits>
void expect_half(const std::string& name, const HalfFormat& format) {
  expect_opcode<float, Bits>("cvt.f32." + name, [&](Bits a) { return widen(format, a.bits); });
  expect_opcode<double, Bits>("cvt.f64." + name,
                              [&](Bits a) { return static_cast<double>(widen(format, a.bits)); });
  expect_opcode<Bits, float>("cvt.rn." + name + ".f32",
                             [&](float a) { return Bits{narrow(format, static_cast<double>(a))}; });
  expect_opcode<Bits, double>("cvt.rn." + name + ".f64", [&](double a) { return Bits{narrow(format, a)}; });
  expect_opcode<std::uint32_t, float, float>("cvt.rn." + name + "x2.f32", [&](float a, float b) {
    return std::uint32_t{narrow(format, static_cast<double>(a))} << 16 |
           narrow(format, static_cast<double>(b));
  });
}

TEST(PtxConversion, HalfFormats) {
  expect_half<HalfBits16>("f16", kF16);
  expect_half<BrainBits16>("bf16", kBf16);
}

TEST(PtxConversion, HalfFormatsAndIntegers) {
  expect_half_integers<HalfBits16>("f16", kF16);
  expect_half_integers<BrainBits16>("bf16", kBf16);
}

/// Every boundary between two neighbours of a 16-bit format, and the floats beside it.
TEST(PtxConversion, EveryRoundingBoundaryOfHalfFormats) {
  for (const bool is_brain : {false, true}) {
    const HalfFormat& format = is_brain ? kBf16 : kF16;
    std::vector<Row> rows;
    for (int bits = 0; bits < format.infinity; ++bits) {
      const float low = widen(format, static_cast<std::uint16_t>(bits));
      const float high = bits + 1 < format.infinity ? widen(format, static_cast<std::uint16_t>(bits + 1))
                         : is_brain                 ? std::numeric_limits<float>::infinity()
                                                    : 65536.f;
      const float middle = std::isinf(high) ? 0x1.ffp127f : low + (high - low) / 2;
      for (const float value : {low, middle, std::nextafter(middle, low), std::nextafter(middle, high)}) {
        rows.push_back({bits_of(value)});
        rows.push_back({bits_of(-value)});
      }
    }
    const std::string body = std::string("cvt.rn.") + (is_brain ? "bf16" : "f16") + ".f32 %t, %a;";
    const std::vector<std::uint64_t> results = run_snippet({body, {4}, 2, false}, rows);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const float value = value_of<float>(rows[row][0]);
      ASSERT_EQ(results[row], narrow(format, static_cast<double>(value))) << value;
    }
  }
}

}  // namespace
}  // namespace perceptron::ptx
