#include "src/ptx/parser.hpp"

#include <algorithm>
#include <utility>

#include "src/ptx/declaration_parser.hpp"
#include "src/ptx/instruction_parser.hpp"
#include "src/ptx/scopes.hpp"
#include "src/ptx/token_reader.hpp"

namespace perceptron::ptx {
namespace {

/// Scopes within one another: more is no kernel.
constexpr std::size_t kDeepestScope = 64;

class Parser {
 public:
  Parser(std::string_view text, std::string_view name) : tokens_(text, name) {}

  Module run() {
    while (tokens_.peek().kind != TokenKind::end) directive();
    return std::move(module_);
  }

 private:
  // Module scope.
  void directive() {
    const Token& token = tokens_.peek();
    if (token.kind != TokenKind::dotted) tokens_.fail("a directive");
    if (tokens_.take_dotted(".version")) {
      module_.version = std::string(tokens_.take().text);
    } else if (tokens_.take_dotted(".target")) {
      module_.target = std::string(tokens_.take().text);
      while (tokens_.take_symbol(',')) tokens_.take();
    } else if (tokens_.take_dotted(".address_size")) {
      if (tokens_.expect_integer() != 64) tokens_.fail("64-bit addresses");
    } else if (token.text == ".file") {
      file();
    } else if (tokens_.take_dotted(".section")) {
      tokens_.take();
      tokens_.skip_block();
    } else if (take_linkage()) {
      return;
    } else if (tokens_.take_dotted(".extern")) {
      is_extern_ = true;
    } else if (tokens_.take_dotted(".entry")) {
      entry();
    } else if (tokens_.take_dotted(".func")) {
      function();
    } else if (space_of(token.text)) {
      variables(module_.variables);
    } else if (tokens_.take_dotted(".pragma") || tokens_.take_dotted(".alias")) {
      tokens_.skip_statement();
    } else {
      tokens_.fail("a directive of module scope");
    }
  }

  /// Nothing here depends on it.
  bool take_linkage() {
    return tokens_.take_dotted(".visible") || tokens_.take_dotted(".weak") || tokens_.take_dotted(".common");
  }

  void file() {
    tokens_.take();
    const auto number = static_cast<int>(tokens_.expect_integer());
    if (tokens_.peek().kind != TokenKind::string) tokens_.fail("a file name");
    module_.files[number] = std::string(tokens_.take().text);
    while (tokens_.take_symbol(',')) tokens_.expect_integer();
  }

  void variables(std::vector<Variable>& into) {
    parse_variables(tokens_, scopes_, std::exchange(is_extern_, false), into);
  }

  // Entries and functions.
  struct Jump {
    std::size_t instruction;
    std::vector<std::size_t> scopes;  ///< Numbers of those that it stands in.
  };

  void entry() {
    is_extern_ = false;
    entry_ = &module_.entries.emplace_back();
    entry_->name = tokens_.expect_word("an entry's name");
    if (tokens_.take_symbol('(')) parse_parameters(tokens_, false, entry_->parameters);
    while (!tokens_.is_symbol('{')) performance_directive();
    body();
  }

  /// A declaration ends with a semicolon, a definition with its body.
  void function() {
    is_extern_ = false;
    Entry function;
    if (tokens_.take_symbol('(')) parse_parameters(tokens_, true, function.results);
    function.name = tokens_.expect_word("a function's name");
    if (tokens_.take_symbol('(')) parse_parameters(tokens_, true, function.parameters);
    while (!tokens_.is_symbol('{') && !tokens_.is_symbol(';')) {  // .noreturn and the like.
      if (tokens_.peek().kind == TokenKind::end) tokens_.fail("a function's body");
      tokens_.take();
    }
    if (tokens_.take_symbol(';')) return;
    for (const auto* list : {&function.results, &function.parameters}) {
      for (const Parameter& parameter : *list) {
        if (parameter.is_register) function.registers[parameter.name] = parameter.type;
      }
    }
    entry_ = &module_.functions.emplace_back(std::move(function));
    body();
  }

