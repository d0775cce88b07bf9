// Bytes and carries that nobody wrote: bytes may be copied, and their use is a fault wherever they lie.
#include <string>

#include "tests/ptx/run_body.hpp"

namespace perceptron::ptx {
namespace {

void expect_unwritten(const std::string& body, std::initializer_list<std::string_view> words) {
  const std::string text = fault_of(body, 32, {.seed = 1}, FaultKind::unwritten);
  ASSERT_NE(text, "") << "no fault of " << body;
  expect_words(text, words);
}

const std::string kLocal = ".local .align 8 .b8 table[16];\n";

TEST(Unwritten, LocalMemoryIsNoZero) {
  const std::string store = "\nst.global.u32 [%rd1], %r2;";
  expect_unwritten(kLocal + "ld.local.u32 %r2, [table+4];" + store,
                   {"st.global.u32", "latest read of unwritten bytes", "ld.local.u32"});
  expect_unwritten(kLocal + "mov.u64 %rd2, table;\ncvta.local.u64 %rd2, %rd2;\nld.u32 %r2, [%rd2];" + store,
                   {"st.global.u32", "ld.u32"});
  // Half of the word, another thread's word, and what was stored without a value.
  expect_unwritten(kLocal + "st.local.u16 [table], 1;\nld.local.u32 %r2, [table];" + store, {"ld.local.u32"});
  expect_unwritten(kLocal +
                       "setp.eq.u32 %p1, %r1, 5;\n@%p1 st.local.u32 [table], 1;\nld.local.u32 %r2, "
                       "[table];" +
                       store,
                   {"ld.local.u32"});
  expect_unwritten(kLocal +
                       "st.local.u32 [table], 1;\nst.local.u32 [table], %r3;\nld.local.u32 %r2, "
                       "[table];" +
                       store,
                   {"ld.local.u32"});
}

TEST(Unwritten, LocalMemoryMayBeCopied) {
  const std::string body = kLocal + R"(st.local.u32 [table+4], 7;
ld.local.v2.u32 {%r2, %r3}, [table];
st.local.v2.u32 [table+8], {%r2, %r3};
ld.local.u32 %r4, [table+12];
setp.eq.u32 %p1, %r1, 0;
@%p1 st.global.u32 [%rd1], %r4;)";
  EXPECT_EQ(run_body(body, {}, 32, {.seed = 1}).words[0], 7u);
}

const std::string kShared = ".shared .align 8 .b8 table[16];\n";

TEST(Unwritten, IsNotChangedByAtomics) {
  for (const char* operation : {"add.u32", "min.u32", "and.b32", "inc.u32"}) {
    expect_unwritten(kShared + "red.shared." + operation + " [table], 1;",
                     {"red.shared", "changes bytes that nobody wrote"});
  }
  expect_unwritten(kShared + "atom.shared.cas.b32 %r2, [table], 0, 1;", {"atom.shared.cas"});
  // Half of the word is written.
  expect_unwritten(kShared + "setp.eq.u32 %p1, %r1, 0;\n@%p1 st.shared.u32 [table], 1;\n" +
                       "@%p1 atom.shared.add.u64 %rd2, [table], 1;",
                   {"atom.shared"});
}

TEST(Unwritten, CarryOfAnotherLane) {
  expect_unwritten("addc.u32 %r2, %r1, %r1;", {"addc.u32"});
  expect_unwritten("setp.eq.u32 %p1, %r1, 0;\n@%p1 add.cc.u32 %r2, %r1, %r1;\nsubc.u32 %r3, %r1, %r1;",
                   {"subc.u32"});
}

/// The first exchange finds nothing, and the others what it left.
TEST(Unwritten, MayBeExchanged) {
  const std::string exchange = kShared + "atom.shared.exch.b32 %r2, [table], 1;\n";
  EXPECT_NO_THROW(run_body(exchange + "atom.shared.add.u32 %r3, [table], 1;", {}, 32, {.seed = 1}));
  expect_unwritten(exchange + "add.u32 %r2, %r2, 1;",
                   {"add.u32", "latest read of unwritten bytes", "atom.shared.exch"});
  // Unwatched, nobody remembers what was written.
  EXPECT_NO_THROW(run_body(exchange + "atom.shared.add.u32 %r3, [table], 1;\nadd.u32 %r2, %r2, %r3;", {}, 32,
                           {.seed = 1, .is_watched = false}));
}

/// Padding of a structure is copied, through generic addresses too; what goes out of the block must be
/// written.
TEST(Unwritten, MayBeStoredBesideGlobalMemory) {
  const std::string to_shared =
      ".shared .b32 word;\nmov.u64 %rd2, word;\ncvta.shared.u64 %rd2, %rd2;\nst.u32 [%rd2], %r2;";
  EXPECT_NO_THROW(run_body(to_shared, {}, 1, {.seed = 1}));
  expect_unwritten("st.u32 [%rd1], %r2;", {"st.u32"});
}

TEST(OutOfBounds, NamesTheNearestMemory) {
  expect_words(fault_of("ld.global.u32 %r2, [%rd1+-400];", 1, {.seed = 1}, FaultKind::out_of_bounds),
               {"at byte -400 of \"words\""});
}

}  // namespace
}  // namespace perceptron::ptx
