// The GPU benchmark's file and table, from figures made by hand.
#include "bench/gpu/report.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/temp_dir.hpp"

namespace perceptron::bench::gpu {
namespace {

Figure figure(double nanoseconds) {
  Figure figure;
  figure.nanoseconds = {0.99 * nanoseconds, nanoseconds, 1.01 * nanoseconds};
  figure.kept = 12;
  figure.stray = 1;
  figure.clock_hz = 1.7554e9;
  figure.is_settled = true;
  return figure;
}

/// 4 TB/s, 3.9 TB/s of reads, 60 and 30 TFLOP/s.
Ceilings ceilings() {
  return {{"copy", "a copy", 4e9, figure(1e6)},
          {"read", "a sum", 3.9e9, figure(1e6)},
          {"fma_f32", "multiply-adds", 60e9, figure(1e6)},
          {"fma_f64", "multiply-adds", 30e9, figure(1e6)},
          {"empty_kernel", "nothing", 0, figure(2000)}};
}

Comparison comparison(const char* problem, double share) {
  Comparison made;
  made.problem = Problem::parse(problem);
  made.bound = bound_of(made.problem, ceilings());
  const double ours = made.bound.nanoseconds / share;
  made.results = {{"perceptron", "cuda:0/tile_fma_f32_128x128", "all", figure(ours), 1},
                  {"cublas", "cublasSgemm", "two passes", figure(1.2 * ours), 1.2},
                  {"cublaslt", "heuristic 1 of 8", "two passes", figure(1.1 * ours), 1.1}};
  return made;
}

Report report() {
  Report made;
  made.gpu.name = "A GPU";
  made.gpu.device = "cuda:0";
  made.gpu.driver = "580.1";
  made.gpu.power_limit_watts = 700;
  made.commit = "abc1234";
  made.ceilings = ceilings();
  made.comparisons = {comparison("1048576x1024x1:f32:relu", 0.95),
                      comparison("8192x8192x8192:f32:gelu", 0.8)};
  made.comparisons.back().watts = 690;
  made.host = {
      {Problem::parse("262144x1024x16:f32:relu"), {9, 10, 11}, {9, 10.3, 11}, {19, 20, 21}, 0.97, 0.5}};
  made.enqueue = EnqueueResult{
      Problem::parse("1x64x16:f32:relu"), 2000, 2100, 1.05, 20, 9000, figure(3000), figure(40000)};
  made.left_out = {"cublas: not found"};
  return made;
}

bool has_line(const std::vector<std::string>& lines, const std::string& part) {
  return std::ranges::any_of(lines,
                             [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

TEST(GpuReport, TheCeilingIsTheOneThatBinds) {
  EXPECT_EQ(bound_of(Problem::parse("1048576x1024x1:f32:relu"), ceilings()).ceiling, "copy");
  const Bound compute = bound_of(Problem::parse("8192x8192x8192:f32:gelu"), ceilings());
  EXPECT_EQ(compute.ceiling, "fma_f32");
  EXPECT_NEAR(compute.nanoseconds, 2.0 * 8192 * 8192 * 8192 / 60e12 * 1e9, 1);
  EXPECT_EQ(bound_of(Problem::parse("4096x4096x4096:f64:relu"), ceilings()).ceiling, "fma_f64");
  EXPECT_THROW(ceiling_of(ceilings(), kToHost), std::out_of_range);
}

TEST(GpuReport, TheFileHasTheShapeOfBenchResults) {
  const Json json = to_json(report());
  for (const char* key : {"machine", "date", "commit", "seconds", "ceilings", "results", "ratios",
                          "host_arrays", "enqueue", "left_out", "wrong"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["machine"]["gpu"], "A GPU");
  EXPECT_EQ(json["machine"]["power_limit_w"], 700);
  EXPECT_TRUE(json["machine"]["clocks"]["most_sm_mhz"].is_null());
  ASSERT_EQ(json["results"].size(), 6U);
  const Json& ours = json["results"][0];
  for (const char* key :
       {"problem", "contender", "way", "median_ns", "p25_ns", "p75_ns", "gflops", "gbytes_per_s",
        "ratio_to_perceptron", "samples", "rejected", "sm_clock_mhz", "includes"}) {
    EXPECT_TRUE(ours.contains(key)) << key;
  }
  EXPECT_EQ(ours["contender"], "perceptron");
  EXPECT_EQ(ours["ceiling"], "copy");
  EXPECT_NEAR(ours["share_of_ceiling"], 0.95, 1e-4);
  EXPECT_EQ(ours["rejected"]["stray"], 1);
  EXPECT_EQ(ours["sm_clock_mhz"], 1755);
  EXPECT_EQ(json["ratios"][1]["best_peer"], "cublaslt");
  EXPECT_EQ(json["ratios"][1]["power_w"], 690);
  EXPECT_TRUE(json["ratios"][0]["power_w"].is_null());
  EXPECT_NEAR(json["ceilings"][0]["gbytes_per_s"], 4000, 1e-9);
  EXPECT_NEAR(json["ceilings"][2]["gflops"], 60000, 1e-9);
  EXPECT_FALSE(json["ceilings"][4].contains("gbytes_per_s"));
}

TEST(GpuReport, TheFileIsWrittenWholeAndAnew) {
  const test::TempDir folder;
  Report made = report();
  write_json(made, folder / "results.json");
  made.commit = "def5678";
  write_json(made, folder / "results.json");
  EXPECT_EQ(Json::parse(test::read_file(folder / "results.json")), to_json(made));
  EXPECT_EQ(folder.entries(), 1U);
  EXPECT_THROW(write_json(made, folder / "no such" / "results.json"), std::runtime_error);
}

TEST(GpuReport, WithoutAnEnqueueItIsNull) {
  Report made = report();
  made.enqueue.reset();
  EXPECT_TRUE(to_json(made)["enqueue"].is_null());
  EXPECT_FALSE(has_line(table(made), "enqueue"));
}

TEST(GpuReport, BarsThatHoldAreSilent) { EXPECT_TRUE(missed_bars(report()).empty()); }

TEST(GpuReport, EachMissedBarIsALine) {
  Report made = report();
  made.comparisons[0] = comparison("1048576x1024x1:f32:relu", 0.7);
  made.comparisons[1].results[2].ratio = 0.9;
  made.host[0].pinned_share = 0.8;
  made.enqueue->ratio = 1.5;
  const std::vector<std::string> missed = missed_bars(made);
  ASSERT_EQ(missed.size(), 4U);
  EXPECT_EQ(missed[0], "missed: 1048576x1024x1:f32:relu: share of copy is 0.700, must be at least 0.900");
  EXPECT_EQ(missed[1], "missed: 8192x8192x8192:f32:gelu: ratio to cublaslt is 0.900, must be at least 1.000");
  EXPECT_TRUE(has_line(table(made), missed[3]));
}

TEST(GpuReport, ABarAgainstANamedPeerIgnoresTheOthers) {
  Report made = report();
  made.comparisons = {comparison("4096x4096x4096:f64:gelu", 0.8)};
  made.comparisons[0].results[1].ratio = 0.5;
  EXPECT_TRUE(missed_bars(made).empty());
  made.comparisons[0].results[1].contender = "cublaslt-fma";
  EXPECT_EQ(missed_bars(made).size(), 1U);
}

TEST(GpuReport, TheTableTellsWhatIsMissingAndWrong) {
  Report made = report();
  made.comparisons[0].note = "rows cut";
  made.wrong = {"a contender"};
  const std::vector<std::string> lines = table(made);
  for (const char* part :
       {"A GPU", "copy", "4000.0 GB/s", "60000.0 GFLOP/s", "1048576x1024x1:f32:relu: rows cut",
        "left out: cublas: not found", "wrong: a contender", "97.0 % of the copies"}) {
    EXPECT_TRUE(has_line(lines, part)) << part;
  }
}

}  // namespace
}  // namespace perceptron::bench::gpu
