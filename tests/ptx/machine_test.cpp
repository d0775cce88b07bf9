// The machine against itself: runs that a seed repeats, blocks on several threads, what it says of kernels
// that never end, and mbarriers that nobody completes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/ptx/run_body.hpp"

namespace perceptron::ptx {
namespace {

/// Two warps hand a word to each other with no barrier between: which access comes second is up to the seed.
constexpr const char* kRace = R"(.shared .b32 word;
setp.lt.u32 %p1, %r1, 32;
@%p1 st.shared.u32 [word], %r1;
@!%p1 ld.shared.u32 %r2, [word];)";

TEST(Seed, RepeatsAFaultWordForWord) {
  std::set<std::string> texts;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::string first;
    for (int repetition = 0; repetition < 2; ++repetition) {
      try {
        run_body(kRace, {4, 1, 1}, 64, {.seed = seed});
        ADD_FAILURE() << "no fault";
      } catch (const KernelFault& fault) {
        const std::string text = fault.what();
        if (repetition == 1) {
          EXPECT_EQ(text, first);
        }
        first = text;
        EXPECT_NE(text.find(fmt::format("seed {}", seed)), std::string::npos) << text;
      }
    }
    texts.insert(first.substr(0, first.find("(seed")));
  }
  EXPECT_GT(texts.size(), 1u) << "the seed hardly changes anything";
}

/// Every thread spins for a turn that atomics give out, in whatever order: the instruction count depends on
/// the seed.
constexpr const char* kTurns = R"(
mov.u32 %r2, %ctaid.x;
mul.lo.u32 %r2, %r2, 4;
cvt.u64.u32 %rd2, %r2;
add.s64 %rd2, %rd1, %rd2;
again: atom.global.cas.b32 %r3, [%rd2], %r1, 1000;
setp.eq.u32 %p1, %r3, %r1;
@!%p1 bra next;
add.u32 %r4, %r1, 1;
atom.global.exch.b32 %r5, [%rd2], %r4;
next: @!%p1 bra again;)";

TEST(Seed, RepeatsARunToTheInstruction) {
  std::set<std::uint64_t> counts;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Ran first = run_body(kTurns, {3, 1, 1}, 96, {.seed = seed});
    const Ran second = run_body(kTurns, {3, 1, 1}, 96, {.seed = seed});
    EXPECT_EQ(first.report.warp_instructions, second.report.warp_instructions);
    EXPECT_EQ(first.report.lane_operations, second.report.lane_operations);
    EXPECT_EQ(first.words, second.words);
    EXPECT_EQ(first.words[0], 96u);
    counts.insert(first.report.warp_instructions);
  }
  EXPECT_GT(counts.size(), 5u);
}

/// words[block] = sum over the block's threads of thread · (block + 1), through shared memory.
constexpr const char* kSums = R"(.shared .align 4 .b8 table[256];
mov.u32 %r2, %ctaid.x;
add.u32 %r3, %r2, 1;
mul.lo.u32 %r4, %r1, %r3;
mov.u32 %r5, table;
shl.b32 %r6, %r1, 2;
add.u32 %r6, %r5, %r6;
st.shared.u32 [%r6], %r4;
bar.sync 0;
setp.ne.u32 %p1, %r1, 0;
@%p1 bra done;
mov.u32 %r7, 0;
mov.u32 %r8, 0;
more: ld.shared.u32 %r4, [%r5];
add.u32 %r7, %r7, %r4;
add.u32 %r5, %r5, 4;
add.u32 %r8, %r8, 1;
setp.lt.u32 %p2, %r8, 64;
@%p2 bra more;
mul.wide.u32 %rd2, %r2, 4;
add.s64 %rd2, %rd1, %rd2;
st.global.u32 [%rd2], %r7;
done:)";

