// setp, selp and slct of the PTX machine: every comparison, ordered and not, with and without a third
// predicate.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/ptx/opcode_case.hpp"

namespace perceptron::ptx {
namespace {

/// How two operands may stand to each other: exactly one of these holds.
enum Relation : unsigned { kLess = 1, kEqual = 2, kGreater = 4, kUnordered = 8 };

template <class T>
unsigned relation(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return kUnordered;
  }
  return a < b ? kLess : b < a ? kGreater : kEqual;
}

struct Comparison {
  const char* name;
  unsigned relations;  ///< Where it is true.
};

constexpr Comparison kOrdered[]{{"eq", kEqual},         {"ne", kLess | kGreater}, {"lt", kLess},
                                {"le", kLess | kEqual}, {"gt", kGreater},         {"ge", kGreater | kEqual}};
constexpr Comparison kUnorderedToo[]{
    {"equ", kUnordered | kEqual},       {"neu", kUnordered | kLess | kGreater},
    {"ltu", kUnordered | kLess},        {"leu", kUnordered | kLess | kEqual},
    {"gtu", kUnordered | kGreater},     {"geu", kUnordered | kGreater | kEqual},
    {"num", kLess | kEqual | kGreater}, {"nan", kUnordered}};
constexpr Comparison kUnsignedNames[]{
    {"lo", kLess}, {"ls", kLess | kEqual}, {"hi", kGreater}, {"hs", kGreater | kEqual}};

template <class T>
void expect_comparison(const Comparison& comparison, const std::string& type) {
  cover("setp");
  expect_body<std::uint32_t, T, T>(
      "setp." + std::string(comparison.name) + type + " p0, %a, %b; selp.b32 %t, 1, 0, p0;",
      [&](T a, T b) { return (relation(a, b) & comparison.relations) != 0 ? 1U : 0U; });
}

/// The same as a value: all ones, or 1.
template <class T>
void expect_value(const Comparison& comparison, const std::string& type) {
  const std::string opcode = "set." + std::string(comparison.name);
  const auto is_so = [&](T a, T b) { return (relation(a, b) & comparison.relations) != 0; };
  for (const std::string integer : {".u32", ".s32"}) {
    expect_opcode<std::uint32_t, T, T>(opcode + integer + type,
                                       [&](T a, T b) { return is_so(a, b) ? ~0U : 0U; });
  }
  expect_opcode<float, T, T>(opcode + ".f32" + type, [&](T a, T b) { return is_so(a, b) ? 1.f : 0.f; });
  expect_body<std::uint32_t, T, T>(
      "setp.eq" + type + " p0, %a, %a; " + opcode + ".and.u32" + type + " %t, %a, %b, !p0;",
      [&](T a, T b) { return is_so(a, b) && relation(a, a) == kUnordered ? ~0U : 0U; });
}

template <class T>
class PtxComparison : public testing::Test {};
using Types = testing::Types<float, double, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t,
                             std::uint64_t, std::int64_t>;
TYPED_TEST_SUITE(PtxComparison, Types);

TYPED_TEST(PtxComparison, EveryComparison) {
  using T = TypeParam;
  const std::string type = "." + ptx_name<T>();
  for (const Comparison& comparison : kOrdered) {
    expect_comparison<T>(comparison, type);
    expect_value<T>(comparison, type);
  }
  if constexpr (std::is_floating_point_v<T>) {
    for (const Comparison& comparison : kUnorderedToo) {
      expect_comparison<T>(comparison, type);
      expect_value<T>(comparison, type);
    }
  } else if constexpr (std::is_unsigned_v<T>) {
    for (const Comparison& comparison : kUnsignedNames) expect_comparison<T>(comparison, type);
    expect_comparison<T>(kOrdered[0], ".b" + std::to_string(sizeof(T) * 8));
    expect_comparison<T>(kOrdered[1], ".b" + std::to_string(sizeof(T) * 8));
  }
}

/// p0 = (a < b) op c and p1 = !(a < b) op c, from which %t = p0 + 2·p1.
TEST(PtxComparisons, CombineWithAThirdPredicate) {
  using S = std::int32_t;
  struct Combination {
    const char* name;
    std::function<bool(bool, bool)> of;
  };
  const Combination combinations[]{{"and", [](bool x, bool c) { return x && c; }},
                                   {"or", [](bool x, bool c) { return x || c; }},
                                   {"xor", [](bool x, bool c) { return x != c; }}};
  for (const auto& [name, of] : combinations) {
    for (const bool is_negated : {false, true}) {
      const std::string body = std::string("setp.ne.s32 p2, %c, 0; setp.lt.") + name +
                               ".s32 p0|p1, %a, %b, " + (is_negated ? "!" : "") +
                               "p2; selp.s32 %t, 1, 0, p0; @p1 add.s32 %t, %t, 2;";
      expect_body<S, S, S, S>(body, [&](S a, S b, S third) {
        const bool c = (third != 0) != is_negated;
        return (of(a < b, c) ? 1 : 0) + (of(!(a < b), c) ? 2 : 0);
      });
    }
  }
  expect_body<S, S, S>("setp.lt.s32 p0|p1, %a, %b; selp.s32 %t, 1, 0, p0; @p1 add.s32 %t, %t, 2;",
                       [](S a, S b) { return a < b ? 1 : 2; });
  // Unordered: the second is the negation of the first, not the opposite comparison.
  expect_body<S, float, float>("setp.lt.f32 p0|p1, %a, %b; selp.s32 %t, 1, 0, p0; @p1 add.s32 %t, %t, 2;",
                               [](float a, float b) { return a < b ? 1 : 2; });
}

TYPED_TEST(PtxComparison, Selection) {
  using T = TypeParam;
  cover("selp");
  expect_body<T, T, T>("setp.lt." + ptx_name<T>() + " p0, %a, %b; selp." + ptx_name<T>() + " %t, %b, %a, p0;",
                       [](T a, T b) { return a < b ? b : a; });
}

template <class T>
void expect_selection_by_sign(const std::string& type) {
  expect_opcode<T, T, T, std::int32_t>("slct." + type + ".s32",
                                       [](T a, T b, std::int32_t c) { return c < 0 ? b : a; });
  expect_opcode<T, T, T, float>("slct." + type + ".f32", [](T a, T b, float c) { return c >= 0 ? a : b; });
}

TEST(PtxCompareOpcode, SelectionBySign) {
  expect_selection_by_sign<std::uint16_t>("u16");
  expect_selection_by_sign<std::int32_t>("s32");
  expect_selection_by_sign<std::uint64_t>("b64");
  expect_selection_by_sign<float>("f32");
  expect_selection_by_sign<double>("f64");
}

}  // namespace
}  // namespace perceptron::ptx
