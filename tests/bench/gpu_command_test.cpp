// The GPU benchmark's programs as a user starts them, on a machine that need not have a GPU.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "src/cuda/cuda_device.hpp"
#include "tests/gpu/require_gpu.hpp"
#include "tests/support/command.hpp"
#include "tests/support/temp_dir.hpp"

namespace perceptron::test {
namespace {

Finished bench(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), PERCEPTRON_GPU_BENCH);
  return run_command(std::move(arguments));
}

TEST(GpuBenchCommand, ListAndHelpNeedNoGpu) {
  const Finished list = bench({"--list"});
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_NE(list.out.find("8192x8192x8192:f32:gelu"), std::string::npos);
  EXPECT_NE(list.out.find("at least 90 % of its ceiling"), std::string::npos);
  EXPECT_EQ(bench({"--help"}).exit_code, 0);
}

TEST(GpuBenchCommand, NoLibraryOfCudaIsLinked) {
  const Finished libraries = run_command({"ldd", PERCEPTRON_GPU_BENCH});
  ASSERT_EQ(libraries.exit_code, 0) << libraries.err;
  for (const char* name : {"libcuda", "libcublas", "libnvidia"}) {
    EXPECT_EQ(libraries.out.find(name), std::string::npos) << libraries.out;
  }
}

TEST(GpuBenchCommand, BadUsageIsTwo) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"nonsense"},
                                                    {"0x16x16:f32:relu"},
                                                    {"--seconds", "0"},
                                                    {"--device", "cpu"},
                                                    {"--no-such-option"}}) {
    const Finished finished = bench(arguments);
    EXPECT_EQ(finished.exit_code, 2) << arguments.front();
    EXPECT_NE(finished.err, "") << arguments.front();
  }
}

TEST(GpuBenchCommand, ADeviceThatIsNotThereIsSeventySevenInOneLineAndLeavesNoFile) {
  const TempDir folder;
  const std::string file = (folder / "results.json").string();
  const Finished finished = bench({"--device", "cuda:4096", "--json", file});
  EXPECT_EQ(finished.exit_code, 77);
  EXPECT_EQ(finished.err.find("perceptron_gpu_bench: no device: "), 0U) << finished.err;
  EXPECT_EQ(std::ranges::count(finished.err, '\n'), 1);
  EXPECT_EQ(finished.out, "");
  EXPECT_FALSE(std::filesystem::exists(file));
}

using GpuBenchOnGpu = GpuTest;

TEST_F(GpuBenchOnGpu, OneSmallProblemIsMeasured) {
  const TempDir folder;
  const std::string file = (folder / "results.json").string();
  const Finished finished = bench({"256x784x512:f32:relu", "--seconds", "20", "--json", file});
  EXPECT_EQ(finished.exit_code, 0) << finished.err << finished.out;
  EXPECT_TRUE(std::filesystem::exists(file));
  EXPECT_NE(finished.out.find("256x784x512:f32:relu"), std::string::npos);
}

TEST(GpuBenchCommand, WithoutTorchOrAGpuTheTorchPeersEndInOneLine) {
  if (std::string(PERCEPTRON_PYTHON).empty()) GTEST_SKIP() << "no Python";
  if (cuda::absence().empty()) GTEST_SKIP() << "there is a GPU";
  const Finished finished = run_command({PERCEPTRON_PYTHON, PERCEPTRON_TORCH_SCRIPT, "16x16x16:f32:relu"});
  EXPECT_EQ(finished.exit_code, 77) << finished.err;
  EXPECT_EQ(finished.err.find("peers_pytorch.py: no "), 0U) << finished.err;
  EXPECT_EQ(std::ranges::count(finished.err, '\n'), 1);
}

}  // namespace
}  // namespace perceptron::test
