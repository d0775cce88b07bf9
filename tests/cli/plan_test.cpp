// `perceptron plan`: what it prints for a GPU that is not there and for the CPU that is, and what it refuses.
#include "perceptron/device_plan.hpp"
#include "tests/cli/command_fixture.hpp"

namespace perceptron::test {
namespace {

using Json = nlohmann::json;

constexpr const char* kProblem = "65536x784x128:f32:relu";

class PlanVerb : public CommandTest {
 protected:
  static Json json_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "plan");
    arguments.push_back("--json");
    return Json::parse(expect_success(std::move(arguments)).out);
  }
};

TEST_F(PlanVerb, PrintsWhatTheLibraryPlans) {
  const std::string out = expect_success({"plan", kProblem, "--traits", "h200"}).out;
  expect_word(out, to_string(plan_on(Problem::parse(kProblem), load_device_traits("h200"))));
  for (const char* word : {kProblem, "tile_fma 128x128", "reason", "blocks of", "shared", "registers",
                           "estimated", "refuses", "loses", "from 1 "}) {
    expect_word(out, word);
  }
}

TEST_F(PlanVerb, JsonHoldsEveryFact) {
  const Json json = json_of({kProblem, "--traits", "a100"});
  const DevicePlan plan = plan_on(Problem::parse(kProblem), load_device_traits("a100"));
  EXPECT_EQ(json["problem"], kProblem);
  EXPECT_EQ(json["traits"]["name"], "a100");
  EXPECT_EQ(json["entry"], plan.entry);
  EXPECT_EQ(json["grid"], plan.grid);
  EXPECT_EQ(json["dynamic_shared_bytes"], plan.dynamic_shared_bytes);
  EXPECT_EQ(json["then"], nullptr);
  EXPECT_EQ(json["resources"].is_null(), !plan.resources.has_value());
  EXPECT_EQ(json["roofline"]["seconds"], plan.roofline.seconds());
  EXPECT_EQ(json["roofline"]["is_estimate"], true);
  ASSERT_EQ(json["rejected"].size(), plan.rejected.size());
  EXPECT_EQ(json["rejected"][0]["reason"], plan.rejected[0].reason);
  EXPECT_EQ(json["row_ranges"][0]["first_row"], 1);
}

TEST_F(PlanVerb, ItsTraitsAreATraitsFile) {
  Json traits = json_of({kProblem, "--traits", "h200"})["traits"];
  traits["name"] = "half";
  traits["multiprocessors"] = 66;
  write_file(dir_ / "half.json", traits.dump());
  const Json json = json_of({kProblem, "--traits", at("half.json")});
  EXPECT_EQ(json["traits"], traits);
  EXPECT_EQ(2 * json["roofline"]["flops_per_second"].get<double>(),
            json_of({kProblem, "--traits", "h200"})["roofline"]["flops_per_second"].get<double>());
}

TEST_F(PlanVerb, AsksADevice) {
  const std::string out = expect_success({"plan", kProblem, "--device", "cpu"}).out;
  for (const char* word : {kProblem, "kernel", "cpu", "reason"}) expect_word(out, word);
  const Json json = json_of({"1000000x64x1:f32:relu", "--device", "cpu:portable"});
  EXPECT_EQ(json["device"], "cpu:portable");
  expect_word(json["kernel"].get<std::string>(), "cpu:portable/");
  EXPECT_EQ(json_of({kProblem}), json_of({kProblem, "--device", "auto"}));
  EXPECT_NE(json_of({kProblem})["device"], "auto");
}

TEST_F(PlanVerb, AsksADeviceThatLaunchesKernels) {
  const std::string out = expect_success({"plan", kProblem, "--device", "ptx"}).out;
  for (const char* word :
       {"device     ptx", "GPU", "tile_fma 128x128", "blocks of", "registers", "from 1 "}) {
    expect_word(out, word);
  }
  const Json forced = json_of({kProblem, "--device", "ptx:tile_fma/64x64"});
  EXPECT_EQ(forced["device"], "ptx:tile_fma/64x64");
  EXPECT_EQ(forced["policy"], "64x64");
  EXPECT_EQ(forced["grid"], (std::vector<std::int64_t>{2, 1024, 1}));
  EXPECT_EQ(forced["row_ranges"].size(), 1U);
  expect_failure({"plan", kProblem, "--device", "ptx:row_dot/512x4"}, 2, {"row_dot"});
}

