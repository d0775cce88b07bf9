// Calls: functions with a body, as nvcc makes them with and without -G, assert and printf; what of calls is
// refused.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "perceptron/error.hpp"
#include "tests/ptx/calls.hpp"
#include "tests/ptx/run_body.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::ptx {
namespace {

using calls::kThreads;
using test::expect_error;

constexpr std::uint64_t kSeeds = 50;

float value(int thread) { return static_cast<float>(thread % 5 - 2); }

/// The kernels of calls.cu, by the file that nvcc made of it.
class CompiledCall : public testing::TestWithParam<const char*> {
 protected:
  std::vector<float> run(const char* entry, const RunOptions& options, int limit = 0) {
    Memory memory;
    std::vector<float> x, y(kThreads);
    for (int thread = 0; thread < kThreads; ++thread) x.push_back(value(thread));
    const DeviceAddress from = memory.allocate(kThreads * sizeof(float), "x");
    const DeviceAddress to = memory.allocate(kThreads * sizeof(float), "y");
    memory.write(from, std::as_bytes(std::span(x)));
    memory.protect(from);
    calls::Arguments arguments{reinterpret_cast<const float*>(from), reinterpret_cast<float*>(to), limit};
    kernels::Launch launch;
    launch.block = {kThreads, 1, 1};
    launch.arguments = kernels::ArgumentBytes(arguments);
    ptx::run(image_.program(entry), launch, memory, options);
    memory.read(to, std::as_writable_bytes(std::span(y)));
    return y;
  }

  std::string fault(const char* entry, std::uint64_t seed, FaultKind kind, int limit = 0) {
    try {
      run(entry, {.seed = seed}, limit);
    } catch (const KernelFault& fault) {
      EXPECT_EQ(fault.kind(), kind) << fault.what();
      return fault.what();
    }
    return "";
  }

 private:
  static std::string text(const std::string& name) {
    std::ifstream file(PERCEPTRON_TEST_PTX_DIR "/" + name + ".ptx");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  Image image_{text(GetParam()), GetParam()};
};

TEST_P(CompiledCall, Calculates) {
  std::vector<float> expected;
  float sum = 0;
  for (int thread = 0; thread < kThreads; ++thread) sum += value(thread);
  for (int thread = 0; thread < kThreads; ++thread) {
    const float x = value(thread);
    float power = 1;
    for (int i = 0; i < thread % calls::kValues; ++i) power *= x;
    float result = (thread > 40 ? -x : x * static_cast<float>(thread)) + power + 2;
    if (thread % 3 == 0) result *= 3;
    expected.push_back(result + 3 * sum + 32);
  }
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed)
    ASSERT_EQ(run("calculate", {.seed = seed}), expected) << "seed " << seed;
}

TEST_P(CompiledCall, FaultsNameTheLineOfTheFunction) {
  expect_words(fault("store_beside", 1, FaultKind::out_of_bounds),
               {"store_beside line", "calls.cu:50", "thread (63, 0, 0)", "\"y\""});
}

TEST_P(CompiledCall, AnAssertionThatHoldsIsNone) {
  std::vector<float> expected;
  for (int thread = 0; thread < kThreads; ++thread) expected.push_back(value(thread));
  EXPECT_EQ(run("check", {}, kThreads), expected);
}

TEST_P(CompiledCall, AnAssertionThatFailsSaysWhatAndWhere) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::string text = fault("check", seed, FaultKind::assertion, 40);
    expect_words(text,
                 {"assertion failed in check line", "(calls.cu:71), ", "block (0, 0, 0), thread (40, 0, 0)",
                  "thread < p.limit && \"the limit holds\", ", "calls.cu:71, in void ", "check("});
  }
}

TEST_P(CompiledCall, PrintsWhatIsAskedFor) {
  std::vector<std::string> printed;
  RunOptions options;
  options.print = [&](std::string_view text) { printed.emplace_back(text); };
  EXPECT_EQ(run("print", options, 33), std::vector<float>(kThreads, 0));
  EXPECT_EQ(std::count(printed.begin(), printed.end(), "."), kThreads);
  EXPECT_EQ(std::count(printed.begin(), printed.end(), "thread 33:  1.00, -7\n"), 1);
  EXPECT_EQ(printed.size(), kThreads + 1);
  EXPECT_NO_THROW(run("print", {}, 33));
}

INSTANTIATE_TEST_SUITE_P(Machine, CompiledCall, testing::Values("calls", "calls_debug"),
                         [](const auto& info) { return std::string(info.param); });

/// words[thread] = 10 for even threads, else 0, by a call that the others do not make.
TEST(PtxCall, MayHaveAPredicate) {
  const std::string function = R"(
.func (.param .b32 result) ten() { st.param.b32 [result], 10; ret; }
)";
  const Image image(module_of(function + R"(
.visible .entry kernel(.param .u64 p) {
  .reg .pred %p<2>; .reg .b32 %r<4>; .reg .b64 %rd<4>;
  .param .b32 value;
  ld.param.u64 %rd1, [p];
  mov.u32 %r1, %tid.x;
  st.param.b32 [value], 0;
  and.b32 %r2, %r1, 1;
  setp.ne.u32 %p1, %r2, 0;
  @!%p1 call.uni (value), ten;
  ld.param.u32 %r3, [value];
  mul.wide.u32 %rd2, %r1, 4;
  add.s64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3], %r3;
  ret;
})"),
                    "test.ptx");
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Memory memory;
    const DeviceAddress address = memory.allocate(32 * 4, "words");
    kernels::Launch launch;
    launch.block = {32, 1, 1};
    launch.arguments = kernels::ArgumentBytes(address);
    run(image.program("kernel"), launch, memory, {.seed = seed});
    std::vector<std::uint32_t> words(32);
    memory.read(address, std::as_writable_bytes(std::span(words)));
    for (std::uint32_t thread = 0; thread < 32; ++thread) ASSERT_EQ(words[thread], thread % 2 == 0 ? 10 : 0);
  }
}

