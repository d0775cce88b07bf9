// The PTX parser: every construct that nvcc, Triton and inline assembly write.
#include "src/ptx/parser.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <string>

#include "perceptron/error.hpp"
#include "tests/ptx/module_text.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::ptx {
namespace {

using test::expect_error;

Entry parse_body(const std::string& body) { return parse(text_of(body)).entries.at(0); }
Instruction parse_instruction(const std::string& text) { return parse_body(text).instructions.at(0); }
/// The last operand of an instruction.
Operand parse_operand(const std::string& text) {
  return parse_instruction("mov.b32 %r1, " + text + ";").operands.at(1);
}

TEST(PtxParser, ReadsTheHeaderAndWhatFrontsAnEntry) {
  const Module module = parse(kHeader + R"(
.file 1 "tile.cuh"
.file 2 "/a b/c.cu", 1684, 12
.visible .entry first(
  .param .align 8 .b8 p[40],
  .param .u64 .ptr .global .align 16 q,
  .param .f32 scale
)
.maxntid 16, 8, 1
.minnctapersm 2
.maxnreg 128
.reqnctapercluster 2, 1, 1
.explicitcluster
.pragma "nounroll";
{ ret; }
.weak .entry second() .reqntid 64 { ret; }
.entry third { ret; }
)");
  EXPECT_EQ(module.version, "9.0");
  EXPECT_EQ(module.target, "sm_90a");
  EXPECT_EQ(module.files.at(1), "tile.cuh");
  EXPECT_EQ(module.files.at(2), "/a b/c.cu");
  const Entry& first = module.entry("first");
  ASSERT_EQ(first.parameters.size(), 3U);
  EXPECT_EQ(first.parameters[0].bytes, 40U);
  EXPECT_EQ(first.parameters[0].alignment, 8U);
  EXPECT_EQ(first.parameters[1].bytes, 8U);
  EXPECT_EQ(first.parameters[1].name, "q");
  EXPECT_EQ(first.parameters[2].alignment, 4U);
  EXPECT_EQ(first.max_threads, 128);
  EXPECT_EQ(first.cluster[0], 2U);
  EXPECT_EQ(module.entry("second").max_threads, 64);
  EXPECT_EQ(module.entry("third").instructions.size(), 1U);
  expect_error<InvalidArgument>([&] { module.entry("fourth"); }, {"fourth", "first, second, third"});
}

TEST(PtxParser, ReadsLiterals) {
  struct Row {
    const char* text;
    Literal::Kind kind;
    std::uint64_t bits;
  };
  using Kind = Literal::Kind;
  for (const Row& row : std::initializer_list<Row>{
           {"0", Kind::integer, 0},
           {"-8", Kind::integer, ~std::uint64_t{7}},
           {"4294967295", Kind::integer, 0xffffffff},
           {"0x7fU", Kind::integer, 0x7f},
           {"0b101", Kind::integer, 5},
           {"017", Kind::integer, 15},
           {"18446744073709551615", Kind::integer, ~std::uint64_t{0}},
           {"0f3F800000", Kind::f32, 0x3f800000},
           {"0Fff800000", Kind::f32, 0xff800000},
           {"-0f3F800000", Kind::f32, 0xbf800000},
           {"0d7FF8000000000001", Kind::f64, 0x7ff8000000000001},
           {".5", Kind::f64, std::bit_cast<std::uint64_t>(0.5)},
           {"-.25e1", Kind::f64, std::bit_cast<std::uint64_t>(-2.5)},
           {"1.5", Kind::f64, std::bit_cast<std::uint64_t>(1.5)},
           {"-2e-3", Kind::f64, std::bit_cast<std::uint64_t>(-2e-3)},
       }) {
    const Operand operand = parse_operand(row.text);
    const auto* literal = std::get_if<Literal>(&operand.value);
    ASSERT_NE(literal, nullptr) << row.text;
    EXPECT_EQ(literal->kind, row.kind) << row.text;
    EXPECT_EQ(literal->bits, row.bits) << row.text;
  }
}

TEST(PtxParser, ReadsNamesAndAddresses) {
  for (const char* name :
       {"%r2", "%tid.x", "%nctaid.z", "%laneid", "tile", "$L__BB0_1", "_ZN3foo", "WARP_SZ"}) {
    EXPECT_EQ(std::get<Name>(parse_operand(name).value).text, name);
  }
  struct Row {
    const char* text;
    const char* base;
    std::int64_t offset;
  };
  for (const Row& row : {Row{"[%rd1]", "%rd1", 0}, Row{"[%rd1+16]", "%rd1", 16}, Row{"[%rd1+-8]", "%rd1", -8},
                         Row{"[%rd1-8]", "%rd1", -8}, Row{"[tile+4]", "tile", 4}, Row{"[64]", "", 64},
                         Row{"tile+8", "tile", 8}, Row{"[tile+(4*2)]", "tile", 8},
                         Row{"[tile+4*(2+1)-3]", "tile", 9}, Row{"[tile-(-2)]", "tile", 2}}) {
    const Operand operand = parse_operand(row.text);
    const auto* address = std::get_if<Address>(&operand.value);
    ASSERT_NE(address, nullptr) << row.text;
    EXPECT_EQ(address->base, row.base);
    EXPECT_EQ(address->offset, row.offset);
  }
}

TEST(PtxParser, ReadsElementsOfArrays) {
  const Operand operand = parse_operand("table[2*3-1]");
  EXPECT_EQ(std::get<Address>(operand.value).base, "table");
  EXPECT_EQ(std::get<Address>(operand.value).element, 5);
}

TEST(PtxParser, ReadsCoordinatesOfTensors) {
  const Operand operand =
      parse_instruction("cp.async.bulk.tensor.2d.x [%r1], [%rd1, {%r2, 3}], [%r4];").operands.at(1);
  EXPECT_EQ(std::get<Address>(operand.value).base, "%rd1");
  EXPECT_EQ(std::get<Address>(operand.value).coordinates, (std::vector<std::string>{"%r2", "3"}));
}

TEST(PtxParser, ReadsVectorsPairsAndNegations) {
  const Instruction load = parse_instruction("ld.global.v4.f32 {%f1, _, %f3, 0f00000000}, [%rd1];");
  const Vector& vector = std::get<Vector>(load.operands.at(0).value);
  ASSERT_EQ(vector.elements.size(), 4U);
  EXPECT_EQ(std::get<Name>(vector.elements[1].value).text, "_");
  EXPECT_TRUE(std::holds_alternative<Literal>(vector.elements[3].value));
  const Instruction compare = parse_instruction("setp.lt.and.s32 %p1|%p2, %r1, %r2, !%p3;");
  EXPECT_EQ(std::get<Pair>(compare.operands.at(0).value).first, "%p1");
  EXPECT_EQ(std::get<Pair>(compare.operands.at(0).value).second, "%p2");
  EXPECT_TRUE(compare.operands.at(3).is_negated);
  EXPECT_FALSE(compare.operands.at(2).is_negated);
}

TEST(PtxParser, KeepsModifiersWhole) {
  const Instruction copy = parse_instruction(
      "@!%p4 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%rd1], %r2, [%r3];");
  EXPECT_EQ(copy.opcode, "cp");
  EXPECT_EQ(copy.modifiers, (std::vector<std::string>{"async", "bulk", "shared::cluster", "global",
                                                      "mbarrier::complete_tx::bytes"}));
  EXPECT_EQ(copy.predicate, "%p4");
  EXPECT_TRUE(copy.is_predicate_negated);
  EXPECT_EQ(copy.text(), "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes");
  const Instruction plain = parse_instruction("@%p1 bra.uni $L1;\n$L1: ret;");
  EXPECT_EQ(plain.predicate, "%p1");
  EXPECT_FALSE(plain.is_predicate_negated);
}

TEST(PtxParser, PlacesLabels) {
  const Entry entry = parse_body("$L0: mov.b32 %r1, 1;\n$L1:\n$L2: bra $L0;\n$end:");
  EXPECT_EQ(entry.labels,
            (std::map<std::string, std::size_t>{{"$L0", 0}, {"$L1", 1}, {"$L2", 1}, {"$end", 2}}));
}

TEST(PtxParser, InnerScopesHideNames) {
  const Entry entry = parse_body(R"(.reg .b32 %a, %b;
{ .reg .b32 %a; .reg .pred p;
  mov.b32 %a, %b;
  @p bra DONE;
  DONE: mov.b32 %b, %a; }
{ .reg .b64 %a; .reg .pred p;
  @p bra DONE;
  DONE: mov.b64 %a, 0; }
mov.b32 %a, 0;
bra AFTER;
AFTER: ret;)");
  EXPECT_EQ(entry.registers.size(), 6U);
  EXPECT_EQ(entry.labels.size(), 3U);
  const auto name = [&](std::size_t instruction, std::size_t operand) {
    return std::get<Name>(entry.instructions.at(instruction).operands.at(operand).value).text;
  };
  EXPECT_EQ(name(0, 0), name(2, 1));
  EXPECT_NE(name(0, 0), "%a");
  EXPECT_EQ(name(0, 1), "%b");
  EXPECT_NE(name(4, 0), name(0, 0));
  EXPECT_EQ(entry.registers.at(name(4, 0)), Type::b64);
  EXPECT_EQ(name(5, 0), "%a");
  EXPECT_EQ(entry.labels.at(name(1, 0)), 2U);
  EXPECT_EQ(entry.labels.at(name(3, 0)), 4U);
  EXPECT_EQ(entry.labels.at(name(6, 0)), 7U);
  EXPECT_NE(entry.instructions[1].predicate, entry.instructions[3].predicate);
}

TEST(PtxParser, RemembersWhereInstructionsComeFrom) {
  const Entry entry = parse_body(R"(mov.b32 %r1, 0;
.loc 1 20 5
mov.b32 %r1, 1;
.loc 2 81 3, function_name $L__info_string0, inlined_at 1 20 5
mov.b32 %r1, 2;
/* two
lines */ mov.b32 %r1, 3; // and a comment; with a semicolon
.loc 1 30 5 mov.b32 %r1, 4;
.loc 1 31 5, function_name $L__info_string0+20, inlined_at 1 9 5 mov.b32 %r1, 5;
)");
  const auto& list = entry.instructions;
  ASSERT_EQ(list.size(), 6U);
  EXPECT_EQ(list[4].location.source_line, 30);
  EXPECT_EQ(list[5].location.source_line, 31);
  EXPECT_EQ(list[5].location.caller_line, 9);
  EXPECT_EQ(list[2].location.caller_line, 20);
  EXPECT_EQ(list[0].location.source_line, 0);
  EXPECT_EQ(list[0].location.ptx_line, 6);
  EXPECT_EQ(list[1].location.source_file, 1);
  EXPECT_EQ(list[1].location.source_line, 20);
  EXPECT_EQ(list[2].location.source_file, 2);
  EXPECT_EQ(list[2].location.source_line, 81);
  EXPECT_EQ(list[3].location.ptx_line, 12);
}

TEST(PtxParser, ReadsFunctionsAndPassesOverDebugSections) {
  const Module module = parse(kHeader + R"(
.extern .func (.param .b32 r) vprintf (.param .b64 a, .param .b64 b);
.visible .func (.reg .f32 out) half(.reg .f32 in) { .reg .f32 %f<2>; { mul.rn.f32 out, in, 0f3F000000; } ret; }
.visible .entry k() {
  .reg .f32 %f<2>;
  { .param .b32 given; st.param.b32 [given+0], %f1;
    call.uni (%f0), half, (given);
    ld.param.b32 %f1, [given]; }
  $table: .branchtargets $a, $b;
  $a: $b: ret;
}
.section .debug_str { $L__info_string0: .b8 116, 0
  .b32 .debug_abbrev }
)");
  ASSERT_EQ(module.entries.size(), 1U);
  const Instruction& call = module.entries[0].instructions.at(1);
  EXPECT_EQ(call.opcode, "call");
  ASSERT_EQ(call.operands.size(), 3U);
  EXPECT_EQ(std::get<Name>(call.operands[1].value).text, "half");
  EXPECT_EQ(std::get<Vector>(call.operands[2].value).elements.size(), 1U);
  ASSERT_EQ(module.functions.size(), 1U);
  const Entry& half = module.functions[0];
  EXPECT_EQ(half.name, "half");
  EXPECT_TRUE(half.results.at(0).is_register);
  EXPECT_EQ(half.parameters.at(0).name, "in");
  EXPECT_EQ(half.instructions.at(0).opcode, "mul");
}

std::string registers(std::size_t count) {
  std::string list = "%r0";
  for (std::size_t index = 1; index < count; ++index) list += ", %r" + std::to_string(index);
  return list;
}

TEST(PtxParser, ReadsTheLongestVectors) {
  const Instruction multiply = parse_instruction("wgmma.mma_async.x {" + registers(256) + "}, %rd1;");
  EXPECT_EQ(std::get<Vector>(multiply.operands.at(0).value).elements.size(), 256U);
  expect_error<InvalidArgument>([] { parse_instruction("wgmma.x {" + registers(257) + "};"); }, {"256"});
}

}  // namespace
}  // namespace perceptron::ptx
