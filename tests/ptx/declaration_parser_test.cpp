// What the PTX parser makes of declarations: registers, variables and their initial values.
#include <gtest/gtest.h>

#include <string>

#include "perceptron/error.hpp"
#include "src/ptx/parser.hpp"
#include "tests/ptx/module_text.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::ptx {
namespace {

using test::expect_error;

TEST(PtxParser, ExpandsRegisters) {
  const Entry entry =
      parse(text_of(".reg .b32 %r<3>, %only;\n.reg .pred %p<2>;\n.reg .f64 %fd;")).entries.at(0);
  EXPECT_EQ(entry.registers, (std::map<std::string, Type>{{"%r0", Type::b32},
                                                          {"%r1", Type::b32},
                                                          {"%r2", Type::b32},
                                                          {"%only", Type::b32},
                                                          {"%p0", Type::pred},
                                                          {"%p1", Type::pred},
                                                          {"%fd", Type::f64}}));
}

TEST(PtxParser, ReadsVariables) {
  const Module module = parse(kHeader + R"(
.extern .shared .align 16 .b8 dynamic[];
.const .align 4 .b32 table[4] = {1, -1, 0f3F800000, 0x10};
.global .align 8 .f64 one = 0d3FF0000000000000;
.global .attribute(.managed) .s16 grid[2][3] = {{1, 2, 3}, {4, 5, 6}};
.global .attribute(.unified(19, 95), .managed) .align 16 .f32 managed;
.visible .entry k() {
  .shared .align 4 .b8 tile[4096];
  .local .align 16 .b8 depot[24];
  .shared .v4 .f32 wide;
  ret;
})");
  ASSERT_EQ(module.variables.size(), 5U);
  EXPECT_EQ(module.variables[4].alignment, 16U);
  EXPECT_TRUE(module.variables[0].is_extern);
  EXPECT_EQ(module.variables[0].bytes, 0U);
  EXPECT_EQ(module.variables[0].alignment, 16U);
  EXPECT_EQ(module.variables[1].space, Space::constant);
  const std::vector<int> bytes{1, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0x80, 0x3f, 16, 0, 0, 0};
  ASSERT_EQ(module.variables[1].initial.size(), bytes.size());
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    EXPECT_EQ(std::to_integer<int>(module.variables[1].initial[index]), bytes[index]) << index;
  }
  EXPECT_EQ(module.variables[2].initial.back(), std::byte{0x3f});
  EXPECT_EQ(module.variables[3].bytes, 12U);
  EXPECT_EQ(module.variables[3].initial[10], std::byte{6});
  const std::vector<Variable>& inner = module.entries[0].variables;
  ASSERT_EQ(inner.size(), 3U);
  EXPECT_EQ(inner[0].bytes, 4096U);
  EXPECT_EQ(inner[1].space, Space::local);
  EXPECT_EQ(inner[2].bytes, 16U);
  EXPECT_EQ(inner[2].alignment, 16U);
}

TEST(PtxParser, PassesOverAddressesAsInitialValues) {
  const Module module = parse(kHeader + R"(
.global .align 4 .b32 one = 5;
.global .align 8 .u64 table[4] = {generic(one), one, one+4, 7};
.global .align 8 .u64 pointer = generic(one)+8;
.global .align 1 .b8 bytes[3] = {0xFF(generic(one)), 0XFF00(one), 3};
.visible .entry k() { ret; }
)");
  ASSERT_EQ(module.variables.size(), 4U);
  EXPECT_FALSE(module.variables[0].holds_addresses);
  for (std::size_t index = 1; index < 4; ++index) EXPECT_TRUE(module.variables[index].holds_addresses);
  ASSERT_EQ(module.variables[1].initial.size(), 32U);
  EXPECT_EQ(module.variables[1].initial[24], std::byte{7});
  EXPECT_EQ(module.variables[3].initial[2], std::byte{3});
  expect_error<InvalidArgument>([] { parse(kHeader + ".global .u64 p = generic(one"); }, {"initial value"});
}

TEST(PtxParser, VariablesOfTheModuleMayStandBehindEntries) {
  const Module module = parse(kHeader + R"(
.entry first() { .reg .b32 %r<2>; .shared .b8 table[4]; ret; }
.global .b32 table;
.global .b32 count;
.entry second() { .shared .b8 count[4]; ret; }
)");
  ASSERT_EQ(module.variables.size(), 2U);
  EXPECT_EQ(module.variables[0].name, "table");
  EXPECT_EQ(module.entry("second").variables.at(0).name, "count");
}

}  // namespace
}  // namespace perceptron::ptx