TEST(Threads, GiveTheBitsOfOne) {
  const Ran one = run_body(kSums, {1000, 1, 1}, 64, {.seed = 3});
  for (std::uint32_t block = 0; block < 1000; ++block) ASSERT_EQ(one.words[block], 2016 * (block + 1));
  for (const int threads : {2, 0}) {
    const Ran several = run_body(kSums, {1000, 1, 1}, 64, {.seed = 3, .threads = threads});
    EXPECT_EQ(several.words, one.words);
    EXPECT_EQ(several.report.warp_instructions, one.report.warp_instructions);
    EXPECT_EQ(several.report.lane_operations, one.report.lane_operations);
    EXPECT_EQ(several.report.blocks, 1000u);
  }
}

/// Blocks from 57 on write behind the allocation.
constexpr const char* kStray = R"(
mov.u32 %r2, %ctaid.x;
setp.ge.u32 %p1, %r2, 57;
mul.wide.u32 %rd2, %r2, 4;
add.s64 %rd2, %rd1, %rd2;
setp.eq.u32 %p2, %r1, 0;
@%p1 st.global.u32 [%rd2+4096], %r1;
@%p2 st.global.u32 [%rd2], %r1;)";

TEST(Threads, ReportTheLowestBlockThatFails) {
  for (const int threads : {1, 2, 0}) {
    try {
      run_body(kStray, {1000, 1, 1}, 64, {.seed = 3, .threads = threads});
      ADD_FAILURE() << "no fault";
    } catch (const KernelFault& fault) {
      EXPECT_EQ(fault.kind(), FaultKind::out_of_bounds);
      EXPECT_EQ(fault.place().block[0], 57u) << fault.what();
    }
  }
}

/// Each thread of each block reads the count by one atomic operation and writes it back by another one.
constexpr const char* kLostUpdates =
    "atom.global.add.u32 %r2, [%rd1], 0;\nadd.u32 %r2, %r2, 1;\natom.global.exch.b32 %r3, [%rd1], %r2;";

TEST(Turns, AreTheSeeds) {
  std::set<std::uint32_t> counts;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RunOptions options;
    options.seed = seed;
    options.threads = 2;
    const std::uint32_t count = run_body(kLostUpdates, {6, 1, 1}, 1, options).words[0];
    EXPECT_EQ(run_body(kLostUpdates, {6, 1, 1}, 1, options).words[0], count) << "the same seed again";
    counts.insert(count);
  }
  EXPECT_LT(*counts.begin(), 6U) << "no update was ever lost";
  EXPECT_GT(counts.size(), 1U);
}

TEST(Turns, LetBlocksWaitForLaterOnes) {
  // Every block counts itself and waits for all of them.
  const char* body =
      "atom.global.add.u32 %r2, [%rd1], 1;\nagain: ld.relaxed.gpu.global.u32 %r2, [%rd1];\n"
      "setp.lt.u32 %p1, %r2, 6;\n@%p1 bra again;";
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RunOptions options;
    options.seed = seed;
    options.instruction_budget = 1'000'000;
    EXPECT_EQ(run_body(body, {6, 1, 1}, 1, options).words[0], 6U);
  }
}

TEST(Unwatched, ChecksBoundsAndNoRaces) {
  EXPECT_NO_THROW(run_body(kRace, {4, 1, 1}, 64, {.seed = 1, .is_watched = false}));
  EXPECT_THROW(run_body(kStray, {58, 1, 1}, 64, {.seed = 1, .is_watched = false}), KernelFault);
}

TEST(Endless, DeadlockSaysWhereEachWarpStands) {
  // Warp 0 waits at barrier 1 for two warps, warp 1 at barrier 2, warp 2 exits.
  const std::string body = R"(setp.ge.u32 %p1, %r1, 64;
@%p1 bra out;
setp.ge.u32 %p2, %r1, 32;
@%p2 bra second;
bar.sync 1, 64;
bra out;
second: bar.sync 2, 64;
out:)";
  const std::string text = fault_of(body, 96, {.seed = 5}, FaultKind::deadlock);
  expect_words(text, {"deadlock", "kernel", "warp 0, lanes 0xffffffff: line 10, bar.sync, waiting",
                      "warp 1, lanes 0xffffffff: line 12, bar.sync, waiting", "warp 2: exited", "seed 5"});
}

