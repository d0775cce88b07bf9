// Bit operations of the PTX machine against definitions that go bit by bit, as the PTX ISA states them.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/ptx/opcode_case.hpp"

namespace perceptron::ptx {
namespace {

template <class T>
constexpr unsigned kBits = sizeof(T) * 8;

/// Bit `index`, 0 beyond the ends.
template <class T>
bool bit(T value, std::int64_t index) {
  return index >= 0 && index < kBits<T> && (static_cast<std::uint64_t>(value) >> index & 1) != 0;
}

/// The value whose bit i is of(i).
template <class T, class Bit>
T from_bits(Bit of) {
  std::uint64_t value = 0;
  for (unsigned index = 0; index < kBits<T>; ++index) value |= std::uint64_t{of(index)} << index;
  return static_cast<T>(value);
}

template <class T>
std::string bits_name() {
  return ".b" + std::to_string(kBits<T>);
}

template <class T>
class PtxBitOpcode : public testing::Test {};
using Words = testing::Types<std::uint16_t, std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(PtxBitOpcode, Words);

TYPED_TEST(PtxBitOpcode, Logic) {
  using T = TypeParam;
  const std::string end = bits_name<T>();
  const auto expect = [&](const std::string& opcode, auto of) {
    expect_opcode<T, T, T>(opcode + end, [&](T a, T b) {
      return from_bits<T>([&](unsigned i) -> bool { return of(bit(a, i), bit(b, i)); });
    });
  };
  expect("and", [](bool a, bool b) { return a && b; });
  expect("or", [](bool a, bool b) { return a || b; });
  expect("xor", [](bool a, bool b) { return a != b; });
  expect_opcode<T, T>("not" + end, [](T a) { return from_bits<T>([&](unsigned i) { return !bit(a, i); }); });
  expect_opcode<T, T>("cnot" + end, [](T a) { return static_cast<T>(a == 0); });
}

/// Amounts count in full: at the width and beyond, nothing or the sign is left.
TYPED_TEST(PtxBitOpcode, Shifts) {
  using T = TypeParam;
  using Signed = std::make_signed_t<T>;
  const std::string width = std::to_string(kBits<T>);
  expect_opcode<T, T, std::uint32_t>("shl.b" + width, [](T a, std::uint32_t by) {
    return from_bits<T>([&](unsigned i) { return bit(a, std::int64_t{i} - by); });
  });
  for (const std::string type : {".b", ".u"}) {
    expect_opcode<T, T, std::uint32_t>("shr" + type + width, [](T a, std::uint32_t by) {
      return from_bits<T>([&](unsigned i) { return bit(a, std::int64_t{i} + by); });
    });
  }
  expect_opcode<Signed, Signed, std::uint32_t>("shr.s" + width, [](Signed a, std::uint32_t by) {
    return from_bits<Signed>(
        [&](unsigned i) { return bit(a, std::min<std::int64_t>(std::int64_t{i} + by, kBits<T> - 1)); });
  });
}

TEST(PtxBitOpcodes, FunnelShifts) {
  using W = std::uint32_t;
  for (const bool clamps : {false, true}) {
    const std::string end = clamps ? ".clamp.b32" : ".wrap.b32";
    const auto amount = [clamps](W c) { return std::int64_t{clamps ? std::min(c, 32U) : c % 32}; };
    const auto both = [](W a, W b) { return std::uint64_t{b} << 32 | a; };
    expect_opcode<W, W, W, W>("shf.l" + end, [&](W a, W b, W c) {
      return from_bits<W>([&](unsigned i) { return bit(both(a, b), 32 + std::int64_t{i} - amount(c)); });
    });
    expect_opcode<W, W, W, W>("shf.r" + end, [&](W a, W b, W c) {
      return from_bits<W>([&](unsigned i) { return bit(both(a, b), std::int64_t{i} + amount(c)); });
    });
  }
}

/// Position of the highest bit that differs from the sign; -1: none.
template <class T>
int highest(T a) {
  int index = kBits<T> - 1;
  while (index >= 0 && bit(a, index) == (a < 0)) --index;
  return index;
}

template <class T>
class PtxBitCount : public testing::Test {};
using LongWords = testing::Types<std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(PtxBitCount, LongWords);

TYPED_TEST(PtxBitCount, CountsAndFinds) {
  using T = TypeParam;
  using Signed = std::make_signed_t<T>;
  using W = std::uint32_t;
  const std::string end = bits_name<T>();
  expect_opcode<W, T>("popc" + end, [](T a) {
    W count = 0;
    for (unsigned i = 0; i < kBits<T>; ++i) count += bit(a, i) ? 1U : 0U;
    return count;
  });
  expect_opcode<W, T>("clz" + end,
                      [](T a) { return static_cast<W>(static_cast<int>(kBits<T>) - 1 - highest(a)); });
  expect_opcode<T, T>("brev" + end, [](T a) {
    return from_bits<T>([&](unsigned i) { return bit(a, std::int64_t{kBits<T>} - 1 - i); });
  });
  const auto expect_find = [&]<class V>(V) {
    expect_opcode<W, V>("bfind." + ptx_name<V>(), [](V a) { return static_cast<W>(highest(a)); });
    expect_opcode<W, V>("bfind.shiftamt." + ptx_name<V>(), [](V a) {
      const int found = highest(a);
      return found < 0 ? ~0U : static_cast<W>(static_cast<int>(kBits<V>) - 1 - found);
    });
  };
  expect_find(T{});
  expect_find(Signed{});
}

/// PTX ISA, bfe and bfi: position and length are the low bytes of their operands.
TYPED_TEST(PtxBitCount, Fields) {
  using T = TypeParam;
  using Signed = std::make_signed_t<T>;
  using W = std::uint32_t;
  const auto expect_extract = [&]<class V>(V) {
    expect_opcode<V, V, W, W>("bfe." + ptx_name<V>(), [](V a, W position, W length) {
      const std::int64_t first = position & 0xff, count = length & 0xff, top = kBits<V> - 1;
      const bool sign = std::is_signed_v<V> && count != 0 && bit(a, std::min(first + count - 1, top));
      return from_bits<V>(
          [&](unsigned i) { return i < count && first + i <= top ? bit(a, first + i) : sign; });
    });
  };
  expect_extract(T{});
  expect_extract(Signed{});
  expect_opcode<T, T, T, W, W>("bfi" + bits_name<T>(), [](T a, T b, W position, W length) {
    const std::int64_t first = position & 0xff, end = first + (length & 0xff);
    return from_bits<T>([&](unsigned i) { return i >= first && i < end ? bit(a, i - first) : bit(b, i); });
  });
}

/// bmsk: ones from bit a on, b of them. Clamped, amounts of 32 and more mean 32; wrapped, they count mod 32.
TEST(PtxBitOpcodes, Masks) {
  using W = std::uint32_t;
  for (const bool clamps : {false, true}) {
    expect_opcode<W, W, W>(clamps ? "bmsk.clamp.b32" : "bmsk.wrap.b32", [clamps](W a, W b) {
      const W first = clamps ? std::min(a, 32U) : a % 32, count = clamps ? std::min(b, 32U) : b % 32;
      return from_bits<W>([&](unsigned i) { return i >= first && i < first + count; });
    });
  }
}

/// Every truth table, over all eight combinations of bits and more.
TEST(PtxBitOpcodes, LookUps) {
  using W = std::uint32_t;
  cover("lop3");
  const std::vector<Row> rows{{0xf0f0f0f0, 0xcccccccc, 0xaaaaaaaa}, {0x12345678, 0x9abcdef0, 0x0f1e2d3c}};
  for (W table = 0; table < 256; ++table) {
    const std::string body = "lop3.b32 %t, %a, %b, %c, " + std::to_string(table) + ";";
    const std::vector<std::uint64_t> results = run_snippet({body, {4, 4, 4}}, rows);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const W truth = from_bits<W>([&](unsigned i) {
        const unsigned index = 4U * bit(rows[row][0], i) + 2U * bit(rows[row][1], i) + bit(rows[row][2], i);
        return bit(table, index);
      });
      ASSERT_EQ(results[row], truth) << table;
    }
  }
}

std::uint32_t byte_of(std::uint32_t a, std::uint32_t b, unsigned index) {
  return (index < 4 ? a >> (8 * index) : b >> (8 * (index - 4))) & 0xff;
}

TEST(PtxBitOpcodes, Permutations) {
  using W = std::uint32_t;
  expect_opcode<W, W, W, W>("prmt.b32", [](W a, W b, W c) {
    W result = 0;
    for (unsigned i = 0; i < 4; ++i) {
      const W selector = c >> (4 * i) & 0xf;
      W byte = byte_of(a, b, selector & 7);
      if (selector >= 8) byte = byte >= 0x80 ? 0xff : 0;
      result |= byte << (8 * i);
    }
    return result;
  });
}

/// The table of the PTX ISA: for each mode and selector 0 … 3, the source bytes of result bytes 3, 2, 1, 0.
TEST(PtxBitOpcodes, PermutationModes) {
  using W = std::uint32_t;
  struct Mode {
    const char* name;
    const char* sources[4];
  };
  for (const Mode& mode :
       {Mode{"f4e", {"3210", "4321", "5432", "6543"}}, Mode{"b4e", {"5670", "6701", "7012", "0123"}},
        Mode{"rc8", {"0000", "1111", "2222", "3333"}}, Mode{"ecl", {"3210", "3211", "3222", "3333"}},
        Mode{"ecr", {"0000", "1110", "2210", "3210"}}, Mode{"rc16", {"1010", "3232", "1010", "3232"}}}) {
    expect_opcode<W, W, W, W>(std::string("prmt.b32.") + mode.name, [&](W a, W b, W c) {
      W result = 0;
      for (int i = 0; i < 4; ++i) {
        result = result << 8 | byte_of(a, b, static_cast<unsigned>(mode.sources[c & 3][i] - '0'));
      }
      return result;
    });
  }
}

/// Predicates are set from the bits of %a and %b and read back as a number.
TEST(PtxBitOpcodes, Predicates) {
  using W = std::uint32_t;
  const auto expect = [](const std::string& instruction, auto of) {
    cover(instruction);
    const std::string body =
        "setp.ne.u32 p0, %a, 0; setp.ne.u32 p1, %b, 0; " + instruction + " selp.u32 %t, 1, 0, p2;";
    expect_body<W, W, W>(body, [&](W a, W b) { return static_cast<W>(of(a != 0, b != 0)); });
  };
  expect("and.pred p2, p0, p1;", [](bool a, bool b) { return a && b; });
  expect("or.pred p2, p0, p1;", [](bool a, bool b) { return a || b; });
  expect("xor.pred p2, p0, p1;", [](bool a, bool b) { return a != b; });
  expect("and.pred p2, !p0, p1;", [](bool a, bool b) { return !a && b; });
  expect("or.pred p2, p0, !p1;", [](bool a, bool b) { return a || !b; });
  expect("xor.pred p2, p0, -1;", [](bool a, bool) { return !a; });
  expect("and.pred p2, 0, p1;", [](bool, bool) { return false; });
  expect("or.pred p2, !p0, 0;", [](bool a, bool) { return !a; });
  expect("not.pred p2, p0;", [](bool a, bool) { return !a; });
  expect("mov.pred p2, p1;", [](bool, bool b) { return b; });
  expect("mov.pred p2, 0;", [](bool, bool) { return false; });
  expect("mov.pred p2, 1;", [](bool, bool) { return true; });
  expect("mov.pred p2, -1;", [](bool, bool) { return true; });
}

}  // namespace
}  // namespace perceptron::ptx
