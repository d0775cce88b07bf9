// The shape of the JSON and CSV that programs read.
#include "bench/findings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <sstream>

#include "tests/bench/made_up_findings.hpp"

namespace perceptron::bench {
namespace {

std::set<std::string> keys_of(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

TEST(Findings, JsonHasExactlyItsFields) {
  const Json json = to_json(made_up_findings());
  EXPECT_EQ(keys_of(json), (std::set<std::string>{"machine", "commit", "results"}));
  const std::set<std::string> fields{"problem",      "device",         "threads", "kernel",
                                     "median_ns",    "p25_ns",         "p75_ns",  "gflops",
                                     "gbytes_per_s", "share_of_limit", "limiter", "peers"};
  EXPECT_EQ(keys_of(json["results"][0]), fields);
  EXPECT_EQ(keys_of(json["results"][0]["peers"]), (std::set<std::string>{"openblas", "onednn"}));
  EXPECT_EQ(keys_of(json["results"][0]["peers"]["onednn"]),
            (std::set<std::string>{"median_ns", "p25_ns", "p75_ns", "way", "ratio"}));
}

TEST(Findings, JsonHoldsTheFigures) {
  const Json json = to_json(made_up_findings());
  const Json& first = json["results"][0];
  EXPECT_EQ(first["problem"], "64x64x64:f32:relu");
  EXPECT_EQ(first["median_ns"], 100);
  EXPECT_EQ(first["gflops"], 5243);  // 2·64³ operations in 100 ns, to four digits.
  EXPECT_EQ(first["share_of_limit"], 0.5);
  EXPECT_EQ(first["limiter"], "f32 multiply-adds");
  EXPECT_EQ(first["peers"]["openblas"]["ratio"], 1.5);
  EXPECT_EQ(json["commit"], "abc1234");
  EXPECT_EQ(json["machine"]["peaks"][0]["f32_gflops"], 100);
  EXPECT_EQ(json["machine"]["peaks"][0]["levels"].size(), 2U);
}

TEST(Findings, WhatIsNotKnownIsNull) {
  const Json model = to_json(made_up_findings())["results"].back();
  EXPECT_TRUE(model["share_of_limit"].is_null());
  EXPECT_TRUE(model["limiter"].is_null());
  EXPECT_EQ(model["latency"]["p99_ns"], 200);
  EXPECT_EQ(model["latency"]["rows_per_s"], 8e7);
  EXPECT_EQ(model["stages"], Json({{"staging_in_ns", 30}, {"compute_ns", 50}, {"staging_out_ns", 0}}));
}

TEST(Findings, CsvQuotesWhatItMust) {
  const std::string text = to_csv(made_up_findings());
  EXPECT_EQ(std::ranges::count(text, '\n'), 1 + 6);
  EXPECT_NE(text.find("64x64x64:f32:relu,cpu,1,cpu:avx2/tile,100,99,101,"), std::string::npos) << text;
  EXPECT_NE(text.find("\"m<1>,\"\"x\"\".safetensors rows=8\","), std::string::npos) << text;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('"')) continue;  // Its name has commas of its own.
    EXPECT_EQ(std::ranges::count(line, ','), 10 + 2 * static_cast<std::ptrdiff_t>(kPeers.size())) << line;
  }
}

TEST(Findings, TextSaysWhatIsInsideAndWhatWasRejected) {
  const Findings findings = made_up_findings();
  EXPECT_NE(heading_text(findings).find("host memory to host memory"), std::string::npos);
  const std::string text = result_text(findings.results.front(), findings);
  for (const char* words :
       {"50 %", "f32 multiply-adds", "7 sets from L1", "1 of 20 samples rejected", "openblas 1.50"}) {
    EXPECT_NE(text.find(words), std::string::npos) << words << " not in " << text;
  }
  EXPECT_EQ(text.find("without"), std::string::npos);
  EXPECT_NE(result_text(findings.results[2], findings)
                .find("without openblas, onednn: openblas and eigen are called for"),
            std::string::npos);
  EXPECT_NE(result_text(findings.results.back(), findings)
                .find("one after another: staging in 30.0 ns, compute 50.0 ns, staging out 0.0 ns"),
            std::string::npos);
  EXPECT_NE(means_text(findings).find("onednn on 1 thread: geometric mean of 2 ratios 0.800"),
            std::string::npos);
}

}  // namespace
}  // namespace perceptron::bench
