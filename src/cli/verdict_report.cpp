#include "src/cli/verdict_report.hpp"

#include <fmt/format.h>

#include "perceptron/version.hpp"
#include "src/cli/status.hpp"

namespace perceptron::cli {
namespace {

using Json = nlohmann::ordered_json;

Json to_value(const Mismatch& mismatch) {
  return {{"group", mismatch.group},
          {"row", mismatch.row},
          {"column", mismatch.column},
          {"expected", mismatch.expected},
          {"found", mismatch.found},
          {"ulps", mismatch.ulps},
          {"z", mismatch.z},
          {"z_bound", mismatch.z_bound},
          {"lo", mismatch.lo},
          {"hi", mismatch.hi},
          {"nan_allowed", mismatch.nan_allowed}};
}

Json classes_of(const Verdict& verdict) {
  Json classes = Json::object();
  for (std::size_t index = 0; index < kElementClasses.size(); ++index) {
    const ClassCount& count = verdict.classes[index];
    if (count.checked == 0) continue;
    classes[std::string(kElementClasses[index])] = {{"checked", count.checked},
                                                    {"mismatches", count.mismatches}};
  }
  return classes;
}

}  // namespace

Json to_value(const Verdict& verdict) {
  Json failures = Json::array();
  for (const Mismatch& failure : verdict.failures) failures.push_back(to_value(failure));
  Json worst;
  if (verdict.worst) {
    worst = {{"group", verdict.worst->group},
             {"row", verdict.worst->row},
             {"column", verdict.worst->column},
             {"share", verdict.worst->share},
             {"ulps", verdict.worst->ulps}};
  }
  return {{"arithmetic", to_string(verdict.arithmetic)},
          {"passed", verdict.passed()},
          {"checked", verdict.checked},
          {"mismatches", verdict.mismatches},
          {"ambiguous", verdict.ambiguous},
          {"unjudged", verdict.unjudged},
          {"vague", verdict.vague},
          {"classes", classes_of(verdict)},
          {"worst", worst},
          {"shared_by_failures", shared_by_failures(verdict)},
          {"failures", failures}};
}

std::string to_text(const std::vector<Verdict>& verdicts) {
  std::string text;
  for (std::size_t index = 0; index < verdicts.size(); ++index) {
    const Verdict& verdict = verdicts[index];
    const std::string layer = verdicts.size() == 1 ? "" : fmt::format("layer {}: ", index);
    text += fmt::format("{:<10} {}{}", to_string(status_of(verdict)), layer, describe(verdict));
  }
  return text;
}

std::string to_json(const std::vector<Verdict>& verdicts) {
  Json list = Json::array();
  for (const Verdict& verdict : verdicts) {
    list.push_back(to_value(verdict));
    list.back()["status"] = to_string(status_of(verdict));
  }
  const Json json = {{"version", version()}, {"verdicts", list}};
  return json.dump(2) + "\n";
}

}  // namespace perceptron::cli
