// The tokens of a PTX text one after the other, and what is said where another one was expected.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/ptx/lexer.hpp"
#include "src/ptx/module.hpp"

namespace perceptron::ptx {

/// Throws InvalidArgument, always with the name of the text and the line.
class TokenReader {
 public:
  TokenReader(std::string_view text, std::string_view name) : name_(name), tokens_(tokenize(text, name)) {}

  const Token& peek(std::size_t ahead = 0) const;
  bool is_symbol(char c, std::size_t ahead = 0) const;

  Token take();
  /// True, and the token taken, where it is this one.
  bool take_symbol(char c);
  bool take_dotted(std::string_view text);

  void expect(char c);
  std::string expect_word(const char* what);
  std::uint64_t expect_integer();
  Literal expect_literal();

  /// From '{' to the '}' that belongs to it.
  void skip_block();
  /// To behind the next ';'.
  void skip_statement();

  /// "expected …, found" the next token.
  [[noreturn]] void fail(std::string_view expected) const;
  [[noreturn]] void invalid(std::string_view reason) const;

 private:
  std::string_view name_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace perceptron::ptx
