// Lanes that have exited or never were: nobody waits for them, and what is read from them is no value.
#include <string>

#include "tests/ptx/run_body.hpp"

namespace perceptron::ptx {
namespace {

constexpr std::uint64_t kSeeds = 50;

/// Words that every seed gives.
std::vector<std::uint32_t> words_of(const std::string& body, std::uint32_t threads) {
  std::vector<std::uint32_t> words;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Ran ran = run_body(body, {}, threads, {.seed = seed});
    if (seed > 1) {
      EXPECT_EQ(ran.words, words) << "seed " << seed;
    }
    words = ran.words;
  }
  return words;
}

void expect_fault(const std::string& body, std::uint32_t threads, FaultKind kind,
                  std::initializer_list<std::string_view> words) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::string text = fault_of(body, threads, {.seed = seed}, kind);
    ASSERT_NE(text, "") << "no fault by seed " << seed;
    expect_words(text, words);
  }
}

/// words[thread] = %r2; %rd2 is left as its address.
const std::string kStoreOwn = R"(
mul.wide.u32 %rd2, %r1, 4;
add.s64 %rd2, %rd1, %rd2;
st.global.u32 [%rd2], %r2;)";

TEST(Hints, ChangeNothing) {
  const std::string body = "griddepcontrol.wait;\nsetmaxnreg.dec.sync.aligned.u32 24;\nmov.u32 %r2, 7;" +
                           kStoreOwn + "\ngriddepcontrol.launch_dependents;\nout:";
  EXPECT_EQ(words_of(body, 32)[31], 7);
}

/// Threads from `count` on return.
std::string return_from(int count) {
  return "setp.ge.u32 %p1, %r1, " + std::to_string(count) + ";\n@%p1 bra out;\n";
}

/// Through shared memory and a barrier: words[t] = count − 1 − t.
std::string reverse(int count) {
  return R"(.shared .align 4 .b8 table[512];
shl.b32 %r3, %r1, 2;
mov.u32 %r4, table;
add.u32 %r3, %r3, %r4;
st.shared.u32 [%r3], %r1;
bar.sync 0;
mov.u32 %r5, )" +
         std::to_string(count - 1) + R"(;
sub.u32 %r5, %r5, %r1;
shl.b32 %r5, %r5, 2;
add.u32 %r5, %r5, %r4;
ld.shared.u32 %r2, [%r5];)" +
         kStoreOwn + "\nbar.sync 0;\nout:";
}

TEST(Exited, HoldUpNoBarrierOfTheBlock) {
  // Part of a warp; a whole warp; a warp and a half; all but one thread.
  for (const int count : {100, 96, 80, 1}) {
    const std::vector<std::uint32_t> words = words_of(return_from(count) + reverse(count), 128);
    for (int thread = 0; thread < 128; ++thread) {
      ASSERT_EQ(words[static_cast<std::size_t>(thread)],
                static_cast<std::uint32_t>(thread < count ? count - 1 - thread : 0));
    }
  }
}

/// The others are at the barrier long before the last ones exit.
TEST(Exited, ReleaseABarrierThatWaits) {
  const std::string body = R"(setp.lt.u32 %p1, %r1, 40;
@%p1 bra meet;
mov.u32 %r3, 0;
more: add.u32 %r3, %r3, 1;
setp.lt.u32 %p2, %r3, 1000;
@%p2 bra more;
bra out;
meet: )" + reverse(40);
  EXPECT_EQ(words_of(body, 64)[0], 39u);
}

TEST(Exited, AreNoExcuseForLiveThreads) {
  // Lanes 8 to 15 are alive and wait elsewhere.
  expect_fault(return_from(16) + R"(setp.ge.u32 %p2, %r1, 8;
@%p2 bra other;
bar.sync 0;
bra out;
other: bar.sync 0;
out:)",
               32, FaultKind::divergent_barrier, {"bar.sync", "nothing can run"});
  // A barrier that counts threads counts whole warps.
  expect_fault(return_from(16) + "bar.sync 1, 32;\nout:", 32, FaultKind::divergent_barrier,
               {"bar.sync", "0xffff0000", "have exited"});
}

TEST(Exited, AreNoMembers) {
  const std::string vote = "setp.lt.u32 %p2, %r1, 4;\nvote.sync.ballot.b32 %r2, %p2, 0xffffffff;" + kStoreOwn;
  const std::string reduction = "redux.sync.add.u32 %r2, %r1, 0xffffffff;" + kStoreOwn;
  const std::string match = "and.b32 %r3, %r1, 1;\nmatch.any.sync.b32 %r2, %r3, 0xffffffff;" + kStoreOwn;
  const auto expect_first = [](const std::string& body, std::uint32_t value) {
    EXPECT_EQ(words_of(return_from(10) + body + "\nout:", 32)[0], value) << body;
    EXPECT_EQ(words_of(body, 10)[0], value) << body;
  };
  expect_first(vote, 0xf);
  expect_first(reduction, 45);
  expect_first(match, 0x155);
}

TEST(Exited, HoldUpNoWarpBarrier) {
  const std::string body = R"(.shared .align 4 .b8 table[128];
shl.b32 %r3, %r1, 2;
mov.u32 %r4, table;
add.u32 %r4, %r3, %r4;
st.shared.u32 [%r4], %r1;
bar.warp.sync 0xffffffff;
xor.b32 %r3, %r3, 4;
mov.u32 %r4, table;
add.u32 %r4, %r3, %r4;
ld.shared.u32 %r2, [%r4];)" +
                           kStoreOwn;
  EXPECT_EQ(words_of(body, 16)[0], 1u);
  EXPECT_EQ(words_of(return_from(16) + body + "\nout:", 32)[14], 15u);
}

/// Half of the warp waits at the vote while the other half loops and exits.
TEST(Exited, ReleaseLanesThatWait) {
  const std::string body = R"(setp.lt.u32 %p1, %r1, 16;
@%p1 bra meet;
mov.u32 %r3, 0;
more: add.u32 %r3, %r3, 1;
setp.lt.u32 %p2, %r3, %r1;
@%p2 bra more;
bra out;
meet: vote.sync.ballot.b32 %r2, %p1, 0xffffffff;)" +
                           kStoreOwn + "\nout:";
  EXPECT_EQ(words_of(body, 32)[15], 0xffffu);
}

TEST(Exited, GiveNoValue) {
  const auto shuffle = [](const char* distance) {
    return std::string("shfl.sync.bfly.b32 %r2, %r1, ") + distance + ", 31, 0xffffffff;";
  };
  EXPECT_EQ(words_of(shuffle("8") + kStoreOwn, 16)[3], 11u);
  const std::string down = "shfl.sync.down.b32 %r2, %r1, 8, 31, 0xffffffff;\n";
  const std::string store_first = "setp.ge.u32 %p2, %r1, 8;\n@%p2 bra out;" + kStoreOwn + "\nout:";
  EXPECT_EQ(words_of(down + store_first, 16)[7], 15u);
  EXPECT_EQ(words_of(return_from(16) + down + store_first, 32)[7], 15u);
  for (const std::string& body : {shuffle("16") + kStoreOwn, down + kStoreOwn}) {
    expect_fault(body, 16, FaultKind::unwritten, {"st.global", "of an exited lane", "shfl.sync"});
    expect_fault(return_from(16) + body + "\nout:", 32, FaultKind::unwritten,
                 {"of an exited lane", "shfl.sync"});
  }
}

}  // namespace
}  // namespace perceptron::ptx
