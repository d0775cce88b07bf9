#include "bench/request.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "bench/problem_list.hpp"
#include "bench/support/machine.hpp"
#include "bench/sweep_range.hpp"
#include "perceptron/device_plan.hpp"
#include "perceptron/error.hpp"

namespace perceptron::bench {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

/// A second time nothing new would be measured.
template <class Value>
void refuse_repeated(const std::vector<Value>& values, const std::string& text, std::string_view option) {
  for (auto value = values.begin(); value != values.end(); ++value) {
    if (std::find(values.begin(), value, *value) == value) continue;
    throw InvalidArgument(fmt::format("{} {}: {} is there twice; expected each once", option, text, *value));
  }
}

/// "1,16,1024" of the option of that name.
template <class Number>
std::vector<Number> numbers(const std::string& text, std::string_view option) {
  std::vector<Number> values;
  for (const std::string& word : split(text)) {
    Number value = 0;
    const char* end = word.data() + word.size();
    const auto [rest, error] = std::from_chars(word.data(), end, value);
    if (error != std::errc() || rest != end || value < 1) {
      throw InvalidArgument(
          fmt::format("{} {}: \"{}\" is no number of at least 1; expected N or N,N,…", option, text, word));
    }
    values.push_back(value);
  }
  refuse_repeated(values, text, option);
  return values;
}

void refuse_idle(const Words& words) {
  if (!(words.seconds > 0) || !std::isfinite(words.seconds)) {
    throw InvalidArgument(
        fmt::format("--seconds {}: nothing would be measured; expected more than 0", words.seconds));
  }
  if (words.repetitions < 1) {
    throw InvalidArgument(
        fmt::format("--repetitions {}: nothing would be measured; expected at least 1", words.repetitions));
  }
  if (words.device.starts_with("ptx")) {
    throw InvalidArgument(fmt::format(
        "device \"{}\" executes kernels on the CPU and watches them: it is for tests, and its times "
        "say nothing of a GPU; expected cpu, one of its targets, or cuda",
        words.device));
  }
  if (words.model.empty() && !words.rows.empty()) {
    throw InvalidArgument("--rows is of --model; a problem has its rows in its name");
  }
}

/// Of what serves problems, where a model alone is measured.
void refuse_without_problems(const Words& words) {
  if (words.model.empty() || !words.problems.empty()) return;
  if (!words.peers.empty()) {
    throw InvalidArgument(
        fmt::format("--peers={}: peers compute problems, not models; name a PROBLEM beside --model, or leave "
                    "--peers out",
                    words.peers));
  }
  if (!words.sweep.empty() && !words.rows.empty()) {
    throw InvalidArgument(fmt::format(
        "--rows {} and --sweep {}: each gives the model's rows; expected one of them, or a PROBLEM to sweep",
        words.rows, words.sweep));
  }
}

Problem parse_problem(const std::string& text) {
  if (std::ranges::find(kPeers, text) != kPeers.end()) {
    throw InvalidArgument(fmt::format("\"{0}\" is a peer, not a problem; write --peers={0}", text));
  }
  const Problem problem = Problem::parse(text);
  if (problem.rows == 0) throw InvalidArgument(text + ": no rows, nothing to time");
  return problem;
}

std::vector<Asked> listed_problems() {
  std::vector<Asked> asked;
  for (const std::string_view text : kProblemList) asked.push_back({Problem::parse(text), std::nullopt});
  return asked;
}

/// Its points instead of each problem; without a problem after the list.
std::vector<Asked> asked_problems(const Words& words) {
  const bool is_list = words.problems.empty() && words.model.empty();
  std::vector<Asked> asked = is_list ? listed_problems() : std::vector<Asked>();
  std::vector<std::string> texts = words.problems;
  if (is_list && !words.sweep.empty()) texts.emplace_back(kSweptProblem);
  for (const std::string& text : texts) {
    const Problem problem = parse_problem(text);
    if (words.sweep.empty()) {
      asked.push_back({problem, std::nullopt});
      continue;
    }
    const SweepRange range = SweepRange::parse(words.sweep);
    const std::string series = fmt::format("{}, {}", text, words.sweep);
    for (const Problem& point : range.applied_to(problem)) {
      asked.push_back(
          {point, SweepPoint{series, words.sweep.substr(0, words.sweep.find('=')), point.*range.dimension}});
    }
  }
  return asked;
}

std::vector<std::int64_t> model_rows(const Words& words) {
  if (words.model.empty()) return {};
  if (!words.rows.empty()) return numbers<std::int64_t>(words.rows, "--rows");
  if (words.sweep.empty()) return {1, 1024};
  const SweepRange range = SweepRange::parse(words.sweep);
  if (range.dimension != &Problem::rows) {
    throw InvalidArgument(fmt::format("sweep \"{}\": of a model only rows can vary", words.sweep));
  }
  return range.values;
}

void refuse_spare_threads(const std::vector<int>& threads) {
  const int cores = this_machine().cores;
  const int most = std::ranges::max(threads);
  if (most > cores) {
    throw InvalidArgument(
        fmt::format("--threads {}: this process may use {} core{}", most, cores, cores == 1 ? "" : "s"));
  }
}

/// Of those that were named each must be there; of all of them one.
void load_peers(const Words& words, Request& request) {
  if (words.peers.empty()) return;
  const bool is_all = words.peers == "all";
  const std::vector<std::string> names =
      is_all ? std::vector<std::string>(kPeers.begin(), kPeers.end()) : split(words.peers);
  refuse_repeated(names, words.peers, "--peers");
  for (const std::string& name : names) {
    try {
      request.options.peers.push_back(load_peer(name));
    } catch (const PeerMissing& missing) {
      if (!is_all) throw;
      request.missing.emplace_back(missing.what());
    }
  }
  if (request.options.peers.empty()) throw PeerMissing(fmt::format("{}", fmt::join(request.missing, "; ")));
}

/// "auto" becomes a name; the vector length is that of the CPU's best target where it does not name one.
void resolve_device(Request& request) {
  std::string& device = request.options.device;
  const std::vector<DeviceInfo> list = devices();
  if (device == "auto") device = list.front().name;
  request.lanes_f32 = 0;
  if (!device.starts_with("cpu")) return;
  for (const DeviceInfo& info : list) {
    if (info.name == device) request.lanes_f32 = info.lanes_f32;
  }
}

}  // namespace

Request read_request(const Words& words) {
  refuse_idle(words);
  refuse_without_problems(words);
  Request request;
  request.problems = asked_problems(words);
  request.model = words.model;
  request.rows = model_rows(words);
  request.threads =
      words.threads.empty() ? std::vector{this_machine().cores} : numbers<int>(words.threads, "--threads");
  refuse_spare_threads(request.threads);
  request.options = {words.device,
                     request.threads.front(),
                     words.seconds,
                     words.repetitions,
                     words.seed,
                     words.is_resident,
                     {}};
  load_peers(words, request);
  resolve_device(request);
  Options options;
  options.device = request.options.device;
  for (const Asked& asked : request.problems) plan_on(asked.problem, options);
  return request;
}

}  // namespace perceptron::bench