/// An argument that nobody wrote has no value in the function either.
TEST(PtxCall, ArgumentsMayBeUnwritten) {
  const Image image(module_of(R"(
.func use(.param .b32 value) {
  .reg .b32 %r<3>;
  ld.param.u32 %r1, [value];
  add.u32 %r2, %r1, 1;
  ret;
}
.visible .entry kernel() { .param .b32 given; call use, (given); ret; })"),
                    "test.ptx");
  Memory memory;
  kernels::Launch launch;
  launch.block = {32, 1, 1};
  try {
    run(image.program("kernel"), launch, memory);
    FAIL() << "no fault";
  } catch (const KernelFault& fault) {
    EXPECT_EQ(fault.kind(), FaultKind::unwritten);
    expect_words(fault.what(), {"line 8", "add.u32", "line 7", "ld.param.u32"});
  }
}

/// What a call left in registers, local variables and results has no value when it is made again.
TEST(PtxCall, BeginsWithNothingWritten) {
  const auto run_with = [](const std::string& last) {
    const Image image(module_of(R"(
.func (.param .b32 result) f(.param .b32 turn) {
  .reg .b32 %r<3>; .reg .pred %p<2>; .local .b32 kept;
  ld.param.u32 %r1, [turn];
  setp.ne.u32 %p1, %r1, 0;
  @%p1 bra $second;
  mov.u32 %r2, 7;
  st.local.u32 [kept], 7;
  setp.eq.u32 %p0, %r1, 0;
  st.param.u32 [result], 7;
  ret;
$second:
)" + last + R"(
  ret;
}
.visible .entry kernel() {
  .reg .pred %p<2>; .reg .b32 %r<3>; .param .b32 turn; .param .b32 result;
  mov.u32 %r1, 0;
$again:
  st.param.u32 [turn], %r1;
  call (result), f, (turn);
  ld.param.u32 %r2, [result];
  add.u32 %r2, %r2, 1;
  add.u32 %r1, %r1, 1;
  setp.lt.u32 %p1, %r1, 2;
  @%p1 bra $again;
  ret;
})"),
                      "test.ptx");
    Memory memory;
    kernels::Launch launch;
    launch.block = {32, 1, 1};
    try {
      run(image.program("kernel"), launch, memory);
    } catch (const KernelFault& fault) {
      EXPECT_EQ(fault.kind(), FaultKind::unwritten);
      return std::string(fault.what());
    }
    return std::string();
  };
  EXPECT_EQ(run_with("st.param.u32 [result], 8;"), "");
  expect_words(run_with(""), {"line 26", "add.u32"});
  expect_words(run_with("add.u32 %r2, %r2, 1;"), {"line 16", "add.u32"});
  expect_words(run_with("@%p0 ret;"), {"line 16", "ret"});
  expect_words(run_with("ld.local.u32 %r2, [kept]; add.u32 %r2, %r2, 1;"), {"line 16", "add.u32"});
}

/// The entry "kernel", on line 6, calls with this body.
void decode(const std::string& functions, const std::string& call) {
  const Image image(module_of(functions + "\n" + R"(.visible .entry kernel() {
  .reg .b64 %rd<2>; .reg .f32 %f<3>; .param .b32 p; .param .b64 q;)" +
                              call + "\nret; }\n"),
                    "test.ptx");
  image.program("kernel");
}

TEST(PtxCall, RefusalsNameWhatIsNotKnown) {
  const std::string plain = ".func f(.param .b32 given) { ret; }";
  EXPECT_NO_THROW(decode(plain, "call f, (p);"));
  expect_error<Unsupported>([] { decode(".func f() { call f; ret; }", "call f;"); },
                            {"kernel, line 4", "call", "recursion", "f calls f"});
  expect_error<Unsupported>(
      [] { decode(".func g(); .func f() { call g; ret; } .func g() { call f; ret; }", "call.uni g;"); },
      {"line 4", "g calls f calls g"});
  // Each of 25 functions calls the next one twice.
  std::string doubling = ".func f0() { ret; }";
  for (int i = 1; i < 25; ++i)
    doubling += fmt::format(".func f{0}() {{ call f{1}; call f{1}; ret; }}", i, i - 1);
  expect_error<Unsupported>([&] { decode(doubling, "call f24;"); }, {"line 4", "262144 instructions"});
  expect_error<Unsupported>(
      [] {
        decode(".func f() { .reg .b32 %r<200000>; ret; } .func g() { call f; call f; ret; }", "call g;");
      },
      {"line 4", "262144 registers"});
  expect_error<Unsupported>([&] { decode(plain, "call %rd1, (p), prototype;"); }, {"line 6", "by address"});
  expect_error<Unsupported>([] { decode(".extern .func malloc(.param .b64 bytes);", "call malloc, (q);"); },
                            {"line 6", "malloc", "no body"});
  expect_error<Unsupported>([] { decode(".func f(.reg .f32 given) { ret; }", "call f, (%f1);"); },
                            {"line 6", ".param"});
  expect_error<InvalidArgument>([&] { decode(plain, "call f;"); }, {"line 6", "0 arguments", "expected 1"});
  expect_error<InvalidArgument>([&] { decode(plain, "call f, (q);"); }, {"line 6", "q", "8 bytes", "4"});
  expect_error<InvalidArgument>([&] { decode(plain, "call (p), f, (p);"); }, {"1 results", "expected 0"});
}

}  // namespace
}  // namespace perceptron::ptx
