#include "src/ptx/instruction_parser.hpp"

#include <utility>

namespace perceptron::ptx {
namespace {

/// Brackets within one another: more is no kernel.
constexpr int kDeepestBracket = 64;

std::uint64_t parse_sum(TokenReader& tokens, int depth);

/// 8, 4*2 or (4+4)*2. PTX ISA, "Constant Expressions", as far as addresses need it.
std::uint64_t parse_product(TokenReader& tokens, int depth) {
  if (depth > kDeepestBracket) tokens.fail("fewer brackets within one another");
  std::uint64_t product = 1;
  do {
    if (tokens.take_symbol('(')) {
      product *= parse_sum(tokens, depth + 1);
      tokens.expect(')');
    } else {
      product *= tokens.expect_integer();
    }
  } while (tokens.take_symbol('*'));
  return product;
}

/// The sum of products that stand behind '+' and '-', before the first of which neither is needed.
std::uint64_t parse_sum(TokenReader& tokens, int depth) {
  std::uint64_t sum = 0;
  do {
    const bool is_less = tokens.take_symbol('-');
    if (!is_less) tokens.take_symbol('+');
    const std::uint64_t product = parse_product(tokens, depth);
    sum += is_less ? 0 - product : product;
  } while (tokens.is_symbol('+') || tokens.is_symbol('-'));
  return sum;
}

/// +8, -8, +-8 or +(4*2).
std::int64_t parse_offset(TokenReader& tokens) {
  if (!tokens.is_symbol('+') && !tokens.is_symbol('-')) tokens.fail("'+', '-' or the end of the operand");
  return static_cast<std::int64_t>(parse_sum(tokens, 0));
}

/// table[2].
Address parse_indexed(TokenReader& tokens, const std::string& base) {
  Address result;
  result.base = base;
  tokens.expect('[');
  result.element = static_cast<std::int64_t>(parse_sum(tokens, 0));
  tokens.expect(']');
  return result;
}

std::vector<std::string> parse_coordinates(TokenReader& tokens, const Scopes& scopes) {
  tokens.expect('{');
  std::vector<std::string> names;
  do {
    if (tokens.peek().kind == TokenKind::word)
      names.push_back(scopes.resolve(std::string(tokens.take().text)));
    else
      names.push_back(std::to_string(tokens.expect_literal().bits));
  } while (tokens.take_symbol(','));
  tokens.expect('}');
  return names;
}

Address parse_address(TokenReader& tokens, const Scopes& scopes) {
  tokens.expect('[');
  Address result;
  if (tokens.peek().kind == TokenKind::word) {
    result.base = scopes.resolve(std::string(tokens.take().text));
    if (tokens.take_symbol(',')) {
      result.coordinates = parse_coordinates(tokens, scopes);
    } else if (!tokens.is_symbol(']')) {
      result.offset = parse_offset(tokens);
    }
  } else {
    result.offset = static_cast<std::int64_t>(tokens.expect_integer());
  }
  tokens.expect(']');
  return result;
}

/// The accumulators of the largest wgmma.
constexpr std::size_t kMostElements = 256;

Vector parse_vector(TokenReader& tokens, const Scopes& scopes);

Operand parse_operand(TokenReader& tokens, const Scopes& scopes, bool is_label) {
  Operand result;
  if (tokens.take_symbol('!')) result.is_negated = true;
  if (tokens.is_symbol('{')) {
    result.value = parse_vector(tokens, scopes);
  } else if (tokens.is_symbol('[')) {
    result.value = parse_address(tokens, scopes);
  } else if (tokens.peek().kind == TokenKind::word) {
    const std::string text(tokens.take().text);
    const std::string name = is_label ? text : scopes.resolve(text);
    if (tokens.take_symbol('|')) {
      result.value = Pair{name, scopes.resolve(tokens.expect_word("a second destination"))};
    } else if (tokens.is_symbol('+') ||
               (tokens.is_symbol('-') && tokens.peek(1).kind == TokenKind::integer)) {
      result.value = Address{name, parse_offset(tokens), 0, {}};
    } else if (tokens.is_symbol('[')) {
      result.value = parse_indexed(tokens, name);
    } else {
      result.value = Name{name};
    }
  } else {
    result.value = tokens.expect_literal();
  }
  return result;
}

Vector parse_vector(TokenReader& tokens, const Scopes& scopes) {
  tokens.expect('{');
  Vector result;
  do {
    if (tokens.is_symbol('{')) tokens.fail("an element that is no vector");
    result.elements.push_back(parse_operand(tokens, scopes, false));
    if (result.elements.size() > kMostElements) tokens.fail("at most 256 elements");
  } while (tokens.take_symbol(','));
  tokens.expect('}');
  return result;
}

/// (p, q); nothing where there is no '('.
Vector parse_arguments(TokenReader& tokens, const Scopes& scopes) {
  Vector result;
  if (!tokens.take_symbol('(') || tokens.take_symbol(')')) return result;
  do result.elements.push_back(parse_operand(tokens, scopes, false));
  while (tokens.take_symbol(','));
  tokens.expect(')');
  return result;
}

/// {(results),} function{, (arguments){, prototype}}: always results, function and arguments.
std::vector<Operand> parse_call(TokenReader& tokens, const Scopes& scopes) {
  Operand results{parse_arguments(tokens, scopes)};
  tokens.take_symbol(',');
  Operand function{Name{scopes.resolve(tokens.expect_word("a function"))}};
  tokens.take_symbol(',');
  Operand arguments{parse_arguments(tokens, scopes)};
  if (tokens.take_symbol(',')) tokens.expect_word("a prototype");
  tokens.expect(';');
  return {std::move(results), std::move(function), std::move(arguments)};
}

}  // namespace

Instruction parse_instruction(TokenReader& tokens, const Scopes& scopes, Location location) {
  Instruction instruction;
  instruction.location = location;
  instruction.location.ptx_line = tokens.peek().line;
  if (tokens.take_symbol('@')) {
    instruction.is_predicate_negated = tokens.take_symbol('!');
    instruction.predicate = scopes.resolve(tokens.expect_word("a predicate"));
  }
  instruction.opcode = tokens.expect_word("an opcode");
  while (tokens.peek().kind == TokenKind::dotted)
    instruction.modifiers.emplace_back(tokens.take().text.substr(1));
  if (instruction.opcode == "call") {
    instruction.operands = parse_call(tokens, scopes);
  } else if (!tokens.is_symbol(';')) {
    do instruction.operands.push_back(parse_operand(tokens, scopes, instruction.is_jump()));
    while (tokens.take_symbol(','));
    tokens.expect(';');
  } else {
    tokens.take();
  }
  return instruction;
}

}  // namespace perceptron::ptx