TEST_F(PlanVerb, Refusals) {
  expect_failure({"plan", "65536x784:f32:relu"}, 2, {"65536x784:f32:relu", "ROWSxINPUTSxOUTPUTS"});
  expect_failure({"plan", kProblem, "--traits", "h300"}, 2, {"\"h300\"", "h200, h100, a100"});
  expect_failure({"plan", "8x8x8:f32:relu:tensor", "--traits", "h200"}, 2, {"no kernel", "reproducible"});
  expect_failure({"plan", "8x8x8:f32:relu:tensor"}, 2, {"tensor"});
  expect_failure({"plan", kProblem, "--device", "cuda:7"}, 77, {"cuda:7"});
  EXPECT_EQ(perceptron({"plan"}).exit_code, 2);
  EXPECT_EQ(perceptron({"plan", kProblem, "--device", "cpu", "--traits", "h200"}).exit_code, 2);
}

TEST_F(PlanVerb, RefusesBadTraitsFiles) {
  write_file(dir_ / "list.json", "[1]");
  write_file(dir_ / "part.json", R"({"name": "part"})");
  write_file(dir_ / "more.json", R"({"name": "more", "cores": 5})");
  expect_failure({"plan", kProblem, "--traits", at("list.json")}, 2, {"list.json", "one object"});
  expect_failure({"plan", kProblem, "--traits", at("part.json")}, 2, {"part.json", "is missing"});
  expect_failure({"plan", kProblem, "--traits", at("more.json")}, 2, {"more.json", "\"cores\""});
}

TEST_F(PlanVerb, RefusesGpusThatRunNoKernel) {
  Json traits = json_of({kProblem, "--traits", "h200"})["traits"];
  const auto expect_refused = [&](const char* field, std::int64_t value,
                                  std::initializer_list<std::string_view> words) {
    Json changed = traits;
    changed[field] = value;
    write_file(dir_ / "gpu.json", changed.dump());
    expect_failure({"plan", kProblem, "--traits", at("gpu.json")}, 2, words);
  };
  expect_refused("compute_capability", 70, {"gpu.json", "8.0 or higher", "found 70"});
  expect_refused("multiprocessors", 1'000'000, {"gpu.json", "\"multiprocessors\"", "10000"});
  expect_refused("threads_per_multiprocessor", 16, {"no kernel", "too few threads"});
  expect_failure({"plan", kProblem, "--traits", dir_.path().string()}, 3, {"is a directory"});
}

TEST_F(PlanVerb, RefusesProblemsThatNoMemoryHolds) {
  for (const char* problem : {"9223372036854775681x1x1:f32:relu", "1x1x2305843009213693952:f32:relu",
                              "9223372036854775807x9223372036854775807x9223372036854775807:f64:relu"}) {
    for (const std::vector<std::string>& where :
         {std::vector<std::string>{"--traits", "h200"}, {"--device", "cpu"}}) {
      std::vector<std::string> arguments{"plan", problem};
      arguments.insert(arguments.end(), where.begin(), where.end());
      expect_failure(arguments, 2, {problem, "too large", "2^63", "groups × rows × columns × size"});
    }
  }
  json_of({"1152921504606846976x1x1:f32:relu", "--traits", "h200"});
}

TEST_F(PlanVerb, HelpsWithExamples) {
  const std::string out = expect_success({"plan", "--help"}).out;
  for (const char* word : {"Examples", "perceptron plan", "--device", "--traits", "--json", "PROBLEM"}) {
    expect_word(out, word);
  }
  expect_word(expect_success({"--help"}).out, "plan");
}

}  // namespace
}  // namespace perceptron::test
