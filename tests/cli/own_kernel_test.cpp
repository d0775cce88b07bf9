// `perceptron validate --ptx`: the kernel of the README, right, without its bounds check and without its
// second barrier, and what the command refuses.
#include <algorithm>

#include "tests/cli/command_fixture.hpp"

namespace perceptron::test {
namespace {

class OwnKernel : public CommandTest {
 protected:
  static std::string ptx(const std::string& name) { return PERCEPTRON_TEST_PTX_DIR "/" + name + ".ptx"; }

  /// The kernel's launch; `more` comes behind, where a later option of the same name wins.
  static std::vector<std::string> command(const std::string& file, std::vector<std::string> more = {},
                                          const std::string& arguments = "x,w,b,y,rows,inputs,outputs") {
    std::vector<std::string> all{"validate", "--ptx", file, "--entry", "layer", "--args", arguments};
    if (more.empty() || more.front() != "--grid") {
      all.insert(all.end(), {"--grid", "ceil(outputs/16),ceil(rows/16)"});
    }
    all.insert(all.end(), {"--block", "16,16", "--problem", "33x70x20:f32:relu"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static std::string expect_failed(std::vector<std::string> arguments) {
    const Finished finished = perceptron(std::move(arguments));
    EXPECT_EQ(finished.exit_code, 1) << finished.err;
    EXPECT_EQ(finished.err, "");
    expect_word(finished.out, "FAILED");
    return finished.out;
  }
};

TEST_F(OwnKernel, IsThatOfTheReadme) {
  const std::string text = read_file(PERCEPTRON_KERNEL);
  EXPECT_EQ(std::ranges::count(text, '\n'), 15);
  expect_word(read_file(PERCEPTRON_README), "```cuda\n" + text + "```\n");
}

TEST_F(OwnKernel, PassesWithEveryKindOfData) {
  const std::string out = expect_success(command(ptx("layer"), {"--json", at("report.json")})).out;
  for (const char* kind :
       {"integers", "one_hot", "cancelling", "positive", "wide", "subnormal", "special", "ties"}) {
    expect_word(out, fmt::format("PASSED     {}", kind));
  }
  expect_word(out, "660 elements, all inside what correct arithmetic allows");
  const auto report = nlohmann::json::parse(read_file(dir_ / "report.json"));
  ASSERT_EQ(report["results"].size(), 8);
  EXPECT_EQ(report["results"][2]["interval"]["passed"], true);
  EXPECT_EQ(report["results"][2]["interval"]["checked"], 660);
}

TEST_F(OwnKernel, ABudgetEndsItAndHintsSayWhatHelps) {
  const std::string spent = expect_failed(command(ptx("layer"), {"--budget", "10"}));
  expect_word(spent, "instruction budget spent");
  expect_word(spent, "hint: --budget N");
  expect_word(spent.substr(spent.find("reproduce")), "--budget 10");
}

TEST_F(OwnKernel, QuietMeansFailuresAlone) {
  EXPECT_EQ(expect_success(command(ptx("layer"), {"--quiet"})).out, "");
  const std::string out = expect_failed(command(ptx("layer_unchecked"), {"--quiet"}));
  expect_word(out, "reproduce: ");
  EXPECT_EQ(out.find("PASSED"), std::string::npos) << out;
}

TEST_F(OwnKernel, BitsDecideWhereTheyAreAskedFor) {
  // The kernel adds in one chain: up to 256 inputs the contract's order, beyond it another one.
  expect_word(expect_success(command(ptx("layer"), {"--arithmetic", "reproducible"})).out, "bit-identical");
  auto longer = command(ptx("layer"), {"--data", "cancelling"});
  *std::ranges::find(longer, "33x70x20:f32:relu") = "33x300x20:f32:relu";
  expect_word(expect_success(longer).out, "of other bits than the reference's");
  longer.insert(longer.end(), {"--arithmetic", "reproducible"});
  expect_word(expect_failed(longer), "so only bits differ");
}

TEST_F(OwnKernel, AMissingBoundsCheckIsAnAccessOutOfBounds) {
  const std::string out = expect_failed(command(ptx("layer_unchecked")));
  for (const char* word : {"access out of bounds", "layer_unchecked.cu:14", "block (1, 0, 0)", "thread",
                           "reproduce: perceptron validate --ptx", "--data integers --seed 1"}) {
    expect_word(out, word);
  }
}

TEST_F(OwnKernel, AMissingBarrierIsARace) {
  const std::string out = expect_failed(command(ptx("layer_unsynchronized")));
  for (const char* word :
       {"race", "layer_unsynchronized.cu:8", "shared address", "layer_unsynchronized.cu:11"}) {
    expect_word(out, word);
  }
}

TEST_F(OwnKernel, AnswersThatAreWrongFail) {
  // W and x change places: 20 rows of x are read as weights.
  const std::string out =
      expect_failed(command(ptx("layer"), {"--data", "positive"}, "w,x,b,y,outputs,inputs,outputs"));
  expect_word(out, "FAILED     positive");
}

TEST_F(OwnKernel, ElementsThatNobodyWroteFail) {
  const std::string out = expect_failed(command(ptx("layer"), {"--grid", "1"}));
  expect_word(out, "left 1616 bytes of y unwritten, the first in group 0, row 0, column 16");
}

/// A kernel of split.cu: three parts of the inputs.
std::vector<std::string> split(const std::string& entry, const std::string& arguments,
                               const std::string& problem) {
  return {"validate", "--ptx",  PERCEPTRON_TEST_PTX_DIR "/split.ptx",
          "--entry",  entry,    "--args",
          arguments,  "--grid", "ceil(outputs/64),rows,3",
          "--block",  "64",     "--problem",
          problem};
}
const char* const kWorkspaces =
    "x,w,b,y,zeros(4*3*rows*outputs),zeros(4*rows*ceil(outputs/64)),inputs,outputs";

TEST_F(OwnKernel, TheLastBlockMayAddUpWhatAllHaveWritten) {
  expect_success(split("split", kWorkspaces, "5x90x100:f32:relu"));
  const std::string out = expect_failed(split("split_without_fence", kWorkspaces, "5x90x100:f32:relu"));
  for (const char* word : {"race", "split.cu:26", "unordered with the write by block", "split.cu:19"}) {
    expect_word(out, word);
  }
}

TEST_F(OwnKernel, MemoryThatBeginsWithZerosMayBeAddedTo) {
  auto atomic = split("split_atomically", "x,w,y=0,inputs,outputs", "5x90x100:f32:identity:nobias");
  atomic.insert(atomic.end(), {"--data", "integers,cancelling"});
  expect_success(atomic);
  atomic.back() = "subnormal";  // Atomic additions in global memory take subnormal numbers for zeros.
  expect_word(expect_failed(atomic), "found 0");
  expect_word(
      expect_failed(split("split_atomically", "x,w,y,inputs,outputs", "5x90x100:f32:identity:nobias")),
      "changes bytes that nobody wrote");
  for (const char* workspace : {"zeros(0-4)", "zeros(inputs*4294967296)", "zeros", "zeros(4"}) {
    const std::string arguments = std::string("x,w,y=0,") + workspace + ",outputs";
    expect_failure(split("split_atomically", arguments, "5x90x100:f32:identity:nobias"), 2, {"--args"});
  }
}

TEST_F(OwnKernel, RefusesLaunchesThatNoGpuTakes) {
  const std::string layer = ptx("layer");
  expect_failure(command(layer, {"--grid", "1,70000"}), 2, {"1 x 70000 x 1", "65535", "along y and z"});
  expect_failure({"validate", "--ptx", layer, "--entry", "layer", "--args", "x,w,b,y,rows,inputs,outputs",
                  "--block", "1,1,65", "--problem", "33x70x20:f32:relu"},
                 2, {"1 x 1 x 65", "64 threads along z"});
}

TEST_F(OwnKernel, RealParametersTakeNumbersAsReal) {
  const std::string entry = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry layer(.param .u64 y, .param .f32 factor, .param .u32 rows)
{
  .reg .b64 %rd<3>; .reg .f32 %f<2>;
  ld.param.u64 %rd1, [y];
  ld.param.f32 %f1, [factor];
  st.global.f32 [%rd1], %f1;
  ret;
}
)";
  write_file(dir_ / "real.ptx", entry);
  const auto fill = [&](const char* factor) {
    return std::vector<std::string>{"validate",
                                    "--ptx",
                                    at("real.ptx"),
                                    "--entry",
                                    "layer",
                                    "--args",
                                    fmt::format("y,{},rows", factor),
                                    "--problem",
                                    "1x1x1:f32:identity:nobias",
                                    "--data",
                                    "one_hot"};
  };
  expect_word(expect_failed(fill("0.25")), "found 0.25");
  expect_word(expect_failed(fill("rows*77")), "found 77");
  expect_failure({"validate", "--ptx", at("real.ptx"), "--entry", "layer", "--args", "y,1,0.5", "--problem",
                  "1x1x1:f32:identity:nobias"},
                 2, {"argument 2", "0.5 is a real number", "u32"});
}

TEST_F(OwnKernel, StoresOfOneValueAreRacesUnlessTheyAreAllowed) {
  write_file(dir_ / "store.ptx", R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry layer(.param .u64 y)
{
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [y];
  st.global.f32 [%rd1], 0f42000000;
  ret;
}
)");
  std::vector<std::string> command{"validate",
                                   "--ptx",
                                   at("store.ptx"),
                                   "--entry",
                                   "layer",
                                   "--args",
                                   "y",
                                   "--block",
                                   "32",
                                   "--problem",
                                   "1x1x1:f32:identity:nobias",
                                   "--data",
                                   "one_hot"};
  const std::string race = expect_failed(command);
  expect_word(race, "race with the same value");
  expect_word(race, "hint: --same-value-stores");
  EXPECT_EQ(race.find("--same-value-stores", race.find("reproduce")), std::string::npos) << race;
  command.emplace_back("--same-value-stores");
  const std::string wrong = expect_failed(command);
  expect_word(wrong, "found 32");
  expect_word(wrong.substr(wrong.find("reproduce")), "--same-value-stores");
}

TEST_F(OwnKernel, CallsOfOtherFilesAndDirectoriesAreRefusedByName) {
  std::string other = read_file(ptx("layer"));
  other.insert(other.find("ld.param"), "call.uni elsewhere;\n");
  other.insert(other.find(".visible"), ".extern .func elsewhere();\n");
  write_file(dir_ / "call.ptx", other);
  expect_failure(command(at("call.ptx")), 2, {"layer", "line ", "elsewhere", "no body"});
  expect_failure(command(dir_.path().string()), 3, {"directory"});
  write_file(dir_ / "empty.ptx", "");
  expect_failure(command(at("empty.ptx")), 2, {"empty.ptx", "is empty"});
}

/// y[0] = 32 and a line, by variables of the module; an assertion where the parameter says so.
TEST_F(OwnKernel, PrintsCountsAndAsserts) {
  write_file(dir_ / "calls.ptx", R"(.version 8.0
.target sm_80
.address_size 64
.extern .func (.param .b32 result) vprintf(.param .b64 format, .param .b64 values);
.extern .func __assertfail(.param .b64 a, .param .b64 b, .param .b32 c, .param .b64 d, .param .b64 e);
.global .align 4 .u32 counter;
.global .align 1 .b8 text[8] = {115, 101, 101, 110, 10, 0};
.visible .entry layer(.param .u64 y, .param .u32 fails)
{
  .reg .b64 %rd<4>; .reg .b32 %r<4>; .reg .pred %p<3>;
  .param .b64 p; .param .b64 q; .param .b32 n; .param .b32 result;
  red.global.add.u32 [counter], 1;
  bar.sync 0;
  mov.u64 %rd2, text;
  st.param.b64 [p], %rd2;
  st.param.b64 [q], 0;
  st.param.b32 [n], 77;
  ld.param.u32 %r1, [fails];
  setp.ne.u32 %p1, %r1, 0;
  @%p1 call.uni __assertfail, (p, p, n, p, q);
  mov.u32 %r2, %tid.x;
  setp.ne.u32 %p2, %r2, 0;
  @%p2 bra $end;
  call.uni (result), vprintf, (p, q);
  ld.global.u32 %r3, [counter];
  cvt.rn.f32.u32 %r3, %r3;
  ld.param.u64 %rd1, [y];
  st.global.b32 [%rd1], %r3;
$end:
  ret;
}
)");
  const auto command_that = [&](const char* fails) {
    return std::vector<std::string>{"validate",
                                    "--ptx",
                                    at("calls.ptx"),
                                    "--entry",
                                    "layer",
                                    "--args",
                                    fmt::format("y,{}", fails),
                                    "--block",
                                    "32",
                                    "--problem",
                                    "1x1x1:f32:identity:nobias",
                                    "--data",
                                    "one_hot"};
  };
  const Finished counted = perceptron(command_that("0"));
  EXPECT_EQ(counted.exit_code, 1);
  EXPECT_EQ(counted.err, "seen\n");
  expect_word(counted.out, "found 32");
  const std::string failed = expect_failed(command_that("1"));
  expect_word(failed, "assertion failed in layer line 20");
  expect_word(failed, "call.uni: seen");
  expect_word(failed, ":77, in seen");
}

TEST_F(OwnKernel, RefusesTextThatIsNoPtx) {
  const std::string text = read_file(ptx("layer"));
  write_file(dir_ / "cut.ptx", text.substr(0, text.find("shared") + 3));
  expect_failure(command(at("cut.ptx")), 2, {"cut.ptx", "line ", "expected"});
  write_file(dir_ / "text.ptx", "__global__ void layer() {}");
  expect_failure(command(at("text.ptx")), 2, {"text.ptx", "line 1", "__global__", "nvcc -ptx"});
  std::string approximate = text;
  approximate.replace(approximate.find("fma.rn.f32"), 10, "ex2.approx");
  write_file(dir_ / "approximate.ptx", approximate);
  expect_failure(command(at("approximate.ptx")), 2, {"layer", "line ", "ex2"});
  expect_failure(command(at("none.ptx")), 3, {"none.ptx"});
}

TEST_F(OwnKernel, RefusesArgumentsThatDoNotFit) {
  const std::string layer = ptx("layer");
  expect_failure(command(layer, {}, "x,w,b,y,rows,inputs"), 2, {"6 arguments", "7 parameters"});
  expect_failure(command(layer, {}, "x,w,b,x,rows,inputs,outputs"), 2, {"y once"});
  expect_failure(command(layer, {}, "x,w,b,y,rows,inputs,columns"), 2, {"\"columns\"", "outputs = 20"});
  expect_failure(command(layer, {}, "x,w,b,rows,y,inputs,outputs"), 2, {"argument 4", "4 bytes", "address"});
  expect_failure(command(layer, {}, "x,w,b,y,rows,inputs,outputs*1000000000"), 2,
                 {"argument 6", "does not fit"});
  expect_failure(command(layer, {"--grid", "outputs/16"}), 2, {"5/4", "ceil"});
  expect_failure(command(layer, {"--grid", "ceil(outputs/16"}), 2, {"')'", "character 16"});
  expect_failure(command(layer, {"--grid", "1,1,1,1"}), 2, {"4 sizes"});
  expect_failure(command(layer, {"--grid", "0"}), 2, {"grid", "0"});
  expect_failure(command(layer, {"--grid", "1/0"}), 2, {"divides by 0"});
  expect_failure(command(layer, {"--shared", "1000000"}), 2, {"shared", "limit"});
  auto nameless = command(layer);
  *std::ranges::find(nameless, "layer") = "layr";
  expect_failure(nameless, 2, {"\"layr\"", "layer"});
  expect_failure({"validate", "--ptx", layer}, 2, {"--entry", "--args", "--problem"});
  EXPECT_EQ(perceptron({"validate", "--entry", "layer"}).exit_code, 2);
}

}  // namespace
}  // namespace perceptron::test
