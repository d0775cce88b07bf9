// PTX text → tokens. Directives and modifiers keep their dot, registers their percent sign.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perceptron::ptx {

enum class TokenKind : std::uint8_t {
  word,     ///< An identifier, register or label: "fma", "%r1", "$L__BB0_2".
  dotted,   ///< A directive or modifier: ".rn", ".shared::cta".
  integer,  ///< bits; sign-extended by the parser where a minus stands before.
  f32,      ///< 0f…: bits.
  f64,      ///< 0d… or decimal: bits.
  string,
  symbol,  ///< One character of punctuation.
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;
  std::uint64_t bits = 0;
  int line = 0;
};

/// Comments are skipped. Throws InvalidArgument with name and line at a character that no PTX has.
std::vector<Token> tokenize(std::string_view text, std::string_view name);

}  // namespace perceptron::ptx
