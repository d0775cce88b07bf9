// Bad input of the machine: entries, instructions and launches that it refuses, each by name and before
// anything runs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "src/ptx/machine.hpp"
#include "src/ptx/program.hpp"
#include "tests/ptx/kernel_text.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::ptx {
namespace {

using test::expect_error;

TEST(BadPtx, AnEntryThatIsNotThere) {
  const Image image(module_of(".entry one() { ret; }\n.entry two() { ret; }\n"), "test.ptx");
  expect_error<InvalidArgument>([&] { image.program("three"); }, {"three", "one", "two"});
}

TEST(BadPtx, AnUnknownOpcode) {
  const Image image(kernel_of("frobnicate.rn.f32 %f1, %f2;"), "test.ptx");
  expect_error<Unsupported>([&] { image.program("kernel"); },
                            {"kernel", "line 6", "frobnicate.rn.f32", "does not know"});
}

TEST(BadPtx, AnUnknownModifier) {
  const Image image(kernel_of("add.rn.slowly.f32 %f1, %f2, %f3;"), "test.ptx");
  expect_error<Unsupported>([&] { image.program("kernel"); },
                            {"kernel", "line 6", "add.rn.slowly.f32", ".slowly"});
}

TEST(BadPtx, AVariableThatBeginsWithAddresses) {
  const std::string table = ".global .align 8 .u64 table[2] = {generic(one), 7};\n";
  const Image image(module_of(".global .b32 one = 5;\n" + table + R"(
.entry without() { .reg .b32 %r<2>; ld.global.u32 %r1, [one]; ret; }
.entry with() { .reg .b64 %rd<2>; ld.global.u64 %rd1, [table+8]; ret; })"),
                    "test.ptx");
  EXPECT_NO_THROW(image.program("without"));
  expect_error<Unsupported>([&] { image.program("with"); }, {"with", "table", "addresses"});
}

class Refused : public testing::TestWithParam<const char*> {};

TEST_P(Refused, ByName) {
  const std::string text = GetParam();
  const Image image(kernel_of(text + ";"), "test.ptx");
  const std::string name = text.substr(0, text.find(' '));
  expect_error<Unsupported>([&] { image.program("kernel"); }, {"kernel", "line 6", name});
}

// Not one IEEE operation with a stated rounding; or of a kind that the machine would have to guess at.
INSTANTIATE_TEST_SUITE_P(
    BadPtx, Refused,
    testing::Values("add.f32 %f1, %f2, %f3", "sub.f32 %f1, %f2, %f3", "mul.f32 %f1, %f2, %f3",
                    "add.f64 %fd1, %fd2, %fd3", "mul.f64 %fd1, %fd2, %fd3", "add.rn.ftz.f32 %f1, %f2, %f3",
                    "mul.rn.ftz.f32 %f1, %f2, %f3", "fma.rn.ftz.f32 %f1, %f2, %f3, %f4",
                    "div.full.f32 %f1, %f2, %f3", "div.approx.f32 %f1, %f2, %f3",
                    "div.rn.ftz.f32 %f1, %f2, %f3", "rcp.approx.ftz.f32 %f1, %f2", "sqrt.approx.f32 %f1, %f2",
                    "rsqrt.approx.f32 %f1, %f2", "ex2.approx.ftz.f32 %f1, %f2", "lg2.approx.f32 %f1, %f2",
                    "sin.approx.f32 %f1, %f2", "tanh.approx.f32 %f1, %f2", "max.ftz.f32 %f1, %f2, %f3",
                    "setp.lt.ftz.f32 %p1, %f1, %f2", "atom.global.add.f32 %f1, [%rd1], %f2",
                    "red.global.add.f32 [%rd1], %f2", "barrier.cluster.arrive",
                    "shfl.down.b32 %r1, %r2, 1, 31",
                    "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f1,%f2,%f3,%f4}, {%r1,%r2,%r3,%r4}, "
                    "{%r5,%r6}, {%f1,%f2,%f3,%f4}"));

class BadLaunch : public testing::Test {
 protected:
  void expect_refused(std::initializer_list<std::string_view> words, const RunOptions& options = {}) {
    expect_error<InvalidArgument>([&] { run(image_.program("kernel"), launch_, memory_, options); }, words);
  }
  void SetUp() override {
    launch_.block = {64, 1, 1};
    launch_.arguments = kernels::ArgumentBytes(std::uint64_t{0});
  }

