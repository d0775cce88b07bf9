// The benchmark on a GPU from end to end over the CUDA runtime whose devices are PTX machines: its figures
// mean nothing, but everything of it but its own kernels and its peers runs.
#include "bench/gpu/run.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "bench/gpu/report.hpp"
#include "tests/stand_in/stand_in.hpp"
#include "tests/support/temp_dir.hpp"

namespace perceptron::bench::gpu {
namespace {

/// So little memory and cache that copies of them take no time.
Gpu small_gpu() {
  Gpu gpu = open_gpu("cuda:0");
  gpu.memory_bytes = 64 << 20;
  gpu.l2_bytes = 64 << 10;
  return gpu;
}

/// The first problem is one that no kernel computes. Enqueueing takes 6000 launches, whatever the time.
CommandLine small_line() {
  CommandLine line;
  for (const char* text : {"8x8x8:f32:relu:tensor", "33x300x17:f32:gelu", "200x40x3:bf16:sigmoid",
                           "2@5x64x9:f64:tanh:sharedx", "20x64x66:f16:softmax:nobias"}) {
    line.problems.push_back(Problem::parse(text));
  }
  line.host_problems = {Problem::parse("300x16x4:f32:relu"), Problem::parse("2@50x16x4:f32:relu:sharedx")};
  line.seconds = 20;
  line.commit = "abc1234";
  return line;
}

bool is_measured(const Figure& figure) { return figure.kept > 0 && figure.nanoseconds.median > 0; }

TEST(GpuRun, MeasuresWhatItWasAskedAndTellsWhatFailed) {
  const test::TempDir folder;
  CommandLine line = small_line();
  line.json = folder.path() / "run.json";
  const Report report = run(line, small_gpu());
  ASSERT_EQ(report.wrong.size(), 1U);
  EXPECT_NE(report.wrong.front().find("8x8x8:f32:relu:tensor: "), std::string::npos) << report.wrong.front();
  EXPECT_EQ(report.ceilings.size(), 8U);
  for (const Ceiling& ceiling : report.ceilings) EXPECT_TRUE(is_measured(ceiling.figure)) << ceiling.name;
  ASSERT_TRUE(report.enqueue.has_value());
  EXPECT_GT(report.enqueue->ratio, 0);
  EXPECT_TRUE(is_measured(report.enqueue->graph_device));
  ASSERT_EQ(report.host.size(), line.host_problems.size());
  for (const HostResult& host : report.host) EXPECT_GT(host.pinned_share, 0) << to_string(host.problem);
  ASSERT_EQ(report.comparisons.size(), line.problems.size() - 1);
  for (const Comparison& comparison : report.comparisons) {
    EXPECT_TRUE(is_measured(comparison.ours().figure)) << to_string(comparison.problem);
    EXPECT_GT(comparison.share(), 0) << to_string(comparison.problem);
  }
  std::ifstream written(line.json);
  EXPECT_EQ(Json::parse(written), to_json(report)) << "the file is kept up with the run";
  EXPECT_FALSE(table(report).empty());
}

TEST(GpuRun, ALostDeviceEndsIt) {
  const Gpu gpu = small_gpu();
  stand_in::fail_call(3000, cudaErrorIllegalAddress);
  const Report report = run(small_line(), gpu);
  stand_in::revive();  // Nothing can be given back to a device that is lost.
  ASSERT_EQ(report.wrong.size(), 1U);
  EXPECT_NE(report.wrong.front().find("cudaErrorIllegalAddress"), std::string::npos) << report.wrong.front();
  EXPECT_TRUE(report.comparisons.empty());
  ASSERT_FALSE(report.left_out.empty());
  EXPECT_NE(report.left_out.back().find("the device is lost"), std::string::npos) << report.left_out.back();
}

}  // namespace
}  // namespace perceptron::bench::gpu
