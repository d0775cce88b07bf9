#include "src/ptx/calls.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "perceptron/error.hpp"

namespace perceptron::ptx {
namespace {

/// Of all copies: each call has one of its own, so that a few functions can become many. More is no kernel.
constexpr std::size_t kMostInstructions = 1 << 18;
constexpr std::size_t kMostRegisters = 1 << 18;

/// What the names of a function's own things become in one copy of it.
class Names {
 public:
  /// Of the entry itself: they stay as they are.
  explicit Names(const Entry& function) : function_(function) {}
  Names(const Entry& function, std::size_t call) : function_(function), suffix_(fmt::format("#{}", call)) {
    for (const Variable& variable : function.variables) {
      // A static variable is one for all calls.
      const bool is_static = variable.space != Space::local && variable.space != Space::param;
      others_[variable.name] =
          is_static ? fmt::format("{}#{}", variable.name, function.name) : variable.name + suffix_;
    }
  }

  void add(const std::string& name, const std::string& meant) { others_[name] = meant; }

  std::string of(const std::string& name) const {
    if (const auto other = others_.find(name); other != others_.end()) return other->second;
    const bool is_own = function_.registers.contains(name) || function_.labels.contains(name);
    return is_own ? name + suffix_ : name;
  }

  void apply(Operand& operand) const {
    if (auto* name = std::get_if<Name>(&operand.value)) name->text = of(name->text);
    if (auto* pair = std::get_if<Pair>(&operand.value)) *pair = {of(pair->first), of(pair->second)};
    if (auto* vector = std::get_if<Vector>(&operand.value)) {
      for (Operand& element : vector->elements) apply(element);
    }
    if (auto* address = std::get_if<Address>(&operand.value)) {
      address->base = of(address->base);
      for (std::string& coordinate : address->coordinates) coordinate = of(coordinate);
    }
  }
  void apply(Instruction& instruction) const {
    instruction.predicate = of(instruction.predicate);
    for (Operand& operand : instruction.operands) apply(operand);
  }

 private:
  const Entry& function_;
  std::string suffix_;
  std::map<std::string, std::string> others_;
};

class Inliner {
 public:
  Inliner(const Module& module, const Entry& entry) : module_(module), entry_(entry), whole_(entry) {
    whole_.instructions.clear();
    whole_.labels.clear();
    whole_.registers.clear();
    whole_.variables.clear();
  }

  Entry run() {
    add(entry_, Names(entry_), nullptr, {});
    return std::move(whole_);
  }

 private:
  /// `call`: that of the function, and `end` the label behind it; of the entry none.
  void add(const Entry& function, const Names& names, const Instruction* call, const std::string& end) {
    for (const auto& [name, type] : function.registers) whole_.registers[names.of(name)] = type;
    for (const Variable& variable : function.variables) add_variable(variable, names.of(variable.name));
    std::vector<std::size_t> begins;
    for (const Instruction& written : function.instructions) {
      begins.push_back(whole_.instructions.size());
      Instruction instruction = written;
      names.apply(instruction);
      if (call != nullptr) {
        locate(instruction.location, call->location);
        if (instruction.opcode == "ret") instruction.operands = {{Name{end}}};
      }
      if (instruction.opcode != "call" || !add_call(instruction))
        whole_.instructions.push_back(std::move(instruction));
    }
    begins.push_back(whole_.instructions.size());
    for (const auto& [label, index] : function.labels) whole_.labels[names.of(label)] = begins[index];
  }

  /// A function that the compiler made has no lines of a source: its call's say more.
  static void locate(Location& location, const Location& call) {
    if (location.source_line != 0) return;
    const int line = location.ptx_line;
    location = call;
    location.ptx_line = line;
  }

  void add_variable(const Variable& variable, const std::string& name) {
    if (!variables_.emplace(name, whole_.variables.size()).second) return;  // A static one, of another call.
    whole_.variables.push_back(variable);
    whole_.variables.back().name = name;
  }