  const Image image_{kernel_of(".shared .b8 table[1024];", ".maxntid 128"), "test.ptx"};
  Memory memory_;
  kernels::Launch launch_;
};

TEST_F(BadLaunch, NothingElseIsWrong) {
  EXPECT_EQ(run(image_.program("kernel"), launch_, memory_).blocks, 1u);
}

TEST_F(BadLaunch, AGridOfZero) {
  for (const kernels::Extent grid : {kernels::Extent{0, 1, 1}, {1, 0, 1}, {1, 1, 0}}) {
    launch_.grid = grid;
    expect_refused({"kernel", fmt::format("{} x {} x {}", grid.x, grid.y, grid.z), "at least one block"});
  }
}

TEST_F(BadLaunch, ABlockTooLargeOrEmpty) {
  for (const kernels::Extent block : {kernels::Extent{129, 1, 1}, {64, 3, 1}, {0, 1, 1}}) {
    launch_.block = block;
    expect_refused({"kernel", fmt::format("{} x {} x {}", block.x, block.y, block.z), "1 to 128 threads"});
  }
}

TEST_F(BadLaunch, AnotherBlockThanTheEntryRequires) {
  const Image image(kernel_of("", ".reqntid 16, 4"), "test.ptx");
  const auto launch = [&](kernels::Extent block) {
    launch_.block = block;
    run(image.program("kernel"), launch_, memory_);
  };
  EXPECT_NO_THROW(launch({16, 4, 1}));
  for (const kernels::Extent block : {kernels::Extent{64, 1, 1}, {16, 2, 1}, {4, 16, 1}}) {
    expect_error<InvalidArgument>([&] { launch(block); },
                                  {"kernel", fmt::format("{} x {} x {}", block.x, block.y, block.z),
                                   "requires 16 x 4 x 1", ".reqntid"});
  }
}

TEST_F(BadLaunch, ArgumentsOfTheWrongSize) {
  launch_.arguments = kernels::ArgumentBytes(std::uint32_t{0});
  expect_refused({"kernel", "4 argument bytes", "takes 8"});
  launch_.arguments = {};
  expect_refused({"kernel", "0 argument bytes", "takes 8"});
}

TEST_F(BadLaunch, SharedMemoryOfOtherEntriesIsNotItsOwn) {
  const Image image(module_of(R"(.shared .align 4 .b8 ours[1000];
.shared .align 4 .b8 theirs[49152];
.entry kernel(.param .u64 p) { .reg .b32 %r<2>; mov.u32 %r1, ours+4; st.shared.u32 [ours], 1; ret; }
.entry other() { .reg .b32 %r<2>; st.shared.v2.u32 [theirs], {1, 2}; mov.u32 %r1, ours; ret; })"),
                    "test.ptx");
  EXPECT_EQ(image.program("kernel").static_shared_bytes, 1000U);
  EXPECT_EQ(image.program("other").static_shared_bytes, 50152U);
}

TEST_F(BadLaunch, MoreSharedMemoryThanThereIs) {
  launch_.shared_bytes = 99 * 1024 - 1024;
  RunOptions options;
  options.shared_limit = 99 * 1024;
  EXPECT_NO_THROW(run(image_.program("kernel"), launch_, memory_, options));
  launch_.shared_bytes += 16;
  expect_refused({"kernel", "101392 bytes of shared memory", "100368 of them dynamic", "limit is 101376"},
                 options);
}

}  // namespace
}  // namespace perceptron::ptx
