#include "src/ptx/lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>

#include "perceptron/error.hpp"

namespace perceptron::ptx {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '%';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return (is_letter(c) && c != '%') || is_digit(c); }

class Lexer {
 public:
  Lexer(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  std::vector<Token> run() {
    while (text_.ends_with('\0')) text_.remove_suffix(1);  // Drivers take C strings, and so end some files.
    for (skip_blanks(); at_ < text_.size(); skip_blanks()) tokens_.push_back(next());
    tokens_.push_back({TokenKind::end, "end of the text", 0, line_});
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  [[noreturn]] void fail(const std::string& what) const {
    throw InvalidArgument(fmt::format("{}, line {}: {}", name_, line_, what));
  }

  void skip_blanks() {
    while (at_ < text_.size()) {
      const char c = peek();
      if (c == '\n') {
        ++line_;
        ++at_;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        while (at_ < text_.size() && peek() != '\n') ++at_;
      } else if (c == '/' && peek(1) == '*') {
        for (at_ += 2; at_ < text_.size() && !(peek() == '*' && peek(1) == '/'); ++at_)
          if (peek() == '\n') ++line_;
        if (at_ >= text_.size()) fail("a comment is not closed");
        at_ += 2;
      } else {
        return;
      }
    }
  }

  Token next() {
    const std::size_t first = at_;
    const char c = peek();
    if (is_letter(c)) {
      // %tid.x is one name; so is nothing else that holds a dot.
      for (++at_; is_word(peek()); ++at_) {
      }
      const std::string_view base = text_.substr(first, at_ - first);
      if (base.front() == '%' && peek() == '.' && peek(1) >= 'x' && peek(1) <= 'z' && !is_word(peek(2)))
        at_ += 2;
      return make(TokenKind::word, first);
    }
    if (is_digit(c)) return number(first);
    if (c == '.' && is_letter(peek(1))) {
      for (++at_;
           is_word(peek()) || (peek() == ':' && peek(1) == ':') || (peek() == ':' && text_[at_ - 1] == ':');
           ++at_) {
      }
      return make(TokenKind::dotted, first);
    }
    if (c == '.' && is_digit(peek(1))) return follows_word() ? dotted_number(first) : decimal_float(first);
    if (c == '"') {
      for (++at_; peek() != '"'; ++at_) {
        if (at_ >= text_.size() || peek() == '\n') fail("a string is not closed");
      }
      ++at_;
      Token token = make(TokenKind::string, first);
      token.text = token.text.substr(1, token.text.size() - 2);
      return token;
    }
    static constexpr std::string_view kSymbols = "{}[]()<>,;:+-*/=!|@&^~?";
    if (kSymbols.find(c) == std::string_view::npos) {
      fail(fmt::format("unexpected character {:#x}", static_cast<unsigned>(static_cast<unsigned char>(c))));
    }
    ++at_;
    return make(TokenKind::symbol, first);
  }

  bool follows_word() const { return at_ > 0 && is_word(text_[at_ - 1]); }

  /// Modifiers such as ".1d" begin with a digit; so do numbers, which stand by themselves.
  Token dotted_number(std::size_t first) {
    for (++at_; is_word(peek()); ++at_) {
    }
    return make(TokenKind::dotted, first);
  }

  Token number(std::size_t first) {
    if (peek() == '0' && (peek(1) == 'f' || peek(1) == 'F')) return hex_float(first, TokenKind::f32, 8);
    if (peek() == '0' && (peek(1) == 'd' || peek(1) == 'D')) return hex_float(first, TokenKind::f64, 16);
    int base = 10;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
      base = 16;
      at_ += 2;
    } else if (peek() == '0' && (peek(1) == 'b' || peek(1) == 'B')) {
      base = 2;
      at_ += 2;
    } else if (is_decimal_float()) {
      return decimal_float(first);
    } else if (peek() == '0') {
      base = 8;
    }
    std::uint64_t bits = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), bits, base);
    if (error != std::errc{}) fail("expected a number of at most 64 bits");
    at_ = static_cast<std::size_t>(end - text_.data());
    if (peek() == 'U') ++at_;
    if (is_word(peek())) fail("a number runs into a name");
    Token token = make(TokenKind::integer, first);
    token.bits = bits;
    return token;
  }

  Token hex_float(std::size_t first, TokenKind kind, std::size_t digits) {
    at_ += 2;
    std::uint64_t bits = 0;
    const char* begin = text_.data() + at_;
    const char* limit = text_.data() + std::min(text_.size(), at_ + digits);
    const auto [end, error] = std::from_chars(begin, limit, bits, 16);
    if (error != std::errc{} || end != begin + digits)
      fail(fmt::format("expected {} hexadecimal digits", digits));
    at_ += digits;
    Token token = make(kind, first);
    token.bits = bits;
    return token;
  }

  bool is_decimal_float() const {
    std::size_t at = at_;
    while (at < text_.size() && is_digit(text_[at])) ++at;
    return at + 1 < text_.size() &&
           ((text_[at] == '.' && is_digit(text_[at + 1])) || text_[at] == 'e' || text_[at] == 'E');
  }

  Token decimal_float(std::size_t first) {
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc{}) fail("expected a floating-point number");
    at_ = static_cast<std::size_t>(end - text_.data());
    Token token = make(TokenKind::f64, first);
    token.bits = std::bit_cast<std::uint64_t>(value);
    return token;
  }

  Token make(TokenKind kind, std::size_t first) const {
    return {kind, text_.substr(first, at_ - first), 0, line_};
  }

  std::string_view text_, name_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, std::string_view name) { return Lexer(text, name).run(); }

}  // namespace perceptron::ptx
