// Instructions that the PTX machine does not know, or that no correct PTX has, are refused by name when their
// entry is decoded.
#include <gtest/gtest.h>

#include "perceptron/error.hpp"
#include "tests/ptx/snippet.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::ptx {
namespace {

using test::expect_error;

void decode(const std::string& body) {
  Image(text_of({body, {4, 4, 4, 4}, 4, false}), "snippet").program("snippet");
}

/// Unsupported, with the instruction's full name and the entry.
TEST(PtxRefusal, UnknownFormsByName) {
  for (const std::string body : {
           "add.f32 %t, %a, %b;",              // May be contracted.
           "fma.f32 %t, %a, %b, %c;",          //
           "mad.rn.f32 %t, %a, %b, %c;",       //
           "add.rn.ftz.f32 %t, %a, %b;",       // Not IEEE.
           "sqrt.approx.f32 %t, %a;",          //
           "add.sat.u32 %t, %a, %b;",          //
           "add.cc.u16 %x0, %x1, %x2;",        //
           "madc.wide.u32 %z0, %a, %b, %z1;",  //
           "add.rn.f32x2 %z0, %z1, %z2;",      //
           "ex2.approx.ftz.f32 %t, %a;",       //
           "rcp.approx.ftz.f64 %z0, %z1;",     //
           "div.full.f32 %t, %a, %b;",         //
           "setp.lt.ftz.f32 p0, %a, %b;",      //
           "cvt.ftz.f64.f32 %z0, %a;",         //
           "tanh.approx.f16 %x0, %x1;",        //
           "red.shared.add.f32 [%a], %b;",     //
           "add.f16 %x0, %x1, %x2;",           // May be contracted.
           "mul.rz.f16 %x0, %x1, %x2;",        //
           "add.rn.sat.bf16 %x0, %x1, %x2;",   //
           "add.rn.relu.f16 %x0, %x1, %x2;",   //
           "div.rn.sat.f32 %t, %a, %b;",       //
           "cvt.rn.f16.bf16 %x0, %x1;",        //
           "neg.u32 %t, %a;",                  //
           "mul.u32 %t, %a, %b;",              //
           "mul.wide.u64 %z0, %z1, %z2;",      //
           "mul24.lo.u32 %t, %a, %b;",         //
           "min.xorsign.abs.f32 %t, %a, %b;",  //
           "min.relu.s32 %t, %a, %b;",         //
           "popc.b16 %t, %x0;",                //
           "shf.l.clamp.b64 %z0, %z1, %z2, %y0;",
           "prmt.b32.all %t, %a, %b, %c;",
           "setp.nan.s32 p0, %a, %b;",
           "set.lt.u16.f32 %x0, %a, %b;",
           "selp.b32 %t, %a, %b, !p0;",
           "cvt.rn.sat.f32.f64 %t, %z0;",
           "cvt.f32.s32 %t, %a;",
           "cvt.s32.f32 %t, %a;",
           "cvt.rn.relu.f16.f32 %x0, %a;",
           "cvt.rn.satfinite.e4m3x2.f32 %x0, %a, %b;",
           "cvt.rna.tf32.f32 %t, %a;",
           "mov.u32 %t, %gridid;",
           "mov.u32 %t, %undeclared;",
           "ld.global.b128 %z0, [%from];",
           "ld.global.sometimes.b32 %t, [%from];",
           "atom.global.add.f64 %z0, [%from], %z1;",
           "atom.global.add.f16x2 %t, [%from], %a;",
           "vote.ballot.b32 %t, p0;",
           "redux.sync.add.f32 %t, %a, -1;",
           "barrier.cluster.wait;",
           "cp.async.bulk.commit_group;",
           "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%y0], [%from, {%y1, "
           "%y2}], [%y3];",
           "fence.proxy.tensormap::generic.acquire.gpu [%from], 128;",
           "wgmma.fence.sync.aligned;",
           "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%y0, %y1, %y2, %y3}, [%y4];",
           "createpolicy.fractional.L2::evict_last.b64 %z0, 1.0;",
           "call (%y0), somewhere;",
       }) {
    SCOPED_TRACE(body);
    const std::string name = body.substr(0, std::min(body.find(' '), body.find(';')));
    expect_error<Unsupported>([&] { decode(body); }, {"snippet", "line", name});
  }
}

TEST(PtxRefusal, OperandsThatDoNotFit) {
  const auto invalid = [](const std::string& body, std::initializer_list<std::string_view> words) {
    SCOPED_TRACE(body);
    expect_error<InvalidArgument>([&] { decode(body); }, words);
  };
  invalid("add.u32 %t, %a;", {"add.u32", "missing"});
  invalid("add.u32 %t, %a, %b, %c;", {"add.u32", "4 operands"});
  invalid("setp.lt.s32 p0, %a, %b, p1;", {"setp.lt.s32", "4 operands"});
  invalid("lop3.b32 %t, %a, %b, %c, %d;", {"table"});
  invalid("shl.b32 %t, %a, !%b;", {"shl.b32", "!"});
  invalid("add.u32 %z0, %a, %b;", {"%z0", "width"});
  invalid("add.u64 %z0, %z1, %a;", {"%a", "32", "64"});
  invalid("add.u32 5, %a, %b;", {"register"});
  invalid("add.u32 %t, p0, %b;", {"register"});
  invalid("setp.lt.s32 %t, %a, %b;", {"predicate"});
  invalid("@%a add.u32 %t, %a, %b;", {"%a", "predicate"});
  invalid("setp.lt.s32 p0|%t, %a, %b;", {"predicate|predicate"});
  invalid("elect.sync p0|p1, -1;", {"register|predicate"});
  invalid("shfl.sync.up.b32 %t|%y0, %a, 1, 0, -1;", {"register|predicate"});
  invalid("bra NOWHERE;", {"label"});
  invalid("ld.global.b32 %t, %a;", {"[address]"});
  invalid("ld.global.b32 %t, [nowhere];", {"nowhere"});
  invalid("ld.global.b32 %t, nowhere[2];", {"nowhere"});
  invalid("ld.global.b32 %t, %from[2];", {"elements"});
  invalid("ld.global.v4.b32 {%y0, %y1}, [%from];", {"elements"});
  invalid("st.global.v2.b32 [%from], {%y0, _};", {"st.global.v2.b32"});
  invalid("cp.async.cg.shared.global [%y0], [%from], 8;", {"16"});
  invalid("add.u32 %t, %a, [%b];", {"symbol"});
}

}  // namespace
}  // namespace perceptron::ptx
