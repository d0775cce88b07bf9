// `perceptron bench`: tiny problems for a moment each, the files that it writes, and what it refuses before
// it measures.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/cli/command_fixture.hpp"

namespace perceptron::test {
namespace {

using Json = nlohmann::json;

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class BenchVerb : public CommandTest {
 protected:
  static std::vector<std::string> quick(std::vector<std::string> arguments) {
    for (const char* word : {"--threads", "1", "--seconds", "0.05"}) arguments.emplace_back(word);
    arguments.insert(arguments.begin(), "bench");
    return arguments;
  }

  void expect_refused(std::vector<std::string> arguments, int code,
                      std::initializer_list<std::string_view> words) const {
    arguments.insert(arguments.begin(), "bench");
    expect_failure(std::move(arguments), code, words);
  }
};

TEST_F(BenchVerb, PrintsATable) {
  const std::string out = expect_success(quick({"3x4x5:f32:relu", "2@3x4x5:bf16-f32:tanh:sharedx"})).out;
  for (const char* word :
       {"3x4x5:f32:relu", "2@3x4x5:bf16-f32:tanh:sharedx", "GFLOP/s", "limit", "peaks on 1 thread", "memory",
        "host memory to host memory", "commit", "sets from L"}) {
    expect_word(out, word);
  }
}

TEST_F(BenchVerb, WritesJsonCsvAndPage) {
  const std::string out = expect_success(quick({"3x4x5:f64:softmax", "--json", at("r.json"), "--csv",
                                                at("r.csv"), "--html", at("r.html"), "--quiet"}))
                              .out;
  EXPECT_EQ(out, "");
  const Json json = Json::parse(content_of(at("r.json")));
  ASSERT_EQ(json["results"].size(), 1U);
  const Json& result = json["results"][0];
  EXPECT_EQ(result["problem"], "3x4x5:f64:softmax");
  EXPECT_EQ(result["threads"], 1);
  EXPECT_TRUE(result["device"].get<std::string>().starts_with("c"));
  EXPECT_GT(result["median_ns"], 0);
  EXPECT_LE(result["p25_ns"], result["median_ns"]);
  EXPECT_TRUE(result["peers"].empty());
  expect_word(content_of(at("r.csv")), "3x4x5:f64:softmax,");
  expect_word(content_of(at("r.html")), "<section id=\"roofline\">");
}

TEST_F(BenchVerb, NamesDeviceAndKernel) {
  expect_success(quick({"3x4x5:f32:relu", "--device", "cpu", "--json", at("r.json")}));
  const Json result = Json::parse(content_of(at("r.json")))["results"][0];
  EXPECT_EQ(result["device"], "cpu");
  const std::string planned = expect_success({"plan", "3x4x5:f32:relu", "--device", "cpu", "--json"}).out;
  EXPECT_EQ(result["kernel"], Json::parse(planned)["kernel"]);
}

TEST_F(BenchVerb, MeasuresEachPointOfASweep) {
  expect_success(
      quick({"1x4x5:f32:relu", "--sweep", "rows=1:9:x3", "--json", at("r.json"), "--html", at("r.html")}));
  const Json results = Json::parse(content_of(at("r.json")))["results"];
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[2]["problem"], "9x4x5:f32:relu");
  expect_word(content_of(at("r.html")), "<section id=\"latency\">");
}

TEST_F(BenchVerb, MeasuresAModelEndToEnd) {
  small_model(4, 3).save(at("m.safetensors"));
  const std::string out =
      expect_success(quick({"--model", at("m.safetensors"), "--rows", "1,7", "--json", at("r.json")})).out;
  expect_word(out, "rows/s");
  expect_word(out, "p99");
  const Json results = Json::parse(content_of(at("r.json")))["results"];
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[1]["problem"], "m.safetensors rows=7");
  EXPECT_EQ(results[1]["latency"]["rows"], 7);
  EXPECT_LE(results[1]["latency"]["p50_ns"], results[1]["latency"]["p99_ns"]);
  EXPECT_EQ(results[1]["stages"]["staging_in_ns"], 0);
  EXPECT_GT(results[1]["stages"]["compute_ns"], 0);
  expect_word(out, "nothing staged");
}

TEST_F(BenchVerb, StopsWithinOneMeasurement) {
  Command command({PERCEPTRON_COMMAND, "bench", "4x4x4:f32:relu", "--threads", "1", "--seconds", "1000"}, {});
  std::this_thread::sleep_for(std::chrono::seconds(2));
  command.send(SIGINT);
  EXPECT_EQ(command.finish().exit_code, 130);
}

TEST_F(BenchVerb, ListsProblemsAndPeers) {
  const std::string out = expect_success({"bench", "--list"}).out;
  for (const char* word : {"1024x1024x1024:f32:relu\n",
                           "peer openblas: ", "peer onednn: ", "peer eigen: ", "peer onnxruntime: "}) {
    expect_word(out, word);
  }
}

