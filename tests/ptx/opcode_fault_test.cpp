// What single instructions may not do. A GPU gives a wrong value there, or dies; so these are the machine's
// alone.
#include <gtest/gtest.h>

#include "tests/ptx/snippet.hpp"

namespace perceptron::ptx {
namespace {

/// The last row is at fault, in the warp's lane of that number.
void expect_fault(const Snippet& snippet, const std::vector<Row>& rows, FaultKind kind) {
  try {
    run_snippet(snippet, rows);
    ADD_FAILURE() << snippet.body;
  } catch (const KernelFault& fault) {
    EXPECT_EQ(fault.kind(), kind) << fault.what();
    EXPECT_EQ(fault.place().thread[0], rows.size() - 1) << fault.what();
  }
}

TEST(PtxOpcodeFault, DivisionByZero) {
  for (const char* body : {"div.s32 %t, %a, %b;", "rem.u32 %t, %a, %b;"}) {
    expect_fault({body, {4, 4}}, {{1, 1}, {1, 1}, {1, 0}}, FaultKind::arithmetic);
  }
}

TEST(PtxOpcodeFault, ShuffleFromALaneOutsideTheMask) {
  const std::string body =
      "mov.u32 %t, 0; and.b32 %y1, %index, 1; setp.ne.u32 p0, %y1, 0; @p0 shfl.sync.bfly.b32 %t, %a, 1, "
      "0x1f, 0xaaaaaaaa;";
  expect_fault({body, {4}, 4, false}, {{1}, {2}}, FaultKind::divergent_barrier);
}

TEST(PtxOpcodeFault, Trap) {
  expect_fault({"setp.eq.u32 p0, %a, 7; @p0 trap;", {4}, 4, false}, {{1}, {2}, {7}}, FaultKind::trap);
  cover("trap");
}

}  // namespace
}  // namespace perceptron::ptx
