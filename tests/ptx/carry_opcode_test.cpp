// Sums, differences and products of numbers longer than a register against 128-bit integers.
#include <gtest/gtest.h>

#include <string>
#include <type_traits>

#include "tests/ptx/opcode_case.hpp"

namespace perceptron::ptx {
namespace {

using Wide = unsigned __int128;

template <class T>
class PtxCarryOpcode : public testing::Test {
 public:
  using Word = std::make_unsigned_t<T>;
  static constexpr int kBits = sizeof(T) * 8;

  /// Of the words' values, never of their signs.
  static Wide of_word(T value) { return static_cast<Word>(value); }
  static Wide sum(T a, T b) { return of_word(a) + of_word(b); }
  static Wide difference(T a, T b) { return of_word(a) - of_word(b); }
  /// All its bits, those of signed numbers too.
  static Wide product(T a, T b) {
    if constexpr (std::is_signed_v<T>)
      return static_cast<Wide>(static_cast<__int128>(a) * b);
    else
      return static_cast<Wide>(a) * b;
  }
  static T low(Wide value) { return static_cast<T>(static_cast<Word>(value)); }
  static Wide carry(Wide value) { return value >> kBits & 1; }

  /// Every '#' of the body stands for the type. The operands are %a to %d.
  template <class Expected>
  static void expect(std::string body, Expected expected) {
    for (std::size_t at = 0; (at = body.find('#', at)) != std::string::npos;)
      body.replace(at, 1, ptx_name<T>());
    expect_body<T, T, T, T, T>(body, expected);
  }
};
using Words = testing::Types<std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
TYPED_TEST_SUITE(PtxCarryOpcode, Words);

TYPED_TEST(PtxCarryOpcode, LongSums) {
  using T = TypeParam;
  using Case = PtxCarryOpcode<T>;
  cover("addc");
  Case::expect("add.cc.# %t, %a, %b;", [](T a, T b, T, T) { return Case::low(Case::sum(a, b)); });
  const auto second = [](T a, T b, T c, T d) { return Case::sum(c, d) + Case::carry(Case::sum(a, b)); };
  Case::expect("add.cc.# %t, %a, %b; addc.# %t, %c, %d;",
               [=](T a, T b, T c, T d) { return Case::low(second(a, b, c, d)); });
  Case::expect("add.cc.# %t, %a, %b; addc.cc.# %t, %c, %d; addc.# %t, 0, 0;",
               [=](T a, T b, T c, T d) { return Case::low(Case::carry(second(a, b, c, d))); });
}

/// What was borrowed is subtracted from the next word. The carry that `addc` reads is 1 where nothing was.
TYPED_TEST(PtxCarryOpcode, LongDifferences) {
  using T = TypeParam;
  using Case = PtxCarryOpcode<T>;
  cover("subc");
  Case::expect("sub.cc.# %t, %a, %b;", [](T a, T b, T, T) { return Case::low(Case::difference(a, b)); });
  const auto second = [](T a, T b, T c, T d) {
    return Case::difference(c, d) - Case::carry(Case::difference(a, b));
  };
  Case::expect("sub.cc.# %t, %a, %b; subc.# %t, %c, %d;",
               [=](T a, T b, T c, T d) { return Case::low(second(a, b, c, d)); });
  Case::expect("sub.cc.# %t, %a, %b; subc.cc.# %t, %c, %d; subc.# %t, 0, 0;",
               [=](T a, T b, T c, T d) { return Case::low(-Case::carry(second(a, b, c, d))); });
  Case::expect("sub.cc.# %t, %a, %b; addc.# %t, %c, %d;", [](T a, T b, T c, T d) {
    return Case::low(Case::sum(c, d) + 1 - Case::carry(Case::difference(a, b)));
  });
}

TYPED_TEST(PtxCarryOpcode, LongProducts) {
  using T = TypeParam;
  using Case = PtxCarryOpcode<T>;
  constexpr int kBits = sizeof(T) * 8;
  cover("madc");
  const auto low_part = [](T a, T b) { return Case::low(Case::product(a, b)); };
  const auto high_part = [](T a, T b) { return Case::low(Case::product(a, b) >> kBits); };
  Case::expect("mad.lo.cc.# %t, %a, %b, %c;",
               [=](T a, T b, T c, T) { return Case::low(Case::sum(low_part(a, b), c)); });
  Case::expect("mad.hi.cc.# %t, %a, %b, %c;",
               [=](T a, T b, T c, T) { return Case::low(Case::sum(high_part(a, b), c)); });
  Case::expect("mad.lo.cc.# %t, %a, %b, %c; madc.hi.# %t, %a, %b, %d;", [=](T a, T b, T c, T d) {
    return Case::low(Case::sum(high_part(a, b), d) + Case::carry(Case::sum(low_part(a, b), c)));
  });
  Case::expect("mad.hi.cc.# %t, %a, %b, %c; madc.lo.cc.# %t, %a, %b, %d; addc.# %t, 0, 0;",
               [=](T a, T b, T c, T d) {
                 const Wide first = Case::carry(Case::sum(high_part(a, b), c));
                 return Case::low(Case::carry(Case::sum(low_part(a, b), d) + first));
               });
}

}  // namespace
}  // namespace perceptron::ptx
