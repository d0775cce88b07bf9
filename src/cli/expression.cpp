#include "src/cli/expression.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

#include "perceptron/error.hpp"

namespace perceptron::cli {
namespace {

/// over / under, in lowest terms, under > 0.
struct Fraction {
  std::int64_t over = 0;
  std::int64_t under = 1;
};

bool is_digit(char symbol) { return symbol >= '0' && symbol <= '9'; }
bool is_letter(char symbol) { return is_digit(symbol) || symbol == '_' || (symbol >= 'a' && symbol <= 'z'); }

class Reader {
 public:
  Reader(std::string_view text, const Names& names) : text_(text), names_(names) {}

  std::int64_t whole() {
    const Fraction value = sum();
    if (at_ < text_.size()) refuse("an operator");
    if (value.under == 1) return value.over;
    throw InvalidArgument(fmt::format("\"{}\" is {}/{}, which is not whole; ceil(…) rounds up", text_,
                                      value.over, value.under));
  }

 private:
  static constexpr int kMostDepth = 64;

  [[noreturn]] void refuse(std::string_view expected) const {
    std::string names;
    for (const auto& [name, value] : names_)
      names += fmt::format("{}{} = {}", names.empty() ? "" : ", ", name, value);
    throw InvalidArgument(fmt::format("\"{}\": expected {} at character {}; known are ceil(…), {}", text_,
                                      expected, at_ + 1, names));
  }
  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char symbol) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != symbol) return false;
    ++at_;
    skip_spaces();
    return true;
  }

  Fraction checked(__int128 over, __int128 under) const {
    if (under < 0) over = -over, under = -under;
    __int128 a = over < 0 ? -over : over, b = under;
    while (b != 0) {
      const __int128 rest = a % b;
      a = b;
      b = rest;
    }
    over /= a;
    under /= a;
    constexpr auto kMost = static_cast<__int128>(INT64_MAX);
    if (over > kMost || over < -kMost || under > kMost) {
      throw InvalidArgument(fmt::format("\"{}\" passes 2^63", text_));
    }
    return {static_cast<std::int64_t>(over), static_cast<std::int64_t>(under)};
  }

  Fraction sum() {
    Fraction left = product();
    for (;;) {
      const bool is_plus = take('+');
      if (!is_plus && !take('-')) return left;
      const Fraction right = product();
      const __int128 a = static_cast<__int128>(left.over) * right.under,
                     b = static_cast<__int128>(right.over) * left.under;
      left = checked(is_plus ? a + b : a - b, static_cast<__int128>(left.under) * right.under);
    }
  }
  Fraction product() {
    Fraction left = factor();
    for (;;) {
      const bool is_times = take('*');
      if (!is_times && !take('/')) return left;
      const Fraction right = factor();
      if (!is_times && right.over == 0) throw InvalidArgument(fmt::format("\"{}\" divides by 0", text_));
      left = is_times ? checked(static_cast<__int128>(left.over) * right.over,
                                static_cast<__int128>(left.under) * right.under)
                      : checked(static_cast<__int128>(left.over) * right.under,
                                static_cast<__int128>(left.under) * right.over);
    }
  }
  Fraction factor() {
    skip_spaces();
    if (++depth_ > kMostDepth) refuse("fewer brackets");
    const Fraction value = take('-')                                    ? negated()
                           : take('(')                                  ? bracket()
                           : at_ < text_.size() && is_digit(text_[at_]) ? number()
                                                                        : name();
    --depth_;
    skip_spaces();
    return value;
  }
  Fraction negated() {
    const Fraction value = factor();
    return {-value.over, value.under};
  }
  Fraction bracket() {
    const Fraction value = sum();
    if (!take(')')) refuse("')'");
    return value;
  }
  Fraction number() {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc{}) refuse("a number below 2^63");
    at_ = static_cast<std::size_t>(end - text_.data());
    return {value, 1};
  }
  Fraction name() {
    std::size_t end = at_;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    if (word == "ceil") {
      at_ = end;
      if (!take('(')) refuse("'('");
      const Fraction value = bracket();
      const std::int64_t down = value.over / value.under;  // Toward 0.
      return {down + (value.over > 0 && value.over % value.under != 0 ? 1 : 0), 1};
    }
    const auto found = names_.find(word);
    if (found == names_.end()) refuse("a number or a name");
    at_ = end;
    return {found->second, 1};
  }

  std::string_view text_;
  const Names& names_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

std::int64_t evaluate(std::string_view text, const Names& names) { return Reader(text, names).whole(); }

}  // namespace perceptron::cli
