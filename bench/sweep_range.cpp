#include "bench/sweep_range.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "perceptron/error.hpp"

namespace perceptron::bench {
namespace {

constexpr std::size_t kMostValues = 1000;

[[noreturn]] void refuse(std::string_view text, const std::string& reason) {
  throw InvalidArgument(
      fmt::format("sweep \"{}\": {}; expected {}, as rows=1:65536:x2", text, reason, kSweepGrammar));
}

/// What stands before the mark; the rest stays in `text`. Without the mark all of it.
std::string_view taken(std::string_view& text, char mark) {
  const std::size_t place = text.find(mark);
  const std::string_view word = text.substr(0, place);
  text = place == std::string_view::npos ? std::string_view() : text.substr(place + 1);
  return word;
}

std::optional<std::int64_t> positive(std::string_view word) {
  std::int64_t value = 0;
  const char* end = word.data() + word.size();
  const auto [rest, error] = std::from_chars(word.data(), end, value);
  if (error != std::errc() || rest != end || value < 1) return std::nullopt;
  return value;
}

std::int64_t Problem::*dimension_named(std::string_view name) {
  if (name == "rows") return &Problem::rows;
  if (name == "inputs") return &Problem::inputs;
  if (name == "outputs") return &Problem::outputs;
  return name == "groups" ? &Problem::groups : nullptr;
}

/// Ends before a value passes the last one, and so before it overflows.
std::vector<std::int64_t> values_of(std::int64_t first, std::int64_t last, char kind, std::int64_t step) {
  std::vector<std::int64_t> values;
  for (std::int64_t value = first; values.size() <= kMostValues;) {
    values.push_back(value);
    const bool is_over = kind == 'x' ? value > last / step : value > last - step;
    if (is_over) break;
    value = kind == 'x' ? value * step : value + step;
  }
  return values;
}

}  // namespace

SweepRange SweepRange::parse(std::string_view text) {
  std::string_view rest = text;
  const std::string_view name = taken(rest, '=');
  std::int64_t Problem::*const dimension = dimension_named(name);
  if (dimension == nullptr) refuse(text, fmt::format("there is no dimension \"{}\"", name));
  const std::string_view first_word = taken(rest, ':'), last_word = taken(rest, ':');
  const std::optional<std::int64_t> first = positive(first_word), last = positive(last_word);
  if (!first || !last) {
    refuse(text, fmt::format("\"{}\" and \"{}\" must be whole numbers of at least 1", first_word, last_word));
  }
  if (*first > *last) refuse(text, fmt::format("{} is above {}", *first, *last));
  const char kind = rest.empty() ? ' ' : rest.front();
  const std::optional<std::int64_t> step = rest.empty() ? std::nullopt : positive(rest.substr(1));
  if ((kind != 'x' && kind != '+') || !step) refuse(text, fmt::format("\"{}\" is no step", rest));
  if (kind == 'x' && *step == 1) refuse(text, "x1 never arrives");
  SweepRange range{dimension, values_of(*first, *last, kind, *step)};
  if (range.values.size() > kMostValues) refuse(text, fmt::format("it has more than {} values", kMostValues));
  return range;
}

std::vector<Problem> SweepRange::applied_to(Problem problem) const {
  std::vector<Problem> problems;
  for (const std::int64_t value : values) {
    problem.*dimension = value;
    problems.push_back(problem);
  }
  return problems;
}

}  // namespace perceptron::bench
