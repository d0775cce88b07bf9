// What printf of a kernel makes of its format and values.
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

#include "src/ptx/format.hpp"

namespace perceptron::ptx {
namespace {

/// Of values that are taken one after the other; a value of 4 bytes has garbage above.
Printed formatted(const char* text, std::vector<std::uint64_t> values = {}) {
  std::size_t next = 0;
  const auto value_of = [&](std::size_t bytes) {
    const std::uint64_t value = values.at(next++);
    return bytes == 4 ? value & 0xffffffff : value;
  };
  return format(text, value_of, [](std::uint64_t address) { return "text" + std::to_string(address); });
}

std::string text_of(const char* text, std::vector<std::uint64_t> values = {}) {
  return formatted(text, std::move(values)).text;
}

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

constexpr std::uint64_t kMinusOne = ~std::uint64_t{0};

TEST(PtxFormat, Integers) {
  EXPECT_EQ(text_of("%d|%i|%u", {kMinusOne, 7, kMinusOne}), "-1|7|4294967295");
  EXPECT_EQ(text_of("%x %X %#x %o", {255, 255, 255, 8}), "ff FF 0xff 10");
  EXPECT_EQ(text_of("%lld %ld %llu %zu", {kMinusOne, kMinusOne, kMinusOne, 5}),
            "-1 -1 18446744073709551615 5");
  EXPECT_EQ(text_of("%hd %hhd %hu %hhu", {65535, 255, 65536 + 9, 256 + 9}), "-1 -1 9 9");
  EXPECT_EQ(text_of("%5d|%-5d|%05d|%+d|%.3d", {42, 42, 42, 42, 42}), "   42|42   |00042|+42|042");
  EXPECT_EQ(text_of("%*d|%-*d", {4, 7, 4, 7}), "   7|7   ");
}

TEST(PtxFormat, RealNumbersCharactersTextsAndAddresses) {
  EXPECT_EQ(text_of("%f %.2f %e %g", {bits_of(1.5), bits_of(-2.125), bits_of(1000), bits_of(0.5)}),
            "1.500000 -2.12 1.000000e+03 0.5");
  EXPECT_EQ(text_of("%c%c", {'o', 'k'}), "ok");
  EXPECT_EQ(text_of("[%s] [%6s]", {3, 4}), "[text3] [ text4]");
  EXPECT_EQ(text_of("%p", {0x10000000100}), "0x10000000100");
}

TEST(PtxFormat, WhatIsNoConversionStays) {
  EXPECT_EQ(text_of("100 %% of %y, %"), "100 % of %y, %");
  EXPECT_EQ(text_of(""), "");
}

TEST(PtxFormat, CountsItsValues) {
  EXPECT_EQ(formatted("none %%").values, 0);
  EXPECT_EQ(formatted("%*d %s", {1, 2, 3}).values, 3);
}

}  // namespace
}  // namespace perceptron::ptx
