// The PTX parser on text that is no PTX: it says where, what it expected and what it found, and survives
// damage of any kind.
#include <gtest/gtest.h>

#include <string>

#include "perceptron/error.hpp"
#include "src/ptx/parser.hpp"
#include "tests/ptx/module_text.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::ptx {
namespace {

using test::expect_error;

TEST(PtxParser, NamesPlaceExpectationAndFind) {
  const auto refused = [](const std::string& text, std::initializer_list<std::string_view> words) {
    expect_error<InvalidArgument>([&] { parse(text, "bad.ptx"); }, words);
  };
  refused("garbage", {"bad.ptx", "line 1", "directive", "garbage"});
  refused(".version 9.0\n.address_size 32", {"line 2", "64"});
  refused(kHeader + ".visible .entry k(", {".param", "end of the text"});
  refused(kHeader + ".entry k() .maxntid 128", {"'{'", "end of the text"});
  refused(text_of("mov.b32 %r1, ;"), {"line 6", "constant", ";"});
  refused(text_of("mov.b32 %r1 %r2;"), {"line 6", "';'", "%r2"});
  refused(text_of("ld.global.f32 %f1, [%rd1"), {"'+'", "}"});
  refused(text_of(".reg .b33 %r1;"), {"type", ".b33"});
  refused(text_of(".reg .b32 %r<1>;\n.reg .b64 %r0;"), {"line 7", "%r0"});
  refused(text_of("$L: $L: ret;"), {"$L"});
  refused(text_of(".reg .b32 %r<99999999>;"), {"registers"});
  refused(text_of(".shared .align 3 .b8 a[4];"), {"power of two", "3"});
  refused(text_of(".shared .b8 a[];"), {"size"});
  refused(text_of(".shared .b8 a[1] = {1, 2};"), {"initial"});
  refused(text_of(".shared .b64 a[4294967296][4294967296];"), {"2^30"});
  refused(text_of("mov.b32 %r1, 0f3F80;"), {"line 6", "8 hexadecimal digits"});
  refused(text_of("mov.b32 %r1, 99999999999999999999999;"), {"64 bits"});
  refused(text_of("mov.b32 %r1, 0xFFu;"), {"line 6", "number"});  // The suffix is U.
  refused(text_of("mov.b32 %r1, #5;"), {"line 6", "0x23"});
  refused(".global .attribute(.managed .u32 x;", {"')'", "end of the text"});
  refused(text_of(".loc 1 2 3, somewhere 4"), {"line 6", "inlined_at", "somewhere"});
  refused(text_of("/* never closed"), {"comment"});
  refused(text_of(std::string("ret;\0ret;", 9)), {"line 6", "0x0"});
  refused(text_of(std::string(1000, '{')), {"scopes"});
}

/// Any text is parsed or refused as InvalidArgument.
void survive(const std::string& text) {
  try {
    parse(text);
  } catch (const InvalidArgument&) {
  }
}

TEST(PtxParser, SurvivesDamage) {
  const std::string text = text_of(R"(.reg .b32 %r<4>; .reg .pred %p<2>; .shared .align 8 .b8 s[16];
.const .f32 c[2] = {0f3F800000, -1.5};
.loc 1 2 3, function_name $x, inlined_at 1 1 1
$L0: @!%p1 ld.shared.v2.b32 {%r0, _}, [s+-8];
{ .reg .b32 t; setp.lt.and.s32 %p0|%p1, t, 0x1FU, !%p1; }
shfl.sync.bfly.b32 %r1|%p0, %r0, 16, 31, -1; bra $L0;)");
  for (std::size_t length = 0; length < text.size(); ++length) survive(text.substr(0, length));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : std::string_view("{}[]();,.:%-0<|\"/\0\xff", 19)) {
      std::string damaged = text;
      damaged[at] = c;
      survive(damaged);
      survive(text.substr(0, at) + text.substr(at + 1));
    }
  }
  survive(text_of("mov.b32 " + std::string(100'000, '{') + ";"));
  survive(text_of("mov.b32 %r1, a+" + std::string(100'000, '(') + ";"));
  survive(std::string(100'000, '.'));
  survive(text_of("mov.b32 %r1, " + std::string(100'000, '-') + "1;"));
  survive(".version " + std::string(1'000'000, '9'));
}

}  // namespace
}  // namespace perceptron::ptx
