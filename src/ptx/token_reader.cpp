#include "src/ptx/token_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "perceptron/error.hpp"

namespace perceptron::ptx {

const Token& TokenReader::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

bool TokenReader::is_symbol(char c, std::size_t ahead) const {
  return peek(ahead).kind == TokenKind::symbol && peek(ahead).text[0] == c;
}

Token TokenReader::take() {
  const Token token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool TokenReader::take_symbol(char c) {
  if (!is_symbol(c)) return false;
  take();
  return true;
}

bool TokenReader::take_dotted(std::string_view text) {
  if (peek().kind != TokenKind::dotted || peek().text != text) return false;
  take();
  return true;
}

void TokenReader::expect(char c) {
  if (!take_symbol(c)) fail(fmt::format("'{}'", c));
}

std::string TokenReader::expect_word(const char* what) {
  if (peek().kind != TokenKind::word) fail(what);
  return std::string(take().text);
}

std::uint64_t TokenReader::expect_integer() {
  const bool is_negative = take_symbol('-');
  if (peek().kind != TokenKind::integer) fail("an integer");
  const std::uint64_t bits = take().bits;
  return is_negative ? 0 - bits : bits;
}

Literal TokenReader::expect_literal() {
  const bool is_negative = take_symbol('-');
  const Token& token = peek();
  Literal value;
  switch (token.kind) {
    case TokenKind::integer:
      value = {Literal::Kind::integer, is_negative ? 0 - token.bits : token.bits};
      break;
    case TokenKind::f32: value = {Literal::Kind::f32, token.bits ^ (is_negative ? 0x80000000u : 0u)}; break;
    case TokenKind::f64:
      value = {Literal::Kind::f64, token.bits ^ (is_negative ? std::uint64_t{1} << 63 : 0)};
      break;
    default: fail("a constant");
  }
  take();
  return value;
}

void TokenReader::skip_block() {
  expect('{');
  for (int depth = 1; depth > 0; take()) {
    if (peek().kind == TokenKind::end) fail("'}'");
    if (is_symbol('{')) ++depth;
    if (is_symbol('}') && --depth == 0) {
      take();
      return;
    }
  }
}

void TokenReader::skip_statement() {
  while (!is_symbol(';')) {
    if (peek().kind == TokenKind::end) fail("';'");
    take();
  }
  take();
}

void TokenReader::fail(std::string_view expected) const {
  invalid(fmt::format("expected {}, found \"{}\"", expected, peek().text));
}

void TokenReader::invalid(std::string_view reason) const {
  throw InvalidArgument(fmt::format("{}, line {}: {}", name_, peek().line, reason));
}

}  // namespace perceptron::ptx
