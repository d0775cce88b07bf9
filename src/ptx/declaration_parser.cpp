#include "src/ptx/declaration_parser.hpp"

#include <bit>
#include <utility>

namespace perceptron::ptx {
namespace {

/// Of an entry: more is no kernel.
constexpr std::uint64_t kMostRegisters = 1 << 20;
constexpr std::uint64_t kLargestVariable = std::uint64_t{1} << 30;

/// 0 where none is given.
std::size_t parse_alignment(TokenReader& tokens) {
  if (!tokens.take_dotted(".align")) return 0;
  const std::uint64_t bytes = tokens.peek().bits;
  if (tokens.peek().kind != TokenKind::integer || !std::has_single_bit(bytes) || bytes > 4096) {
    tokens.fail("an alignment that is a power of two up to 4096");
  }
  tokens.take();
  return bytes;
}

/// .attribute(.managed), .attribute(.unified(19, 95)): where the memory lies is nothing that a kernel sees.
void skip_attribute(TokenReader& tokens) {
  if (!tokens.take_dotted(".attribute")) return;
  tokens.expect('(');
  for (int depth = 1; depth > 0; tokens.take()) {
    if (tokens.peek().kind == TokenKind::end) tokens.fail("')'");
    depth += tokens.is_symbol('(') ? 1 : tokens.is_symbol(')') ? -1 : 0;
  }
}

Type parse_type(TokenReader& tokens) {
  const Token& token = tokens.peek();
  const Type* found = token.kind == TokenKind::dotted ? find_type(token.text.substr(1)) : nullptr;
  if (found == nullptr) tokens.fail("a type");
  tokens.take();
  return *found;
}

/// Of the dimensions that follow; `[]` is 0 and only for extern variables.
std::size_t parse_array_bytes(TokenReader& tokens, std::size_t bytes, bool is_extern) {
  while (tokens.take_symbol('[')) {
    if (tokens.take_symbol(']')) {
      if (!is_extern) tokens.fail("an array size");
      bytes = 0;
      continue;
    }
    const std::uint64_t count = tokens.expect_integer();
    if (count > kLargestVariable || bytes * count > kLargestVariable)
      tokens.fail("an array of at most 2^30 bytes");
    bytes *= count;
    tokens.expect(']');
  }
  return bytes;
}

/// sym, sym+4, generic(sym), 0xFF00(sym): an address or bytes of one.
void skip_address(TokenReader& tokens) {
  while (!tokens.is_symbol(',') && !tokens.is_symbol('}') && !tokens.is_symbol(';')) {
    if (tokens.peek().kind == TokenKind::end) tokens.fail("the end of an initial value");
    tokens.take();
  }
}

std::uint64_t parse_element(TokenReader& tokens, Variable& variable) {
  const bool is_address = tokens.peek().kind == TokenKind::word || tokens.is_symbol('(', 1);
  if (!is_address) return tokens.expect_literal().bits;
  skip_address(tokens);
  variable.holds_addresses = true;
  return 0;
}

void parse_initial(TokenReader& tokens, Variable& variable) {
  const std::size_t size = size_of(variable.type);
  const auto add = [&](std::uint64_t bits) {
    for (std::size_t byte = 0; byte < size; ++byte) {
      variable.initial.push_back(static_cast<std::byte>(bits >> (8 * byte)));
    }
  };
  if (!tokens.is_symbol('{')) return add(parse_element(tokens, variable));
  std::size_t depth = 0;
  do {
    while (tokens.take_symbol('{')) ++depth;
    if (!tokens.is_symbol('}')) add(parse_element(tokens, variable));
    while (depth > 0 && tokens.take_symbol('}')) --depth;
  } while (tokens.take_symbol(','));
  if (depth != 0) tokens.fail("'}'");
  if (variable.initial.size() > variable.bytes)
    tokens.fail("no more initial values than the array has elements");
}

}  // namespace

std::optional<Space> space_of(std::string_view directive) {
  if (directive == ".shared") return Space::shared;
  if (directive == ".global") return Space::global;
  if (directive == ".local") return Space::local;
  if (directive == ".const") return Space::constant;
  if (directive == ".param") return Space::param;
  return std::nullopt;
}

void parse_variables(TokenReader& tokens, Scopes& scopes, bool is_extern, std::vector<Variable>& into) {
  Variable variable;
  variable.space = *space_of(tokens.take().text);
  variable.is_extern = is_extern;
  skip_attribute(tokens);
  variable.alignment = parse_alignment(tokens);
  const std::size_t vector = tokens.take_dotted(".v2") ? 2 : tokens.take_dotted(".v4") ? 4 : 1;
  variable.type = parse_type(tokens);
  do {
    Variable one = variable;
    one.name = scopes.declare(tokens.expect_word("a variable's name"));
    one.bytes = size_of(one.type) * vector;
    if (one.alignment == 0) one.alignment = one.bytes;
    one.bytes = parse_array_bytes(tokens, one.bytes, one.is_extern);
    if (tokens.take_symbol('=')) parse_initial(tokens, one);
    into.push_back(std::move(one));
  } while (tokens.take_symbol(','));
  tokens.expect(';');
}

void parse_parameters(TokenReader& tokens, bool is_function, std::vector<Parameter>& into) {
  if (tokens.take_symbol(')')) return;
  do {
    Parameter parameter;
    parameter.is_register = is_function && tokens.take_dotted(".reg");
    if (!parameter.is_register && !tokens.take_dotted(".param")) tokens.fail(".param");
    parameter.alignment = parse_alignment(tokens);
    parameter.type = parse_type(tokens);
    if (tokens.take_dotted(".ptr")) {
      while (tokens.peek().kind == TokenKind::dotted) {
        if (tokens.take().text == ".align") tokens.expect_integer();
      }
    }
    if (parameter.alignment == 0) parameter.alignment = size_of(parameter.type);
    parameter.name = tokens.expect_word("a parameter's name");
    parameter.bytes = parse_array_bytes(tokens, size_of(parameter.type), is_function);
    into.push_back(std::move(parameter));
  } while (tokens.take_symbol(','));
  tokens.expect(')');
}

void parse_registers(TokenReader& tokens, Scopes& scopes, std::map<std::string, Type>& into) {
  if (tokens.take_dotted(".v2") || tokens.take_dotted(".v4")) tokens.fail("scalar registers");
  const Type type = parse_type(tokens);
  do {
    const std::string base = tokens.expect_word("a register's name");
    if (!tokens.take_symbol('<')) {
      into[scopes.declare(base)] = type;
      continue;
    }
    const std::uint64_t count = tokens.expect_integer();
    if (count > kMostRegisters || into.size() + count > kMostRegisters) tokens.fail("at most 2^20 registers");
    tokens.expect('>');
    for (std::uint64_t index = 0; index < count; ++index) {
      into[scopes.declare(base + std::to_string(index))] = type;
    }
  } while (tokens.take_symbol(','));
  tokens.expect(';');
}

}  // namespace perceptron::ptx
