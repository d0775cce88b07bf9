// Arithmetic and comparison of f16 and bf16, alone and in pairs, against MPFR: one rounding, NaN, signed
// zeros, saturation.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/ptx/half_format.hpp"
#include "tests/ptx/opcode_case.hpp"

namespace perceptron::ptx {
namespace {

using Word = std::uint32_t;
using Half = std::uint16_t;

struct F16 {
  using Edges = HalfEdges16;
  static constexpr HalfFormat kFormat = kF16;
  static constexpr const char* kName = "f16";
  static constexpr Half kOne = 0x3c00;
};
struct Bf16 {
  using Edges = BrainEdges16;
  static constexpr HalfFormat kFormat = kBf16;
  static constexpr const char* kName = "bf16";
  static constexpr Half kOne = 0x3f80;
};

template <class T>
class PtxHalfOpcode : public testing::Test {};
using Formats = testing::Types<F16, Bf16>;
TYPED_TEST_SUITE(PtxHalfOpcode, Formats);

template <class Format>
float value(Half bits) {
  return widen(Format::kFormat, bits);
}
template <class Format>
Half nearest(double number) {
  return narrow(Format::kFormat, number);
}
template <class Format>
bool is_same_half(Half a, Half b) {
  return a == b || (std::isnan(value<Format>(a)) && std::isnan(value<Format>(b)));
}
template <class Format>
Half flushed_half(Half bits) {
  const Half least = static_cast<Half>(1 << Format::kFormat.fraction_bits);
  return (bits & 0x7fff) < least ? static_cast<Half>(bits & 0x8000) : bits;
}

/// Rows of `kSources` edges, each a warp's lane; packed: the high elements are those of another row.
template <class Format, std::size_t kSources>
std::vector<Row> rows_of_edges(bool is_packed) {
  using Edge = typename Format::Edges;
  std::vector<Row> rows;
  const auto add = [&](const auto& tuple) {
    std::apply([&](auto... edge) { rows.push_back({edge.bits...}); }, tuple);
  };
  if constexpr (kSources == 1)
    for (const auto& tuple : all_tuples<Edge>()) add(tuple);
  if constexpr (kSources == 2)
    for (const auto& tuple : all_tuples<Edge, Edge>()) add(tuple);
  if constexpr (kSources == 3)
    for (const auto& tuple : all_tuples<Edge, Edge, Edge>()) add(tuple);
  if (!is_packed) return rows;
  std::vector<Row> packed = rows;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t source = 0; source < kSources; ++source)
      packed[row][source] |= rows[(row + 977) % rows.size()][source] << 16;
  }
  return packed;
}

/// Truth takes and gives bits of single elements; the instruction ends with the type, x2 for pairs.
template <class Format, std::size_t kSources, class Truth>
void expect_elements(const std::string& instruction, bool is_packed, Truth truth) {
  cover(instruction);
  const std::string name = instruction + "." + Format::kName + (is_packed ? "x2" : "");
  static constexpr const char* kOperands[]{"%t", ", %a", ", %b", ", %c"};
  std::string body = name + " ";
  for (std::size_t operand = 0; operand <= kSources; ++operand) body += kOperands[operand];
  const std::size_t bytes = is_packed ? 4 : 2;
  const std::vector<Row> rows = rows_of_edges<Format, kSources>(is_packed);
  const std::vector<std::uint64_t> results =
      run_snippet({body + ";", std::vector<std::size_t>(kSources, bytes), bytes}, rows);
  int differences = 0;
  for (std::size_t row = 0; row < rows.size() && differences < 5; ++row) {
    for (int shift = 0; shift < (is_packed ? 32 : 16); shift += 16) {
      std::array<Half, kSources> operands{};
      for (std::size_t source = 0; source < kSources; ++source)
        operands[source] = static_cast<Half>(rows[row][source] >> shift);
      const Half expected = std::apply(truth, operands), found = static_cast<Half>(results[row] >> shift);
      if (is_same_half<Format>(expected, found)) continue;
      ADD_FAILURE() << name << std::hex << " of " << testing::PrintToString(rows[row]) << " gives " << found
                    << ", expected " << expected;
      ++differences;
    }
  }
}

/// Alone and in pairs.
template <class Format, std::size_t kSources, class Truth>
void expect_half_opcode(const std::string& instruction, Truth truth) {
  expect_elements<Format, kSources>(instruction, false, truth);
  expect_elements<Format, kSources>(instruction, true, truth);
}