TEST_F(BenchVerb, TimesThePeersThatAreThere) {
  const std::string list = expect_success({"bench", "--list"}).out;
  for (const char* peer : {"openblas", "onednn", "eigen", "onnxruntime"}) {
    std::vector<std::string> arguments = quick({"8x16x8:f32:relu", "8x16x8:f64:relu", "8x16x8:f16-f64:relu",
                                                "3@8x16x8:f32:relu:nobias:sharedx", "3@8x16x1:f32:relu",
                                                std::string("--peers=") + peer, "--json", at("r.json")});
    if (list.find(fmt::format("peer {}: found", peer)) == std::string::npos) {
      expect_failure(std::move(arguments), 3, {fmt::format("peer {}: ", peer), "install"});
      continue;
    }
    expect_success(std::move(arguments));
    const Json results = Json::parse(content_of(at("r.json")))["results"];
    EXPECT_GT(results[0]["peers"][peer]["ratio"], 0);
    const bool has_f64 = std::string_view(peer) == "openblas" || std::string_view(peer) == "eigen";
    EXPECT_EQ(results[1]["peers"].contains(peer), has_f64);
    EXPECT_TRUE(results[2]["peers"].empty()) << "no peer has these types";
    const bool has_groups = std::string_view(peer) != "onnxruntime";
    EXPECT_EQ(results[3]["peers"].contains(peer), has_groups);
    EXPECT_EQ(results[4]["peers"].contains(peer), has_groups);
  }
}

TEST_F(BenchVerb, ShowsAValidationSummary) {
  write_file(at("v.json"), R"({"device":"cpu","suite":"quick","totals":{"PASSED":12345},"cases":[]})");
  expect_success(quick({"3x4x5:f32:relu", "--html", at("r.html"), "--validation", at("v.json")}));
  expect_word(content_of(at("r.html")), "12345");
}

TEST_F(BenchVerb, RefusesAProblemWithTheGrammar) {
  expect_refused({"3x4:f32:relu"}, 2, {"3x4:f32:relu", "[G@]ROWSxINPUTSxOUTPUTS"});
  expect_refused({"0x4x5:f32:relu"}, 2, {"no rows"});
  expect_refused({"onednn"}, 2, {"--peers=onednn"});
}

TEST_F(BenchVerb, RefusesWhatExceedsMemoryWithTheArithmetic) {
  expect_refused({"1000000000x100000x10:f32:relu"}, 2, {"needs", "this machine has", "1000000000", "100000"});
  expect_refused({"1x1000000000x1000000:f64:relu"}, 2, {"W and b", "1000000"});
  small_model(4, 3).save(at("m.safetensors"));
  expect_refused({"--model", at("m.safetensors"), "--rows", "1000000000000"}, 2, {"needs", "1000000000000"});
}

TEST_F(BenchVerb, RefusesUnknownPeers) {
  expect_refused({"3x4x5:f32:relu", "--peers=mkl"}, 2, {"mkl", "openblas, onednn, eigen"});
}

TEST_F(BenchVerb, RefusesToMeasureNothing) {
  expect_refused({"3x4x5:f32:relu", "--seconds", "0"}, 2, {"--seconds 0"});
  expect_refused({"3x4x5:f32:relu", "--seconds", "-1"}, 2, {"--seconds -1"});
  expect_refused({"3x4x5:f32:relu", "--seconds", "nan"}, 2, {"--seconds"});
  expect_refused({"3x4x5:f32:relu", "--repetitions", "0"}, 2, {"--repetitions 0"});
  expect_refused({"3x4x5:f32:relu", "--threads", "0"}, 2, {"--threads 0"});
  expect_refused({"3x4x5:f32:relu", "--threads", "1,x"}, 2, {"\"x\""});
  expect_refused({"3x4x5:f32:relu", "--threads", "100000"}, 2, {"may use"});
}

TEST_F(BenchVerb, RefusesAMalformedSweep) {
  expect_refused({"3x4x5:f32:relu", "--sweep", "rows=1:x2"}, 2, {"FIRST:LAST", "rows=1:65536:x2"});
  expect_refused({"3x4x5:f32:relu", "--sweep", "columns=1:2:x2"}, 2, {"columns"});
}

TEST_F(BenchVerb, RefusesReportsThatCannotBeWrittenBeforeItMeasures) {
  for (const char* option : {"--json", "--csv", "--html"}) {
    expect_refused({"1024x1024x1024:f32:relu", "--seconds", "1000", option, at("none/r")}, 3, {"none/r"});
  }
  expect_refused({"3x4x5:f32:relu", "--json", at("r"), "--html", at("r")}, 2, {"same file"});
}

