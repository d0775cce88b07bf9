// Variables of a module that a kernel writes: global memory that each launch begins with anew, and watched.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "perceptron/error.hpp"
#include "tests/ptx/run_body.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::ptx {
namespace {

using test::expect_error;

constexpr std::uint64_t kSeeds = 50;
constexpr std::uint32_t kBlocks = 3, kThreads = 64;

const std::string kVariables =
    ".global .align 4 .u32 counter = 5; .global .align 8 .b8 zeros[16]; .const .align 4 .u32 fixed = 1;\n"
    ".extern .global .align 4 .u32 elsewhere;\n";

/// words[number among all threads] = %r2, which the body makes of the number, %r1.
Image image_of(const std::string& body) {
  return Image(module_of(kVariables + R"(
.visible .entry kernel(.param .u64 p) {
  .reg .pred %p<4>; .reg .b32 %r<9>; .reg .b64 %rd<9>;
  ld.param.u64 %rd1, [p];
  mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ntid.x; mov.u32 %r5, %tid.x;
  mad.lo.u32 %r1, %r3, %r4, %r5;
)" + body + R"(
  mul.wide.u32 %rd2, %r1, 4;
  add.s64 %rd2, %rd1, %rd2;
  st.global.u32 [%rd2], %r2;
  ret;
})"),
               "test.ptx");
}

std::vector<std::uint32_t> run_once(const Image& image, Memory& memory, std::uint64_t seed) {
  std::vector<std::uint32_t> words(kBlocks * kThreads);
  const DeviceAddress address = memory.allocate(words.size() * 4, "words");
  kernels::Launch launch;
  launch.grid = {kBlocks, 1, 1};
  launch.block = {kThreads, 1, 1};
  launch.arguments = kernels::ArgumentBytes(address);
  run(image.program("kernel"), launch, memory, {.seed = seed});
  memory.read(address, std::as_writable_bytes(std::span(words)));
  return words;
}

void expect_fault(const std::string& body, FaultKind kind, std::initializer_list<std::string_view> words) {
  const Image image = image_of(body);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Memory memory;
    try {
      run_once(image, memory, seed);
      FAIL() << "no fault by seed " << seed;
    } catch (const KernelFault& fault) {
      ASSERT_EQ(fault.kind(), kind) << fault.what();
      expect_words(fault.what(), words);
    }
  }
}

TEST(PtxVariable, CountsAcrossBlocksAndBeginsAnewWithEachLaunch) {
  const Image image = image_of("atom.global.add.u32 %r2, [counter], 1;");
  Memory memory;
  std::vector<std::uint32_t> expected(kBlocks * kThreads);
  std::iota(expected.begin(), expected.end(), 5u);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    std::vector<std::uint32_t> tickets = run_once(image, memory, seed);
    std::sort(tickets.begin(), tickets.end());
    ASSERT_EQ(tickets, expected) << "seed " << seed;
  }
}

TEST(PtxVariable, HoldsZerosWhereNothingElseIsSaid) {
  Memory memory;
  const Image image = image_of("ld.global.u32 %r2, [zeros+12];");
  EXPECT_EQ(run_once(image, memory, 1), std::vector<std::uint32_t>(kBlocks * kThreads, 0));
}

TEST(PtxVariable, HasAGenericAddress) {
  Memory memory;
  const Image image = image_of(R"(
  mov.u64 %rd3, counter;
  cvta.global.u64 %rd4, %rd3;
  isspacep.global %p1, %rd4;
  selp.u32 %r6, 1, 0, %p1;
  ld.u32 %r2, [%rd4];
  add.u32 %r2, %r2, %r6;)");
  EXPECT_EQ(run_once(image, memory, 1), std::vector<std::uint32_t>(kBlocks * kThreads, 6));
}

TEST(PtxVariable, IsWatched) {
  expect_fault("mov.u32 %r2, 0; st.global.u32 [counter], %r1;", FaultKind::race, {"line 12", "unordered"});
  expect_fault("ld.global.u32 %r2, [counter]; red.global.add.u32 [counter], 1;", FaultKind::race,
               {"unordered with the read"});
  expect_fault(
      "atom.global.add.u32 %r2, [counter], 1; setp.ne.u32 %p1, %r1, 130; @%p1 bra $end;"
      "ld.global.u32 %r2, [counter]; $end:",
      FaultKind::race, {"unordered with the write by", "atom.global.add.u32"});
  expect_fault("ld.global.u32 %r2, [zeros+16];", FaultKind::out_of_bounds, {"\"zeros\", which has 16"});
  expect_fault("mov.u32 %r2, 0; mov.u64 %rd3, fixed; st.u32 [%rd3], %r2;", FaultKind::out_of_bounds,
               {"read-only"});
}

TEST(PtxVariable, OfAnotherFileIsRefused) {
  const Image image = image_of("ld.global.u32 %r2, [elsewhere];");
  expect_error<Unsupported>([&] { image.program("kernel"); }, {"kernel", "elsewhere", "another file"});
}

}  // namespace
}  // namespace perceptron::ptx