/// `truth` and, of f16, what .ftz and .sat make of it.
template <class Format, std::size_t kSources, class Truth>
void expect_modified(const std::string& opcode, Truth truth) {
  using F = Format;
  expect_half_opcode<F, kSources>(opcode + ".rn", truth);
  if (opcode == "fma") {
    expect_half_opcode<F, kSources>("fma.rn.relu", [&](auto... a) {
      const Half bits = truth(a...);
      return value<F>(bits) <= 0 ? Half{0} : bits;
    });
  } else {
    expect_half_opcode<F, kSources>(opcode, truth);
  }
  if constexpr (std::is_same_v<F, F16>) {
    const auto saturated = [&](auto... a) {
      const Half bits = truth(a...);
      return value<F>(bits) > 0 ? std::min<Half>(bits, F::kOne) : Half{0};
    };
    expect_half_opcode<F, kSources>(opcode + ".rn.sat", saturated);
    expect_half_opcode<F, kSources>(opcode + ".rn.ftz",
                                    [&](auto... a) { return flushed_half<F>(truth(flushed_half<F>(a)...)); });
    expect_half_opcode<F, kSources>(
        opcode + ".rn.ftz.sat", [&](auto... a) { return flushed_half<F>(saturated(flushed_half<F>(a)...)); });
  }
}

TYPED_TEST(PtxHalfOpcode, RoundsOnce) {
  using F = TypeParam;
  const auto truth = [](auto function) {
    return [function](auto... a) { return rounded_half(F::kFormat, function, value<F>(a)...); };
  };
  expect_modified<F, 2>("add", truth(mpfr_add));
  expect_modified<F, 2>("sub", truth(mpfr_sub));
  expect_modified<F, 2>("mul", truth(mpfr_mul));
  expect_modified<F, 3>("fma", truth(mpfr_fma));
}

TYPED_TEST(PtxHalfOpcode, Signs) {
  using F = TypeParam;
  expect_half_opcode<F, 1>("neg", [](Half a) { return static_cast<Half>(a ^ 0x8000); });
  expect_half_opcode<F, 1>("abs", [](Half a) { return static_cast<Half>(a & 0x7fff); });
  if constexpr (std::is_same_v<F, F16>) {
    expect_half_opcode<F, 1>("neg.ftz",
                             [](Half a) { return static_cast<Half>(flushed_half<F>(a) ^ 0x8000); });
    expect_half_opcode<F, 1>("abs.ftz",
                             [](Half a) { return static_cast<Half>(flushed_half<F>(a) & 0x7fff); });
  }
}

/// −0 before +0; a NaN loses against a number, but wins in the .NaN form.
template <class F>
Half lesser(Half a, Half b, bool keeps_nan) {
  const float x = value<F>(a), y = value<F>(b);
  if (std::isnan(x) || std::isnan(y))
    return keeps_nan || std::isnan(y) == std::isnan(x) ? 0x7fff : std::isnan(x) ? b : a;
  return x != y ? (x < y ? a : b) : (a & 0x8000) != 0 ? a : b;
}

TYPED_TEST(PtxHalfOpcode, MinimaAndMaxima) {
  using F = TypeParam;
  const auto negated = [](Half a) { return static_cast<Half>(a ^ 0x8000); };
  for (const bool keeps_nan : {false, true}) {
    const auto least = [=](Half a, Half b) { return lesser<F>(a, b, keeps_nan); };
    const auto most = [=](Half a, Half b) { return negated(lesser<F>(negated(a), negated(b), keeps_nan)); };
    const std::string nan = keeps_nan ? ".NaN" : "";
    expect_half_opcode<F, 2>("min" + nan, least);
    expect_half_opcode<F, 2>("max" + nan, most);
    if constexpr (std::is_same_v<F, F16>) {
      expect_half_opcode<F, 2>("max.ftz" + nan,
                               [=](Half a, Half b) { return most(flushed_half<F>(a), flushed_half<F>(b)); });
    }
  }
}

