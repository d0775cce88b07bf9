// atom and red of the PTX machine: what they return and what they leave behind, by one lane and by many.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "tests/ptx/half_format.hpp"
#include "tests/ptx/opcode_case.hpp"

namespace perceptron::ptx {
namespace {

/// Each lane on a word of its own: the old value comes back and the new one is left behind.
template <class T>
void expect_atomic(const std::string& operation, const std::string& type, std::function<T(T, T, T)> combine) {
  const std::string bits = std::to_string(sizeof(T) * 8), third = operation == "cas" ? ", %c" : "";
  const std::string address =
      "mov.u32 %y0, words; mov.u32 %y1, %tid.x; mad.lo.u32 %y0, %y1, 8, %y0; st.shared.b" + bits +
      " [%y0], %a; ";
  const std::string words = ".shared .align 8 .b8 words[256];";
  const auto new_value = [&](T a, T b, T c) { return combine(a, b, c); };
  const auto body = [&](const std::string& rest) { return address + rest; };
  cover("atom");
  cover("red");
  const std::string load = " ld.shared.b" + bits + " %t, [%y0];";
  const std::string atom = "atom.shared." + operation + "." + type + " ";
  const auto check = [&](const std::string& text, auto truth) {
    const std::vector<std::tuple<T, T, T>> tuples = all_tuples<T, T, T>();
    std::vector<Row> rows;
    for (const auto& [a, b, c] : tuples)
      rows.push_back({bits_of(a), bits_of(b), bits_of(operation == "cas" && (c & 1) != 0 ? a : c)});
    // cas needs equal operands at times: its second is then the first.
    if (operation == "cas") {
      for (std::size_t row = 0; row < rows.size(); row += 2) rows[row][1] = rows[row][0];
    }
    const std::vector<std::uint64_t> results =
        run_snippet({text, {sizeof(T), sizeof(T), sizeof(T)}, sizeof(T), true, words}, rows);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      ASSERT_EQ(value_of<T>(results[row]),
                truth(value_of<T>(rows[row][0]), value_of<T>(rows[row][1]), value_of<T>(rows[row][2])))
          << text;
    }
  };
  check(body(atom + "%t, [%y0], %b" + third + ";"), [](T a, T, T) { return a; });
  check(body(atom + "%t, [%y0], %b" + third + ";" + load), new_value);
  if (operation != "cas" && operation != "exch")
    check(body("red.shared." + operation + "." + type + " [%y0], %b;" + load), new_value);
}

template <class T>
void expect_atomic_arithmetic() {
  const std::string type = ptx_name<T>();
  using U = std::make_unsigned_t<T>;
  if (type != "s64") {  // PTX ISA, "atom": there is no such addition.
    expect_atomic<T>("add", type,
                     [](T a, T b, T) { return static_cast<T>(static_cast<U>(a) + static_cast<U>(b)); });
  }
  expect_atomic<T>("min", type, [](T a, T b, T) { return std::min(a, b); });
  expect_atomic<T>("max", type, [](T a, T b, T) { return std::max(a, b); });
}

template <class T>
void expect_atomic_bits() {
  const std::string type = "b" + std::to_string(sizeof(T) * 8);
  expect_atomic<T>("and", type, [](T a, T b, T) { return a & b; });
  expect_atomic<T>("or", type, [](T a, T b, T) { return a | b; });
  expect_atomic<T>("xor", type, [](T a, T b, T) { return a ^ b; });
  expect_atomic<T>("exch", type, [](T, T b, T) { return b; });
  expect_atomic<T>("cas", type, [](T a, T b, T c) { return a == b ? c : a; });
}

TEST(PtxAtomicOpcode, OfOneLane) {
  expect_atomic_arithmetic<std::uint32_t>();
  expect_atomic_arithmetic<std::int32_t>();
  expect_atomic_arithmetic<std::uint64_t>();
  expect_atomic_arithmetic<std::int64_t>();
  expect_atomic_bits<std::uint32_t>();
  expect_atomic_bits<std::uint64_t>();
  expect_atomic<std::uint16_t>("cas", "b16", [](auto a, auto b, auto c) { return a == b ? c : a; });
  using W = std::uint32_t;
  expect_atomic<W>("inc", "u32", [](W a, W b, W) { return a >= b ? 0 : a + 1; });
  expect_atomic<W>("dec", "u32", [](W a, W b, W) { return a == 0 || a > b ? b : a - 1; });
}

/// All lanes on one word: the old values are the partial sums of some order.
/// Sums of floats, rounded to nearest; subnormals stay in shared memory and are zeros in global memory, where
/// f32.
template <class T>
void expect_float_sum(const std::string& space, const std::string& address, bool flushes) {
  const std::string type = "f" + std::to_string(sizeof(T) * 8), bits = "b" + std::to_string(sizeof(T) * 8);
  const auto kept = [&](T value) {
    return flushes && std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(T{0}, value) : value;
  };
  const std::string store = address + "st" + space + "." + bits + " [%z0], %a; ";
  const std::string load = " ld" + space + "." + bits + " %t, [%z0];";
  const auto check = [&](const std::string& body, bool is_old) {
    const std::vector<std::tuple<T, T>> tuples = all_tuples<T, T>();
    std::vector<Row> rows;
    for (const auto& [a, b] : tuples) rows.push_back({bits_of(a), bits_of(b)});
    const auto results = run_snippet(
        {body, {sizeof(T), sizeof(T)}, sizeof(T), true, ".shared .align 8 .b8 words[256];"}, rows);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const auto [a, b] = tuples[row];
      const T truth = is_old ? a : kept(kept(a) + kept(b));
      ASSERT_TRUE(is_same(value_of<T>(results[row]), truth)) << body << a << " and " << b;
    }
  };
  check(store + "atom" + space + ".add." + type + " %t, [%z0], %b;", true);
  check(store + "atom" + space + ".add." + type + " %t, [%z0], %b;" + load, false);
  check(store + "red" + space + ".add." + type + " [%z0], %b;" + load, false);
}

