// What was found about a kernel of the user's own: text for people, JSON for programs.
#include <fmt/format.h>

#include <string_view>

#include "perceptron/version.hpp"
#include "src/cli/judge_ptx.hpp"
#include "src/cli/verdict_report.hpp"

namespace perceptron::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string indented(const std::string& text) {
  std::string lines;
  for (const char character : text) {
    lines += character;
    if (character == '\n') lines += "  ";
  }
  lines.erase(lines.find_last_not_of(" \n") + 1);
  return lines;
}

/// As a shell takes it for one word.
std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:@=+";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text = "'";
  for (const char character : word) {
    if (character == '\'') {
      text += "'\\''";
    } else {
      text += character;
    }
  }
  return text + "'";
}

std::string reproduction(const PtxResult& result, const PtxOptions& options) {
  std::string command = fmt::format(
      "perceptron validate --ptx {} --entry {} --args {} --grid {} --block {} --problem {} --data {} --seed "
      "{}",
      quoted(options.file.string()), quoted(options.entry), quoted(options.arguments), quoted(options.grid),
      quoted(options.block), to_string(options.problem), to_string(result.kind), options.seed);
  if (options.shared != "0") command += fmt::format(" --shared {}", quoted(options.shared));
  if (options.allows_same_value_stores) command += " --same-value-stores";
  if (options.budget != PtxOptions{}.budget) command += fmt::format(" --budget {}", options.budget);
  if (options.arithmetic == Arithmetic::reproducible) command += " --arithmetic reproducible";
  return command;
}

/// The verdict that decides, and what the other one says in a few words.
std::string judged_text(const PtxResult& result, const PtxOptions& options) {
  const bool is_by_bits = options.arithmetic == Arithmetic::reproducible;
  const Verdict& deciding = is_by_bits ? *result.bits : *result.interval;
  if (!deciding.passed()) return indented(describe(deciding));
  const std::string doubt = mistrust(deciding);
  std::string text = to_string(deciding) + (doubt.empty() ? "" : "; " + doubt);
  if (!is_by_bits) {
    text += result.bits->passed()
                ? "; bits as the reference's"
                : fmt::format("; {} of other bits than the reference's", result.bits->mismatches);
  }
  return text;
}

/// What often lies behind such a failure; empty where nothing is known.
std::string_view hint_of(const PtxResult& result) {
  const std::string_view fault = result.fault;
  if (fault.starts_with("race with the same value"))
    return "--same-value-stores allows stores of one value by several threads";
  if (fault.starts_with("race") && fault.find(".volatile.shared") != std::string_view::npos) {
    return ".volatile accesses to shared memory order nothing here: __syncwarp, __syncthreads or "
           "cuda::atomic_ref do";
  }
  if (fault.starts_with("instruction budget")) return "--budget N allows more";
  if (!fault.empty()) return "";
  switch (result.kind) {
    case DataKind::special:
      return "NaN must come out of NaN, and every activation has its limits at infinities: "
             "fmaxf(z, 0), z > 0 ? z : 0 and the like drop NaN, z * f(z) makes NaN of infinity * 0; "
             "--data leaves out what a kernel is not meant for";
    case DataKind::subnormal:
      return "results below the normal range: -use_fast_math and atomicAdd of floats make zeros of them, "
             "and expf(z) - 1 loses them; --data leaves out what a kernel is not meant for";
    default: return "";
  }
}

}  // namespace

std::string to_text(const std::vector<PtxResult>& results, const PtxOptions& options) {
  std::string text;
  for (const PtxResult& result : results) {
    text += fmt::format("{:<10} {:<10} {}\n", to_string(result.status), to_string(result.kind),
                        result.fault.empty() ? judged_text(result, options) : indented(result.fault));
    if (result.status != Status::failed) continue;
    if (const std::string_view hint = hint_of(result); !hint.empty())
      text += fmt::format("  hint: {}\n", hint);
    text += fmt::format("  reproduce: {}\n", reproduction(result, options));
  }
  return text;
}

std::string to_json(const std::vector<PtxResult>& results, const PtxOptions& options) {
  Json list = Json::array();
  for (const PtxResult& result : results) {
    Json one = {
        {"data", to_string(result.kind)}, {"status", to_string(result.status)}, {"fault", result.fault}};
    if (result.bits) one["bits"] = to_value(*result.bits);
    if (result.interval) one["interval"] = to_value(*result.interval);
    one["reproduce"] = reproduction(result, options);
    list.push_back(one);
  }
  const Json json = {{"version", version()},
                     {"ptx", options.file.string()},
                     {"entry", options.entry},
                     {"problem", to_string(options.problem)},
                     {"arithmetic", to_string(options.arithmetic)},
                     {"results", list}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace perceptron::cli