TEST(Endless, DeadlockSaysWhatAnMbarrierWaitsFor) {
  const std::string body = R"(.shared .align 8 .b64 object;
mbarrier.init.shared::cta.b64 [object], 33;
mbarrier.arrive.shared::cta.b64 _, [object];
again: mbarrier.try_wait.parity.shared::cta.b64 %p1, [object], 0;
@!%p1 bra again;)";
  const std::string text = fault_of(body, 1, {.seed = 5}, FaultKind::deadlock);
  expect_words(
      text, {"deadlock", "line 9", "mbarrier.try_wait", "phase 0 waits for 32 of 33 arrivals and 0 bytes"});
}

TEST(Endless, BudgetSaysWhereEachWarpStands) {
  RunOptions options;
  options.instruction_budget = 10'000;
  const std::string text =
      fault_of("again: add.u32 %r2, %r1, 1;\nbra again;", 64, options, FaultKind::budget);
  expect_words(text,
               {"budget", "10000 warp instructions", "warp 0, lanes 0xffffffff: line ", "warp 1, lanes"});
}

/// A try_wait may give up: whoever does something else then must get there.
TEST(Mbarrier, TryWaitGivesUpInTheEnd) {
  const std::string body = R"(.shared .align 8 .b64 object;
mbarrier.init.shared::cta.b64 [object], 1;
again: mbarrier.try_wait.parity.shared::cta.b64 %p1, [object], 0;
@%p1 bra done;
mbarrier.arrive.shared::cta.b64 _, [object];
bra again;
done: st.global.u32 [%rd1], 7;)";
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    EXPECT_EQ(run_body(body, {}, 1, {.seed = seed}).words[0], 7u);
  }
}

/// An mbarrier's memory is free again only after mbarrier.inval.
TEST(Mbarrier, IsNotInitialisedTwice) {
  const std::string first = R"(.shared .align 8 .b64 object;
mbarrier.init.shared::cta.b64 [object], 1;
)";
  const std::string again = "mbarrier.init.shared::cta.b64 [object], 2;";
  EXPECT_NO_THROW(run_body(first + "mbarrier.inval.shared::cta.b64 [object];\n" + again, {}, 1, {}));
  expect_words(fault_of(first + again, 1, {}, FaultKind::barrier),
               {"mbarrier misuse", "line 8", "live mbarrier"});
}

/// All of a warp read a word of global memory before one of them writes it.
TEST(Readers, MayBeOrderedByABarrierOfTheirWarp) {
  const auto body = [](const std::string& barrier) {
    return "ld.global.u32 %r2, [%rd1];\n" + barrier +
           "setp.eq.u32 %p1, %r1, 9;\n@%p1 st.global.u32 [%rd1], 7;\nbar.warp.sync -1;";
  };
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    EXPECT_EQ(run_body(body("bar.warp.sync 0xffffffff;\n"), {}, 32, {.seed = seed}).words[0], 7u);
    expect_words(fault_of(body(""), 32, {.seed = seed}, FaultKind::race), {"unordered with the read"});
    // Lanes 16 to 31 are ordered among themselves.
    expect_words(fault_of("setp.ge.u32 %p2, %r1, 16;\nselp.u32 %r3, 0xffff0000, 0xffff, %p2;\n" +
                              body("bar.warp.sync %r3;\n"),
                          32, {.seed = seed}, FaultKind::race),
                 {"unordered with the read"});
  }
}

TEST(Readers, MayBeOrderedByANamedBarrier) {
  const std::string body = R"(setp.ge.u32 %p1, %r1, 64;
@%p1 bra out;
ld.global.u32 %r2, [%rd1];
bar.sync 1, 64;
setp.eq.u32 %p2, %r1, 40;
@%p2 st.global.u32 [%rd1], 7;
out:)";
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    EXPECT_EQ(run_body(body, {}, 96, {.seed = seed}).words[0], 7u);
  }
}

}  // namespace
}  // namespace perceptron::ptx
