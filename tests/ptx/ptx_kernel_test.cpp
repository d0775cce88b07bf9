// The public face of the machine: arguments by the width of their parameters, outputs and their gaps,
// roundings that are not stated.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <string>

#include "perceptron/error.hpp"
#include "perceptron/ptx.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron {
namespace {

using test::expect_error;

/// y[thread] = a · x[thread] + shift for the first `count` threads, with two instructions.
constexpr std::string_view kScale = R"(
.version 8.0
.target sm_80
.address_size 64
.visible .entry scale(.param .u64 x, .param .f32 a, .param .u64 y, .param .s16 shift, .param .u32 count) {
  .reg .pred %p<2>; .reg .b16 %h<2>; .reg .b32 %r<4>; .reg .f32 %f<6>; .reg .b64 %rd<6>;
  mov.u32 %r1, %tid.x;
  ld.param.u32 %r2, [count];
  setp.ge.u32 %p1, %r1, %r2;
  @%p1 bra $end;
  ld.param.u64 %rd1, [x];
  ld.param.u64 %rd2, [y];
  mul.wide.u32 %rd3, %r1, 4;
  add.s64 %rd4, %rd1, %rd3;
  add.s64 %rd5, %rd2, %rd3;
  ld.global.f32 %f1, [%rd4];
  ld.param.f32 %f2, [a];
  ld.param.s16 %h1, [shift];
  cvt.rn.f32.s16 %f3, %h1;
  mul.f32 %f4, %f1, %f2;
  add.f32 %f5, %f4, %f3;
  st.global.f32 [%rd5], %f5;
$end:
  ret;
})";

struct Scaled {
  std::vector<float> x{1, 2, 3, 4}, y{-7, -7, -7, -7};

  PtxReport run(std::int64_t count, std::int64_t shift = -3, std::int64_t threads = 4) {
    const PtxKernel kernel(kScale, "scale.ptx", "scale");
    PtxLaunch launch;
    launch.block = {threads, 1, 1};
    launch.arguments = {PtxInput{"x", std::as_bytes(std::span(x))}, 0.5,
                        PtxOutput{"y", std::as_writable_bytes(std::span(y))}, shift, count};
    return kernel.run(launch);
  }
};

TEST(PtxKernel, ReadsInputsAndWritesOutputs) {
  Scaled scaled;
  const PtxReport report = scaled.run(4);
  EXPECT_EQ(scaled.y, (std::vector<float>{-2.5, -2, -1.5, -1}));
  EXPECT_EQ(report.blocks, 1);
  EXPECT_GT(report.warp_instructions, 10);
  EXPECT_TRUE(report.gaps.empty());
}

TEST(PtxKernel, TellsWhatWasNotWritten) {
  Scaled scaled;
  const PtxReport report = scaled.run(3);
  EXPECT_EQ(scaled.y, (std::vector<float>{-2.5, -2, -1.5, -7}));
  ASSERT_EQ(report.gaps.size(), 1);
  EXPECT_EQ(report.gaps[0].output, "y");
  EXPECT_EQ(report.gaps[0].first_byte, 12);
  EXPECT_EQ(report.gaps[0].bytes, 4);
}

TEST(PtxKernel, FaultsAreErrors) {
  Scaled scaled;
  expect_error<KernelError>(
      [&] {
        try {
          scaled.run(5, 0, 5);
        } catch (const KernelError& fault) {  // The type thrown is a private one.
          throw KernelError(fault);
        }
      },
      {"out of bounds", "scale", "thread (4, 0, 0)", "\"x\""});
}

/// All threads store the block's size to y[0].
TEST(PtxKernel, StoresOfOneValueMayBeAllowed) {
  const PtxKernel kernel(R"(
.version 8.0
.target sm_80
.address_size 64
.visible .entry store(.param .u64 y) {
  .reg .b32 %r<2>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [y];
  mov.u32 %r1, %ntid.x;
  st.global.u32 [%rd1], %r1;
  ret;
})",
                         "store.ptx", "store");
  std::uint32_t y = 0;
  PtxLaunch launch;
  launch.block = {64, 1, 1};
  launch.arguments = {PtxOutput{"y", std::as_writable_bytes(std::span(&y, 1))}};
  EXPECT_THROW(kernel.run(launch), KernelError);
  launch.allows_same_value_stores = true;
  EXPECT_NO_THROW(kernel.run(launch));
  EXPECT_EQ(y, 64U);
}