  /// False: the function has no body.
  bool add_call(const Instruction& call) {
    const auto* name = std::get_if<Name>(&call.operands.at(1).value);
    if (name == nullptr || whole_.registers.contains(name->text))
      refuse(call, "calls by address are not known");
    const Entry* function = module_.find_function(name->text);
    if (function == nullptr) return false;
    if (std::find(callers_.begin(), callers_.end(), function->name) != callers_.end()) {
      refuse(call, fmt::format("recursion is not known: {} calls {}", fmt::join(callers_, " calls "),
                               function->name));
    }
    if (whole_.instructions.size() + function->instructions.size() > kMostInstructions)
      refuse(call, fmt::format("more than {} instructions with those of all calls", kMostInstructions));
    if (whole_.registers.size() + function->registers.size() > kMostRegisters)
      refuse(call, fmt::format("more than {} registers with those of all calls", kMostRegisters));
    Names names(*function, ++calls_);
    add_parameters(call, 0, function->results, names);
    add_parameters(call, 2, function->parameters, names);
    const std::string end = fmt::format("end of {}#{}", function->name, calls_);
    if (!call.predicate.empty()) jump_over(call, end);
    begin(call, *function, names);
    callers_.push_back(function->name);
    add(*function, names, &call, end);
    callers_.pop_back();
    whole_.labels[end] = whole_.instructions.size();
    return true;
  }

  /// For the lanes that do not call.
  void jump_over(const Instruction& call, const std::string& end) {
    Instruction jump = call;
    jump.opcode = "bra";
    jump.modifiers.clear();
    jump.operands = {{Name{end}}};
    jump.is_predicate_negated = !call.is_predicate_negated;
    whole_.instructions.push_back(std::move(jump));
  }

  void begin(const Instruction& call, const Entry& function, const Names& names) {
    Vector registers, variables;
    for (const auto& [name, type] : function.registers) registers.elements.push_back({Name{names.of(name)}});
    const auto add = [&](const std::string& name, std::size_t bytes) {
      variables.elements.push_back({Address{names.of(name), static_cast<std::int64_t>(bytes), 0, {}}});
    };
    for (const Variable& variable : function.variables) {
      if (variable.space == Space::local || variable.space == Space::param)
        add(variable.name, variable.bytes);
    }
    for (const Parameter& result : function.results) add(result.name, result.bytes);
    Instruction begin = call;
    begin.operands = {{std::move(registers)}, {std::move(variables)}};
    begin.predicate.clear();
    whole_.instructions.push_back(std::move(begin));
  }

  /// The function's parameters are the variables that the call names: nothing is copied.
  void add_parameters(const Instruction& call, std::size_t operand, const std::vector<Parameter>& declared,
                      Names& names) const {
    const auto& given = std::get<Vector>(call.operands.at(operand).value).elements;
    if (given.size() != declared.size()) {
      invalid(call, fmt::format("{} {}, expected {}", given.size(), operand == 0 ? "results" : "arguments",
                                declared.size()));
    }
    for (std::size_t index = 0; index < declared.size(); ++index) {
      const Parameter& parameter = declared[index];
      const auto* name = std::get_if<Name>(&given[index].value);
      const Variable* variable = name == nullptr ? nullptr : find_variable(name->text);
      if (parameter.is_register || variable == nullptr || variable->space != Space::param)
        refuse(call, "only arguments and results in variables of .param are known");
      if (variable->bytes != parameter.bytes) {
        invalid(call, fmt::format("{} has {} bytes, and {} {}", name->text, variable->bytes, parameter.name,
                                  parameter.bytes));
      }
      names.add(parameter.name, name->text);
    }
  }

  const Variable* find_variable(const std::string& name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? nullptr : &whole_.variables[found->second];
  }

  std::string message(const Instruction& call, std::string_view reason) const {
    return fmt::format("{}, line {}: {}: {}", entry_.name, call.location.ptx_line, call.text(), reason);
  }
  [[noreturn]] void refuse(const Instruction& call, std::string_view reason) const {
    throw Unsupported(message(call, reason));
  }
  [[noreturn]] void invalid(const Instruction& call, std::string_view reason) const {
    throw InvalidArgument(message(call, reason));
  }

  const Module& module_;
  const Entry& entry_;
  Entry whole_;
  std::map<std::string, std::size_t> variables_;  ///< Indices into those of whole_.
  std::vector<std::string> callers_;  ///< Functions that are being copied, each within the one before.
  std::size_t calls_ = 0;
};

}  // namespace

Entry inline_calls(const Module& module, const Entry& entry) { return Inliner(module, entry).run(); }

}  // namespace perceptron::ptx