TEST_F(BenchVerb, RefusesReportsOverWhatItReads) {
  small_model(4, 3).save(at("m.safetensors"));
  write_file(at("v.json"), R"({"totals":{"PASSED":1}})");
  std::filesystem::create_symlink("m.safetensors", at("link"));
  const std::string model = content_of(at("m.safetensors"));
  for (const char* option : {"--json", "--csv", "--html"}) {
    for (const char* name : {"m.safetensors", "link"}) {
      expect_refused({"--model", at("m.safetensors"), "--rows", "1", option, at(name)}, 2,
                     {"same file as the model", at("m.safetensors")});
    }
  }
  EXPECT_EQ(content_of(at("m.safetensors")), model);
  expect_refused(
      {"3x4x5:f32:relu", "--html", at("r.html"), "--validation", at("v.json"), "--json", at("v.json")}, 2,
      {"same file as the validation"});
}

TEST_F(BenchVerb, StandardOutputHoldsTheReportAlone) {
  const Finished finished = perceptron(quick({"3x4x5:f32:relu", "--json", "/dev/stdout"}));
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_TRUE(Json::accept(finished.out)) << finished.out;
  expect_word(finished.err, "GFLOP/s");
  expect_refused({"3x4x5:f32:relu", "--json", "/dev/stdout", "--csv", "/dev/stdout"}, 2, {"same file"});
}

TEST_F(BenchVerb, RefusesWhatItWouldNotUse) {
  small_model(4, 3).save(at("m.safetensors"));
  write_file(at("v.json"), R"({"totals":{"PASSED":1}})");
  expect_refused({"3x4x5:f32:relu", "--activations", "relu"}, 2, {"--activations", "--model"});
  expect_refused({"3x4x5:f32:relu", "--validation", at("v.json")}, 2, {"v.json", "--html"});
  expect_refused({"--model", at("m.safetensors"), "--rows", "1", "--sweep", "rows=1:2:x2"}, 2,
                 {"--rows 1", "--sweep rows=1:2:x2", "one of them"});
  expect_refused({"--model", at("m.safetensors"), "--rows", "1", "--peers"}, 2, {"--peers=all", "PROBLEM"});
}

TEST_F(BenchVerb, ListsAlone) {
  for (const std::vector<std::string>& others :
       {std::vector<std::string>{"3x4x5:f32:relu"}, {"--json", at("r.json")}, {"--peers"}, {"--quiet"}}) {
    std::vector<std::string> arguments{"bench", "--list"};
    arguments.insert(arguments.end(), others.begin(), others.end());
    const Finished finished = perceptron(arguments);
    EXPECT_EQ(finished.exit_code, 2) << others.front();
    expect_word(finished.err, "--list");
    EXPECT_EQ(finished.out, "");
  }
}

TEST_F(BenchVerb, RefusesEmptyValues) {
  for (const char* option : {"--sweep", "--threads", "--model", "--rows"}) {
    const Finished finished = perceptron({"bench", "3x4x5:f32:relu", option, ""});
    EXPECT_EQ(finished.exit_code, 2) << option;
    expect_word(finished.err, option);
  }
  for (const char* option : {"--peers=", "--sweep="}) {
    const Finished finished = perceptron({"bench", option, "3x4x5:f32:relu"});
    EXPECT_EQ(finished.exit_code, 2) << option;
    expect_word(finished.err, option);
  }
}

TEST_F(BenchVerb, RefusesToMeasureTwice) {
  expect_refused({"3x4x5:f32:relu", "--peers=onednn,eigen,onednn"}, 2, {"--peers", "onednn is there twice"});
  expect_refused({"3x4x5:f32:relu", "--threads", "1,1"}, 2, {"--threads 1,1", "1 is there twice"});
  small_model(4, 3).save(at("m.safetensors"));
  expect_refused({"--model", at("m.safetensors"), "--rows", "7,7"}, 2, {"--rows 7,7", "7 is there twice"});
}

TEST_F(BenchVerb, RefusesDevicesThatSayNothing) {
  expect_refused({"3x4x5:f32:relu", "--device", "ptx"}, 2, {"ptx", "tests"});
  expect_refused({"3x4x5:f32:relu", "--device", "cpu:none"}, 77, {"cpu:none"});
  expect_refused({"3x4x5:f32:relu", "--device", "cuda:99"}, 77, {"cuda"});
}

TEST_F(BenchVerb, RefusesAValidationThatIsNone) {
  write_file(at("v.json"), "{}");
  const auto refused = [this](const std::string& path, int code,
                              std::initializer_list<std::string_view> words) {
    expect_refused({"3x4x5:f32:relu", "--html", at("r.html"), "--validation", path}, code, words);
  };
  refused(at("v.json"), 2, {"v.json", "totals"});
  refused(at("none.json"), 3, {"none.json", "No such file"});
  refused(dir_.path().string(), 3, {dir_.path().string(), "is a directory"});
}

}  // namespace
}  // namespace perceptron::test