TEST(PtxAtomicOpcode, SumsOfFloats) {
  const std::string shared = "mov.u64 %z0, words; mov.u32 %y1, %tid.x; mad.wide.u32 %z0, %y1, 8, %z0; ";
  const std::string global = "mov.u64 %z0, %from; ";
  expect_float_sum<float>(".shared", shared, false);
  expect_float_sum<double>(".shared", shared, false);
  expect_float_sum<float>(".global", global, true);
  expect_float_sum<double>(".global", global, false);
  expect_float_sum<float>("", "mov.u64 %z0, %from; ", true);
}

/// One half, or two side by side.
template <class Word>
void expect_half_sum(const HalfFormat& format, const std::string& type) {
  const std::string bits = ".b" + std::to_string(sizeof(Word) * 8);
  const std::string store =
      "mov.u32 %y0, words; mov.u32 %y1, %tid.x; mad.lo.u32 %y0, %y1, 8, %y0; st.shared" + bits +
      " [%y0], %a; ";
  const std::vector<std::uint16_t> halves{0,      0x8000, 1,      0x83ff, 0x3c00, 0x3c01, 0xbc00, 0x0400,
                                          0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x3f80, 0x7f7f, 0x7f80, 0x4049};
  std::vector<Row> rows;
  for (const std::uint16_t a : halves) {
    for (const std::uint16_t b : halves) {
      // The upper half holds another pair.
      const std::uint64_t upper = sizeof(Word) == 2 ? 0 : std::uint64_t{1} << 16;
      rows.push_back({a + upper * b, b + upper * 0x3c00});
    }
  }
  for (const char* form : {"atom.shared.add.noftz.", "red.shared.add.noftz."}) {
    const bool has_result = form[0] == 'a';
    const std::string body =
        store + form + type + (has_result ? " %t, " : " ") + "[%y0], %b; ld.shared" + bits + " %t, [%y0];";
    const auto results = run_snippet(
        {body, {sizeof(Word), sizeof(Word)}, sizeof(Word), true, ".shared .align 8 .b8 words[256];"}, rows);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      for (std::size_t shift = 0; shift < 8 * sizeof(Word); shift += 16) {
        const auto part = [&](std::uint64_t word) { return static_cast<std::uint16_t>(word >> shift); };
        const double sum =
            double{widen(format, part(rows[row][0]))} + double{widen(format, part(rows[row][1]))};
        ASSERT_EQ(part(results[row]), narrow(format, sum)) << body << " of row " << row;
      }
    }
  }
}

TEST(PtxAtomicOpcode, SumsOfHalves) {
  expect_half_sum<std::uint16_t>(kF16, "f16");
  expect_half_sum<std::uint16_t>(kBf16, "bf16");
  expect_half_sum<std::uint32_t>(kF16, "f16x2");
  expect_half_sum<std::uint32_t>(kBf16, "bf16x2");
}

TEST(PtxAtomicOpcode, OfManyLanes) {
  const std::vector<Row> rows(32, Row{1});
  const std::vector<std::uint64_t> results =
      run_snippet({"mov.u32 %y0, word; setp.eq.u32 p0, %index, 0; @p0 st.shared.u32 [%y0], 0; bar.sync 0; "
                   "cvt.u32.u64 %y1, %a; atom.shared.add.u32 %t, [%y0], %y1;",
                   {8},
                   4,
                   false,
                   ".shared .align 4 .b8 word[4];"},
                  rows);
  EXPECT_EQ(std::set<std::uint64_t>(results.begin(), results.end()).size(), 32U);
  EXPECT_EQ(*std::max_element(results.begin(), results.end()), 31U);
}

}  // namespace
}  // namespace perceptron::ptx