TEST(PtxKernel, BuffersHoldWhatTheyHeldAtFirst) {
  const PtxKernel kernel(R"(
.version 8.0
.target sm_80
.address_size 64
.visible .entry count(.param .u64 counts) {
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [counts];
  red.global.add.u32 [%rd1+4], 1;
  ret;
})",
                         "count.ptx", "count");
  std::array<std::uint32_t, 2> counts{7, 30};
  PtxLaunch launch;
  launch.grid = {3, 1, 1};
  launch.block = {64, 1, 1};
  launch.arguments = {PtxBuffer{"counts", std::as_writable_bytes(std::span(counts))}};
  EXPECT_TRUE(kernel.run(launch).gaps.empty());
  EXPECT_EQ(counts, (std::array<std::uint32_t, 2>{7, 30 + 3 * 64}));
}

TEST(PtxKernel, RefusesArgumentsThatDoNotFit) {
  Scaled scaled;
  expect_error<InvalidArgument>([&] { scaled.run(4, 70'000); }, {"argument 3", "2 bytes", "70000"});
  expect_error<InvalidArgument>([&] { scaled.run(std::int64_t{1} << 32); }, {"argument 4", "4 bytes"});
  expect_error<InvalidArgument>([&] { scaled.run(4, 0, 0); }, {"block", "0"});
  const PtxKernel kernel(kScale, "scale.ptx", "scale");
  ASSERT_EQ(kernel.parameters().size(), 5);
  EXPECT_EQ(kernel.parameters()[1].name, "a");
  EXPECT_EQ(kernel.parameters()[3].bytes, 2);
  expect_error<InvalidArgument>([&] { kernel.run({}); }, {"0 arguments", "5 parameters"});
  PtxLaunch launch;
  launch.arguments = {1.5, 0.5, 0.5, 0.5, 0.5};
  expect_error<InvalidArgument>([&] { kernel.run(launch); }, {"argument 0", "1.5 is a real number", "u64"});
}

TEST(PtxKernel, RoundingMustBeStatedWhereItIsAskedFor) {
  EXPECT_NO_THROW(PtxKernel(kScale, "scale.ptx", "scale"));
  expect_error<Unsupported>([] { PtxKernel(kScale, "scale.ptx", "scale", PtxRounding::stated); },
                            {"scale", "mul.f32", "no rounding is stated"});
  expect_error<InvalidArgument>([] { PtxKernel("nonsense", "n.ptx", "k"); }, {"n.ptx", "line 1"});
  expect_error<InvalidArgument>([] { PtxKernel(kScale, "scale.ptx", "k"); }, {"\"k\"", "scale"});
}

/// y[thread] = 2^x[thread].
constexpr std::string_view kApproximate = R"(
.version 8.0
.target sm_80
.address_size 64
.file 1 "kernels/powers.cu"
.visible .entry powers(.param .u64 x, .param .u64 y) {
  .reg .b32 %r<3>; .reg .f32 %f<4>; .reg .b64 %rd<6>;
  .loc 1 7 3
  mov.u32 %r1, %tid.x;
  ld.param.u64 %rd1, [x];
  ld.param.u64 %rd2, [y];
  mul.wide.u32 %rd3, %r1, 4;
  add.s64 %rd4, %rd1, %rd3;
  add.s64 %rd5, %rd2, %rd3;
  ld.global.f32 %f1, [%rd4];
  .loc 1 8 3
  ex2.approx.ftz.f32 %f2, %f1;
  st.global.f32 [%rd5], %f2;
  ret;
})";

TEST(PtxKernel, ApproximationsWhereTheyAreAskedFor) {
  for (const PtxRounding rounding : {PtxRounding::stated, PtxRounding::nearest_unless_stated}) {
    expect_error<Unsupported>([&] { PtxKernel(kApproximate, "powers.ptx", "powers", rounding); },
                              {"powers", "line 17 (powers.cu:8)", "ex2.approx.ftz.f32",
                               "reproducible arithmetic refuses", "PtxRounding::approximate"});
  }
  const PtxKernel kernel(kApproximate, "powers.ptx", "powers", PtxRounding::approximate);
  const std::vector<float> x{3, -1, 0, 0.5F};
  std::vector<float> y(4);
  PtxLaunch launch;
  launch.block = {4, 1, 1};
  launch.arguments = {PtxInput{"x", std::as_bytes(std::span(x))},
                      PtxOutput{"y", std::as_writable_bytes(std::span(y))}};
  kernel.run(launch);
  EXPECT_EQ(y, (std::vector<float>{8, 0.5, 1, std::sqrt(2.F)}));
}

}  // namespace
}  // namespace perceptron