struct Comparison {
  const char* name;
  std::function<bool(float, float)> holds;
};
const std::vector<Comparison>& comparisons() {
  static const std::vector<Comparison> kComparisons = [] {
    std::vector<Comparison> all{
        {"eq", std::equal_to<float>{}}, {"ne", [](float a, float b) { return a < b || a > b; }},
        {"lt", std::less<float>{}},     {"le", std::less_equal<float>{}},
        {"gt", std::greater<float>{}},  {"ge", std::greater_equal<float>{}}};
    const std::size_t ordered = all.size();
    static std::vector<std::string> names;
    for (std::size_t index = 0; index < ordered; ++index) names.push_back(all[index].name + std::string("u"));
    for (std::size_t index = 0; index < ordered; ++index) {
      all.push_back({names[index].c_str(), [holds = all[index].holds](float a, float b) {
                       return std::isnan(a) || std::isnan(b) || holds(a, b);
                     }});
    }
    all.push_back({"num", [](float a, float b) { return !std::isnan(a) && !std::isnan(b); }});
    all.push_back({"nan", [](float a, float b) { return std::isnan(a) || std::isnan(b); }});
    return all;
  }();
  return kComparisons;
}

/// `body` makes a word of two operands; `truth` says which.
template <class F, class Truth>
void expect_word(const std::string& body, bool is_packed, std::size_t result_bytes, Truth truth) {
  const std::size_t bytes = is_packed ? 4 : 2;
  const std::vector<Row> rows = rows_of_edges<F, 2>(is_packed);
  const std::vector<std::uint64_t> results = run_snippet({body, {bytes, bytes}, result_bytes}, rows);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    ASSERT_EQ(results[row], truth(static_cast<Word>(rows[row][0]), static_cast<Word>(rows[row][1])))
        << body << std::hex << " of " << rows[row][0] << " " << rows[row][1];
  }
}

TYPED_TEST(PtxHalfOpcode, Comparisons) {
  using F = TypeParam;
  cover("setp");
  cover("set");
  const std::string type = std::string(".") + F::kName;
  for (const auto& [name, holds] : comparisons()) {
    const auto low = [&](Word a, Word b) {
      return holds(value<F>(static_cast<Half>(a)), value<F>(static_cast<Half>(b)));
    };
    const auto high = [&](Word a, Word b) { return low(a >> 16, b >> 16); };
    const std::string set = std::string("set.") + name, setp = std::string("setp.") + name;
    expect_word<F>(setp + type + " p0, %a, %b; selp.b32 %t, 1, 0, p0;", false, 4,
                   [&](Word a, Word b) { return low(a, b) ? 1U : 0U; });
    expect_word<F>(setp + type + "x2 p0|p1, %a, %b; selp.b32 %t, 1, 0, p0; @p1 add.u32 %t, %t, 2;", true, 4,
                   [&](Word a, Word b) { return (low(a, b) ? 1U : 0U) + (high(a, b) ? 2U : 0U); });
    expect_word<F>(set + type + type + " %t, %a, %b;", false, 2,
                   [&](Word a, Word b) { return low(a, b) ? Word{F::kOne} : 0U; });
    expect_word<F>(set + ".u32" + type + " %t, %a, %b;", false, 4,
                   [&](Word a, Word b) { return low(a, b) ? ~0U : 0U; });
    expect_word<F>(set + ".u16" + type + " %t, %a, %b;", false, 2,
                   [&](Word a, Word b) { return low(a, b) ? 0xffffU : 0U; });
    const auto pair = [&](Word truth) {
      return
          [&, truth](Word a, Word b) { return (high(a, b) ? truth << 16 : 0U) | (low(a, b) ? truth : 0U); };
    };
    expect_word<F>(set + type + "x2" + type + "x2 %t, %a, %b;", true, 4, pair(F::kOne));
    expect_word<F>(set + ".u32" + type + "x2 %t, %a, %b;", true, 4, pair(0xffff));
  }
}

/// setp.lt.ftz, whose operands are flushed, with a third predicate: a is not NaN.
TEST(PtxHalfOpcodes, ComparisonsWithoutSubnormals) {
  const auto flushed_value = [](Word bits) { return value<F16>(flushed_half<F16>(static_cast<Half>(bits))); };
  expect_word<F16>("setp.lt.ftz.f16 p0, %a, %b; selp.b32 %t, 1, 0, p0;", false, 4,
                   [&](Word a, Word b) { return flushed_value(a) < flushed_value(b) ? 1U : 0U; });
  expect_word<F16>("setp.num.f16 p1, %a, %a; setp.ltu.and.f16 p0, %a, %b, p1; selp.b32 %t, 1, 0, p0;", false,
                   4, [&](Word a, Word b) {
                     const float x = value<F16>(static_cast<Half>(a)), y = value<F16>(static_cast<Half>(b));
                     return !std::isnan(x) && !(x >= y) ? 1U : 0U;
                   });
}

}  // namespace
}  // namespace perceptron::ptx
