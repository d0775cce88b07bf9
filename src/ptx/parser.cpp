#include "src/ptx/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <set>
#include <utility>

#include "perceptron/error.hpp"
#include "src/ptx/lexer.hpp"

namespace perceptron::ptx {
namespace {

/// Registers of one range, and scopes within one another: more is no kernel.
constexpr std::uint64_t kMostRegisters = 1 << 20;
constexpr std::size_t kDeepestScope = 64;
constexpr std::uint64_t kLargestVariable = std::uint64_t{1} << 30;

std::optional<Space> space_of(std::string_view directive) {
  if (directive == ".shared") return Space::shared;
  if (directive == ".global") return Space::global;
  if (directive == ".local") return Space::local;
  if (directive == ".const") return Space::constant;
  if (directive == ".param") return Space::param;
  return std::nullopt;
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view name) : name_(name), tokens_(tokenize(text, name)) {}

  Module run() {
    while (peek().kind != TokenKind::end) directive();
    return std::move(module_);
  }

 private:
  // Tokens.
  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  Token take() {
    const Token token = peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool is_symbol(char c, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::symbol && peek(ahead).text[0] == c;
  }
  bool take_symbol(char c) {
    if (!is_symbol(c)) return false;
    take();
    return true;
  }
  void expect(char c) {
    if (!take_symbol(c)) fail(fmt::format("'{}'", c));
  }
  [[noreturn]] void fail(const std::string& expected) const {
    throw InvalidArgument(
        fmt::format("{}, line {}: expected {}, found \"{}\"", name_, peek().line, expected, peek().text));
  }
  std::string expect_word(const char* what) {
    if (peek().kind != TokenKind::word) fail(what);
    return std::string(take().text);
  }
  std::uint64_t expect_integer() {
    const bool is_negative = take_symbol('-');
    if (peek().kind != TokenKind::integer) fail("an integer");
    const std::uint64_t bits = take().bits;
    return is_negative ? 0 - bits : bits;
  }
  bool take_dotted(std::string_view text) {
    if (peek().kind != TokenKind::dotted || peek().text != text) return false;
    take();
    return true;
  }

  // Module scope.
  void directive() {
    const Token& token = peek();
    if (token.kind != TokenKind::dotted) fail("a directive");
    if (take_dotted(".version")) {
      module_.version = std::string(take().text);
    } else if (take_dotted(".target")) {
      module_.target = std::string(take().text);
      while (take_symbol(',')) take();
    } else if (take_dotted(".address_size")) {
      if (expect_integer() != 64) fail("64-bit addresses");
    } else if (token.text == ".file") {
      file();
    } else if (take_dotted(".section")) {
      take();
      skip_block();
    } else if (take_dotted(".visible") || take_dotted(".weak") || take_dotted(".common")) {
      return;  // Linkage of what follows.
    } else if (take_dotted(".extern")) {
      is_extern_ = true;
    } else if (take_dotted(".entry")) {
      entry();
    } else if (take_dotted(".func")) {
      skip_function();
    } else if (space_of(token.text)) {
      variables(module_.variables);
    } else if (take_dotted(".pragma") || take_dotted(".alias")) {
      skip_statement();
    } else {
      fail("a directive of module scope");
    }
  }

  void file() {
    take();
    const auto number = static_cast<int>(expect_integer());
    if (peek().kind != TokenKind::string) fail("a file name");
    module_.files[number] = std::string(take().text);
    while (take_symbol(',')) expect_integer();
  }

  void skip_block() {
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
  void skip_statement() {
    while (!is_symbol(';')) {
      if (peek().kind == TokenKind::end) fail("';'");
      take();
    }
    take();
  }
  /// A declaration ends with a semicolon, a definition with its body.
  void skip_function() {
    while (!is_symbol('{') && !is_symbol(';')) {
      if (peek().kind == TokenKind::end) fail("a function's body");
      take();
    }
    if (is_symbol('{'))
      skip_block();
    else
      take();
    is_extern_ = false;
  }

  // Variables.
  void variables(std::vector<Variable>& into) {
    Variable variable;
    variable.space = *space_of(take().text);
    variable.is_extern = std::exchange(is_extern_, false);
    variable.alignment = alignment();
    const std::size_t vector = take_dotted(".v2") ? 2 : take_dotted(".v4") ? 4 : 1;
    variable.type = type();
    do {
      Variable one = variable;
      one.name = declared_name("a variable's name");
      one.bytes = size_of(one.type) * vector;
      if (one.alignment == 0) one.alignment = one.bytes;
      one.bytes = array_bytes(one.bytes, one.is_extern);
      if (take_symbol('=')) initialise(one);
      into.push_back(std::move(one));
    } while (take_symbol(','));
    expect(';');
  }

  std::size_t alignment() {
    if (!take_dotted(".align")) return 0;
    const std::uint64_t bytes = peek().bits;
    if (peek().kind != TokenKind::integer || !std::has_single_bit(bytes) || bytes > 4096) {
      fail("an alignment that is a power of two up to 4096");
    }
    take();
    return bytes;
  }
  Type type() {
    const Token& token = peek();
    const Type* found = token.kind == TokenKind::dotted ? find_type(token.text.substr(1)) : nullptr;
    if (found == nullptr) fail("a type");
    take();
    return *found;
  }
  /// Of the dimensions that follow; `[]` is 0 and only for extern variables.
  std::size_t array_bytes(std::size_t bytes, bool is_extern) {
    while (take_symbol('[')) {
      if (take_symbol(']')) {
        if (!is_extern) fail("an array size");
        bytes = 0;
        continue;
      }
      const std::uint64_t count = expect_integer();
      if (count > kLargestVariable || bytes * count > kLargestVariable)
        fail("an array of at most 2^30 bytes");
      bytes *= count;
      expect(']');
    }
    return bytes;
  }
  void initialise(Variable& variable) {
    const std::size_t size = size_of(variable.type);
    const auto add = [&](std::uint64_t bits) {
      for (std::size_t byte = 0; byte < size; ++byte) {
        variable.initial.push_back(static_cast<std::byte>(bits >> (8 * byte)));
      }
    };
    if (!is_symbol('{')) return add(literal().bits);
    std::size_t depth = 0;
    do {
      while (take_symbol('{')) ++depth;
      if (!is_symbol('}')) add(literal().bits);
      while (depth > 0 && take_symbol('}')) --depth;
    } while (take_symbol(','));
    if (depth != 0) fail("'}'");
    if (variable.initial.size() > variable.bytes) fail("no more initial values than the array has elements");
  }

  Literal literal() {
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

  // Entries.
  void entry() {
    is_extern_ = false;
    module_.entries.emplace_back();
    entry_ = &module_.entries.back();
    entry_->name = expect_word("an entry's name");
    scopes_.assign(1, {});
    scope_count_ = 0;
    location_ = {};
    fixups_.clear();
    if (take_symbol('(')) parameters();
    while (!is_symbol('{')) performance_directive();
    body();
    resolve_labels();
  }

  void parameters() {
    if (take_symbol(')')) return;
    do {
      if (!take_dotted(".param")) fail(".param");
      Parameter parameter;
      parameter.alignment = alignment();
      const Type element = type();
      if (take_dotted(".ptr")) {
        while (peek().kind == TokenKind::dotted) {
          if (take().text == ".align") expect_integer();
        }
      }
      if (parameter.alignment == 0) parameter.alignment = size_of(element);
      parameter.name = expect_word("a parameter's name");
      parameter.bytes = array_bytes(size_of(element), false);
      entry_->parameters.push_back(std::move(parameter));
    } while (take_symbol(','));
    expect(')');
  }

  void performance_directive() {
    if (peek().kind != TokenKind::dotted) fail("a performance directive or '{'");
    const Token token = take();
    std::uint64_t product = 1;
    if (peek().kind == TokenKind::string) {  // .pragma "nounroll";
      take();
      take_symbol(';');
      return;
    }
    if (peek().kind == TokenKind::integer) {
      do product *= std::min<std::uint64_t>(expect_integer(), 65536);
      while (take_symbol(','));
    }
    if (token.text == ".maxntid" || token.text == ".reqntid")
      entry_->max_threads = static_cast<int>(std::min<std::uint64_t>(product, 1 << 20));
    if (token.text == ".reqnctapercluster")
      entry_->required_cluster = static_cast<int>(std::min<std::uint64_t>(product, 1 << 20));
  }

  /// The entry's body, scopes within included.
  void body() {
    expect('{');
    std::size_t depth = 1;
    while (depth > 0) {
      if (peek().kind == TokenKind::end) fail("'}'");
      if (take_symbol('{')) {
        if (++depth > kDeepestScope) fail("fewer scopes within one another");
        scopes_.push_back({{}, ++scope_count_});
      } else if (take_symbol('}')) {
        --depth;
        if (depth > 0) scopes_.pop_back();
      } else if (!take_symbol(';')) {
        statement();
      }
    }
  }

  void statement() {
    const Token& token = peek();
    if (token.kind == TokenKind::dotted) return body_directive();
    if (token.kind == TokenKind::word && is_symbol(':', 1)) {
      const std::string name = declare(std::string(take().text));
      take();
      entry_->labels[name] = entry_->instructions.size();
      return;
    }
    instruction();
  }

  void body_directive() {
    const Token& token = peek();
    if (token.text == ".loc") {
      loc();
    } else if (token.text == ".file") {
      file();
    } else if (take_dotted(".reg")) {
      registers();
    } else if (space_of(token.text)) {
      if (token.text == ".param") return skip_statement();  // Of a call, which is refused itself.
      variables(entry_->variables);
    } else if (token.text == ".pragma" || token.text == ".branchtargets" || token.text == ".callprototype") {
      skip_statement();
    } else {
      fail("a directive of an entry");
    }
  }

  void loc() {
    const int line = peek().line;
    take();
    Location found;
    found.source_file = static_cast<int>(expect_integer());
    found.source_line = static_cast<int>(expect_integer());
    expect_integer();
    // , function_name …, inlined_at FILE LINE COLUMN: all on the same line.
    while (peek().line == line && peek().kind != TokenKind::end) {
      if (take().text != "inlined_at") continue;
      found.caller_file = static_cast<int>(expect_integer());
      found.caller_line = static_cast<int>(expect_integer());
    }
    // Line 0 is code that the compiler made: the line before it tells more.
    if (found.source_line > 0) location_ = found;
  }

  void registers() {
    const std::size_t vector = take_dotted(".v2") || take_dotted(".v4") ? 1 : 0;
    if (vector != 0) fail("scalar registers");
    const Type of = type();
    do {
      const std::string base = expect_word("a register's name");
      if (!take_symbol('<')) {
        entry_->registers[declare(base)] = of;
        continue;
      }
      const std::uint64_t count = expect_integer();
      if (count > kMostRegisters || entry_->registers.size() + count > kMostRegisters)
        fail("at most 2^20 registers");
      expect('>');
      for (std::uint64_t index = 0; index < count; ++index) {
        entry_->registers[declare(base + std::to_string(index))] = of;
      }
    } while (take_symbol(','));
    expect(';');
  }

  // Names: an inner scope's hide those outside.
  struct Scope {
    std::set<std::string, std::less<>> names;
    std::size_t number = 0;
  };

  std::string unique(const std::string& name, const Scope& scope) const {
    return scope.number == 0 ? name : fmt::format("{}@{}", name, scope.number);
  }
  std::string declare(const std::string& name) {
    if (!scopes_.back().names.insert(name).second) {
      throw InvalidArgument(
          fmt::format("{}, line {}: \"{}\" is declared twice in its scope", name_, peek().line, name));
    }
    return unique(name, scopes_.back());
  }
  std::string declared_name(const char* what) {
    const std::string name = expect_word(what);
    return entry_ == nullptr || scopes_.empty() ? name : declare(name);
  }
  std::string resolve(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (scope->names.contains(name)) return unique(name, *scope);
    }
    return name;
  }
  /// A label may stand behind the jump to it: such names are settled when the entry is complete.
  void resolve_labels() {
    for (const auto& [index, scopes] : fixups_) {
      Instruction& jump = entry_->instructions[index];
      for (Operand& operand : jump.operands) {
        auto* name = std::get_if<Name>(&operand.value);
        if (name == nullptr) continue;
        for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
          const std::string candidate = *scope == 0 ? name->text : fmt::format("{}@{}", name->text, *scope);
          if (!entry_->labels.contains(candidate)) continue;
          name->text = candidate;
          break;
        }
      }
    }
  }

  // Instructions.
  void instruction() {
    Instruction instruction;
    instruction.location = location_;
    instruction.location.ptx_line = peek().line;
    if (take_symbol('@')) {
      instruction.is_predicate_negated = take_symbol('!');
      instruction.predicate = resolve(expect_word("a predicate"));
    }
    instruction.opcode = expect_word("an opcode");
    while (peek().kind == TokenKind::dotted) instruction.modifiers.emplace_back(take().text.substr(1));
    const bool is_jump = instruction.opcode == "bra";
    if (is_jump) {
      std::vector<std::size_t> scopes;
      for (const Scope& scope : scopes_) scopes.push_back(scope.number);
      fixups_.emplace_back(entry_->instructions.size(), std::move(scopes));
    }
    if (instruction.opcode == "call") {  // Its operands are of no use: the decoder refuses it.
      skip_statement();
    } else if (!is_symbol(';')) {
      do instruction.operands.push_back(operand(is_jump));
      while (take_symbol(','));
      expect(';');
    } else {
      take();
    }
    entry_->instructions.push_back(std::move(instruction));
  }

  Operand operand(bool is_label) {
    Operand result;
    if (take_symbol('!')) result.is_negated = true;
    if (is_symbol('{')) {
      result.value = vector();
    } else if (is_symbol('[')) {
      result.value = address();
    } else if (peek().kind == TokenKind::word) {
      const std::string text(take().text);
      const std::string name = is_label ? text : resolve(text);
      if (take_symbol('|')) {
        result.value = Pair{name, resolve(expect_word("a second destination"))};
      } else if (is_symbol('+') || (is_symbol('-') && peek(1).kind == TokenKind::integer)) {
        result.value = Address{name, offset(), {}};
      } else {
        result.value = Name{name};
      }
    } else {
      result.value = literal();
    }
    return result;
  }

  Vector vector() {
    expect('{');
    Vector result;
    do {
      if (is_symbol('{')) fail("an element that is no vector");
      result.elements.push_back(operand(false));
      if (result.elements.size() > 8) fail("at most eight elements");
    } while (take_symbol(','));
    expect('}');
    return result;
  }

  Address address() {
    expect('[');
    Address result;
    if (peek().kind == TokenKind::word) {
      result.base = resolve(std::string(take().text));
      if (take_symbol(',')) {
        result.coordinates = coordinates();
      } else if (!is_symbol(']')) {
        result.offset = offset();
      }
    } else {
      result.offset = static_cast<std::int64_t>(expect_integer());
    }
    expect(']');
    return result;
  }
  std::vector<std::string> coordinates() {
    expect('{');
    std::vector<std::string> names;
    do {
      if (peek().kind == TokenKind::word)
        names.push_back(resolve(std::string(take().text)));
      else
        names.push_back(std::to_string(literal().bits));
    } while (take_symbol(','));
    expect('}');
    return names;
  }
  /// +8, -8 or +-8.
  std::int64_t offset() {
    if (!take_symbol('+') && !is_symbol('-')) fail("'+', '-' or the end of the operand");
    return static_cast<std::int64_t>(expect_integer());
  }

  std::string_view name_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  Module module_;
  Entry* entry_ = nullptr;
  bool is_extern_ = false;
  std::vector<Scope> scopes_;
  std::size_t scope_count_ = 0;
  Location location_;
  std::vector<std::pair<std::size_t, std::vector<std::size_t>>> fixups_;
};

}  // namespace

Module parse(std::string_view text, std::string_view name) { return Parser(text, name).run(); }

}  // namespace perceptron::ptx