  void performance_directive() {
    if (tokens_.peek().kind != TokenKind::dotted) tokens_.fail("a performance directive or '{'");
    const Token token = tokens_.take();
    std::array<std::uint32_t, 3> sizes{1, 1, 1};
    if (tokens_.peek().kind == TokenKind::string) {  // .pragma "nounroll";
      tokens_.take();
      tokens_.take_symbol(';');
      return;
    }
    if (tokens_.peek().kind == TokenKind::integer) {
      std::size_t axis = 0;
      do {
        if (axis == sizes.size()) tokens_.fail("at most three sizes");
        const Token& size = tokens_.peek();
        if (size.kind == TokenKind::integer && (size.bits < 1 || size.bits > 65536))
          tokens_.fail("a size of 1 to 65536");
        sizes[axis++] = static_cast<std::uint32_t>(tokens_.expect_integer());
      } while (tokens_.take_symbol(','));
    }
    if (token.text == ".maxntid" || token.text == ".reqntid")
      entry_->max_threads =
          static_cast<int>(std::min<std::uint64_t>(std::uint64_t{sizes[0]} * sizes[1] * sizes[2], 1 << 20));
    if (token.text == ".reqntid") entry_->block = sizes;
    if (token.text == ".reqnctapercluster") entry_->cluster = sizes;
  }

  /// Scopes within included.
  void body() {
    scopes_.begin_entry();
    location_ = {};
    jumps_.clear();
    tokens_.expect('{');
    std::size_t depth = 1;
    while (depth > 0) {
      if (tokens_.peek().kind == TokenKind::end) tokens_.fail("'}'");
      if (tokens_.take_symbol('{')) {
        if (++depth > kDeepestScope) tokens_.fail("fewer scopes within one another");
        scopes_.open();
      } else if (tokens_.take_symbol('}')) {
        --depth;
        if (depth > 0) scopes_.close();
      } else if (!tokens_.take_symbol(';')) {
        statement();
      }
    }
    resolve_labels();
    scopes_.end_entry();
  }

  void statement() {
    const Token& token = tokens_.peek();
    if (token.kind == TokenKind::dotted) return body_directive();
    if (token.kind == TokenKind::word && tokens_.is_symbol(':', 1)) {
      const std::string name = scopes_.declare(std::string(tokens_.take().text));
      tokens_.take();
      entry_->labels[name] = entry_->instructions.size();
      return;
    }
    instruction();
  }

  void body_directive() {
    const Token& token = tokens_.peek();
    if (token.text == ".loc") {
      loc();
    } else if (token.text == ".file") {
      file();
    } else if (tokens_.take_dotted(".reg")) {
      parse_registers(tokens_, scopes_, entry_->registers);
    } else if (space_of(token.text)) {
      variables(entry_->variables);
    } else if (token.text == ".pragma" || token.text == ".branchtargets" || token.text == ".callprototype") {
      tokens_.skip_statement();
    } else {
      tokens_.fail("a directive of an entry");
    }
  }

  void loc() {
    tokens_.take();
    Location found;
    found.source_file = static_cast<int>(tokens_.expect_integer());
    found.source_line = static_cast<int>(tokens_.expect_integer());
    tokens_.expect_integer();
    while (tokens_.take_symbol(',')) loc_attribute(found);
    // Line 0 is code that the compiler made: the line before it tells more.
    if (found.source_line > 0) location_ = found;
  }

  /// function_name LABEL{+OFFSET}, or inlined_at FILE LINE COLUMN.
  void loc_attribute(Location& location) {
    const std::string name = tokens_.expect_word("function_name or inlined_at");
    if (name == "function_name") {
      tokens_.expect_word("a label");
      if (tokens_.take_symbol('+')) tokens_.expect_integer();
    } else if (name == "inlined_at") {
      location.caller_file = static_cast<int>(tokens_.expect_integer());
      location.caller_line = static_cast<int>(tokens_.expect_integer());
      tokens_.expect_integer();
    } else {
      tokens_.invalid("expected function_name or inlined_at, found \"" + name + "\"");
    }
  }

  void instruction() {
    Instruction instruction = parse_instruction(tokens_, scopes_, location_);
    if (instruction.is_jump()) jumps_.push_back({entry_->instructions.size(), scopes_.numbers()});
    entry_->instructions.push_back(std::move(instruction));
  }

  /// A label may stand behind the jump to it: such names are settled when the entry is complete.
  void resolve_labels() {
    for (const auto& [index, scopes] : jumps_) {
      Instruction& jump = entry_->instructions[index];
      for (Operand& operand : jump.operands) {
        auto* name = std::get_if<Name>(&operand.value);
        if (name == nullptr) continue;
        for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
          const std::string candidate = Scopes::unique(name->text, *scope);
          if (!entry_->labels.contains(candidate)) continue;
          name->text = candidate;
          break;
        }
      }
    }
  }

  TokenReader tokens_;
  Scopes scopes_{tokens_};
  Module module_;
  Entry* entry_ = nullptr;
  bool is_extern_ = false;
  Location location_;
  std::vector<Jump> jumps_;
};

}  // namespace

Module parse(std::string_view text, std::string_view name) { return Parser(text, name).run(); }

}  // namespace perceptron::ptx
