// The parts of the sweep: data of every kind is what it claims, invariance checks and reports can fail.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "src/cli/check_case.hpp"
#include "src/cli/invariance.hpp"
#include "src/cli/suite.hpp"
#include "src/cli/sweep_report.hpp"

namespace perceptron::cli {
namespace {

std::vector<DType> all_dtypes() {
  std::vector<DType> all;
  for (const DTypeTraits& dtype : kDTypes) all.push_back(dtype.dtype);
  return all;
}

Case case_of(const std::string& problem, DataKind kind) {
  Case asked;
  asked.problem = Problem::parse(problem);
  asked.kind = kind;
  asked.device = "cpu";
  asked.seed = 5;
  return asked;
}

/// What identity makes of that kind of data.
Verdict verdict_on(DType dtype, DataKind kind, const char* activation = "identity") {
  const CaseResult result =
      check(case_of("60x40x30:" + std::string(to_string(dtype)) + ":" + activation, kind));
  EXPECT_EQ(result.status, Status::passed) << to_string(dtype) << ' ' << to_string(kind);
  return *result.bits;
}

TEST(DataKind, ReachesTheClassesThatItIsFor) {
  for (const DType dtype : all_dtypes()) {
    const Verdict special = verdict_on(dtype, DataKind::special);
    for (const ElementClass one : {ElementClass::nan, ElementClass::plus_infinity,
                                   ElementClass::minus_infinity, ElementClass::ordinary}) {
      EXPECT_GT(special.of(one).checked, 20) << to_string(dtype) << ' ' << to_string(one);
    }
    const Verdict subnormal = verdict_on(dtype, DataKind::subnormal);
    EXPECT_GT(subnormal.of(ElementClass::subnormal).checked, subnormal.checked * 9 / 10) << to_string(dtype);
    const Verdict ties = verdict_on(dtype, DataKind::ties);
    EXPECT_EQ(ties.of(ElementClass::zero).checked, ties.checked / 3) << to_string(dtype);
    EXPECT_EQ(verdict_on(dtype, DataKind::ties, "step").of(ElementClass::zero).checked, ties.checked * 2 / 3);
    EXPECT_EQ(verdict_on(dtype, DataKind::positive, "step").of(ElementClass::zero).checked, 0);
  }
}

TEST(DataKind, ExactDataAreExactInAnyOrder) {
  for (const DType dtype : all_dtypes()) {
    for (const DataKind kind : {DataKind::integers, DataKind::ties}) {
      const CaseResult result =
          check(case_of("30x300x20:" + std::string(to_string(dtype)) + "-f64:identity", kind));
      ASSERT_TRUE(result.interval);
      EXPECT_FALSE(result.interval->worst) << "an interval had room";
    }
  }
}

TEST(DataKind, OneHotRowsChooseAColumnOfTheWeights) {
  const Operands operands(Problem::parse("9x5x4:f32:identity"), DataKind::one_hot, 1);
  for (std::int64_t row = 0; row < 9; ++row) {
    const auto* x = static_cast<const float*>(operands.x().element(0, row));
    for (std::int64_t input = 0; input < 5; ++input) EXPECT_EQ(x[input], input == 7 * row % 5 ? 1 : 0);
  }
}

TEST(DataKind, CancellingSumsAreFarBelowTheirTerms) {
  const Operands operands(Problem::parse("1x1000x1:f64:identity:nobias"), DataKind::cancelling, 1);
  const auto* x = static_cast<const double*>(operands.x().data);
  const auto* w = static_cast<const double*>(operands.layer().weight.data);
  double sum = 0, magnitude = 0;
  for (int k = 0; k < 1000; ++k) {
    sum += x[k] * w[k];
    magnitude += std::fabs(x[k] * w[k]);
  }
  EXPECT_LT(std::fabs(sum), magnitude / 1000);
  EXPECT_NE(sum, 0);
}

TEST(Suite, MeetsEveryActivationDtypeAndLayout) {
  for (const Suite suite : {Suite::quick, Suite::full}) {
    const std::vector<Problem> problems = problems_of(suite, all_dtypes());
    const auto has = [&](auto&& condition) { return std::ranges::any_of(problems, condition); };
    for (std::size_t kind = 0; kind < kActivations.size(); ++kind) {
      EXPECT_TRUE(
          has([&](const Problem& one) { return one.activation.kind == static_cast<ActivationKind>(kind); }));
    }
    for (const DType dtype : all_dtypes()) {
      for (const DType output : all_dtypes()) {
        EXPECT_TRUE(has([&](const Problem& one) { return one.dtype == dtype && one.output_dtype == output; }))
            << to_string(dtype) << ' ' << to_string(output);
      }
    }
    EXPECT_TRUE(has([](const Problem& one) { return !one.has_bias; }));
    EXPECT_TRUE(has([](const Problem& one) { return one.shared_x; }));
    EXPECT_TRUE(has([](const Problem& one) { return one.groups > 1 && !one.shared_x; }));
  }
}

/// exp(z) / sum of exp(z), without the row's maximum: right where no exponential overflows or vanishes.
TEST(DataKinds, FindASoftmaxWithoutItsMaximum) {
  for (const DataKind kind : {DataKind::integers, DataKind::wide}) {
    const Operands operands(Problem::parse("7x30x9:f32:softmax"), kind, 1);
    Layer sums = operands.layer();
    sums.activation = ActivationKind::identity;
    Matrix y = operands.make_output();
    Engine(Model({sums})).run(operands.x(), y);
    for (std::int64_t row = 0; row < 7; ++row) {
      const std::span<float> values(static_cast<float*>(y.view().element(0, row)), 9);
      float sum = 0;
      for (float& value : values) sum += value = std::exp(value);
      for (float& value : values) value /= sum;
    }
    const Verdict verdict = validate(operands.x(), operands.layer(), y, ValidateOptions(Arithmetic::tensor));
    EXPECT_EQ(verdict.passed(), kind == DataKind::integers);
  }
}

TEST(Invariance, FindsARowThatDependsOnOthers) {
  const Operands operands(Problem::parse("40x30x6:f32:tanh"), DataKind::cancelling, 1);
  Matrix y = operands.make_output();
  Engine(Model({operands.layer()})).run(operands.x(), y);
  EXPECT_TRUE(broken_invariances(operands, y, {}).empty());
  static_cast<float*>(y.view().element(0, 20))[3] += 1;
  const std::vector<std::string> broken = broken_invariances(operands, y, {});
  ASSERT_EQ(broken.size(), 5);
  for (const std::string& line : broken) EXPECT_NE(line.find("row 20, column 3"), std::string::npos) << line;
  for (const char* way : {"a row alone", "fewer rows", "rows permuted", "strided", "threads"}) {
    EXPECT_TRUE(std::ranges::any_of(broken, [&](const std::string& line) {
      return line.find(way) != line.npos;
    })) << way;
  }
}

DeviceResult failing_device() {
  DeviceResult device{"ptx:tile_fma/64x64", {}};
  CaseResult good, bad, skipped, doubtful;
  bad.of = case_of("33x513x65:f32:relu", DataKind::cancelling);
  bad.of.device = device.device;
  bad.status = Status::failed;
  Verdict verdict{100, 3, Mismatch{0, 7, 2, 0.5, std::numeric_limits<double>::quiet_NaN()}};
  verdict.failures = {*verdict.first};
  bad.bits = verdict;
  bad.reasons = {describe(verdict)};
  skipped.status = Status::skipped;
  skipped.reasons = {"takes at most 8 outputs"};
  doubtful.status = Status::mistrusted;
  doubtful.reasons = {"9 of 9 outputs ought to be 0"};
  for (const CaseResult& one : {good, bad, skipped, doubtful}) device.cases.push_back(one);
  return device;
}

TEST(SweepReport, EveryFailurePrintsALineThatReproducesIt) {
  const std::string text = to_text(failing_device(), Suite::full);
  for (const char* part :
       {"1 PASSED, 1 FAILED, 1 SKIPPED, 1 MISTRUSTED", "FAILED 33x513x65:f32:relu, cancelling data",
        "3 of 100 elements differ", "takes at most 8 outputs", "9 of 9 outputs",
        "reproduce: perceptron validate --device ptx:tile_fma/64x64 --problem 33x513x65:f32:relu --data "
        "cancelling --seed 5 --suite full\n"}) {
    EXPECT_NE(text.find(part), std::string::npos) << "no \"" << part << "\" in: " << text;
  }
}

TEST(SweepReport, JsonHoldsEveryCase) {
  SweepOptions options;
  const auto json = nlohmann::json::parse(to_json({failing_device()}, options, 1.5));
  EXPECT_EQ(json["totals"]["FAILED"], 1);
  ASSERT_EQ(json["cases"].size(), 4);
  EXPECT_EQ(json["cases"][1]["status"], "FAILED");
  EXPECT_EQ(json["cases"][1]["bits"]["mismatches"], 3);
  EXPECT_EQ(json["cases"][1]["bits"]["failures"][0]["row"], 7);
  EXPECT_TRUE(json["cases"][1]["bits"]["failures"][0]["found"].is_null());
}

}  // namespace
}  // namespace perceptron::cli
