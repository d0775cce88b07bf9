// From an entry's text to steps: decode() drives, a Decoder helps the operations read one instruction.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "perceptron/ptx.hpp"
#include "src/ptx/module.hpp"
#include "src/ptx/program.hpp"

namespace perceptron::ptx {

/// Throws Unsupported at the first instruction that the machine does not know, or that reproducible
/// arithmetic forbids; InvalidArgument where operands do not fit. `rounding`: whether f32 and f64 operations
/// without one are forbidden too.
Program decode(const Module& module, const Entry& entry, PtxRounding rounding = PtxRounding::stated);

/// What is shared by all instructions of an entry: rows given to registers and constants, symbols' addresses.
class EntryDecoder {
 public:
  EntryDecoder(const Module& module, const Entry& entry, PtxRounding rounding);
  Program take();

  /// The register's row; declared registers only.
  std::uint32_t register_row(const std::string& name, Type& declared);
  std::uint32_t predicate_number(const std::string& name);
  std::uint32_t constant_row(std::uint64_t bits, bool is_wide);
  std::uint32_t constant_predicate(bool value);
  std::uint32_t special_row(const std::string& name);
  bool is_register(const std::string& name) const { return entry_.registers.contains(name); }
  bool find_symbol(const std::string& name, std::uint64_t& address, Space& space) const;

  const Module& module() const { return module_; }
  const Entry& entry() const { return entry_; }
  PtxRounding rounding() const { return rounding_; }
  Program& program() { return program_; }

 private:
  struct Symbol {
    std::uint64_t address;
    Space space;
  };

  void place_symbols();
  void place_variables(const std::vector<Variable>& variables);
  void number_registers();

  const Module& module_;
  const Entry& entry_;
  const PtxRounding rounding_;
  Program program_;
  std::map<std::string, std::uint32_t, std::less<>> rows_;
  std::map<std::pair<std::uint64_t, bool>, std::uint32_t> constants_;
  std::map<std::string, Symbol, std::less<>> symbols_;
  std::map<std::string, std::uint32_t, std::less<>> specials_;
  std::uint64_t shared_end_ = kSharedBase;
  std::vector<std::string> extern_shared_;
  std::uint64_t extern_alignment_ = 1;
};

/// One instruction: its modifiers are taken one by one, and what is left over in finish() is refused by name.
class Decoder {
 public:
  Decoder(EntryDecoder& entry, const Instruction& instruction);

  Step step;

  const Instruction& instruction() const { return instruction_; }
  EntryDecoder& entry() { return entry_; }

  /// True, once, where the modifier is there.
  bool take(std::string_view modifier);
  /// The first of the modifiers that is there and its index, or -1.
  int take_one_of(std::initializer_list<std::string_view> modifiers);
  /// The last type modifier not taken yet; refuses an instruction without one.
  Type take_type();
  bool has_type() const;
  void finish();

  /// Row of the operand, whose slots have `bytes` (1, 2, 4: narrow rows; 8: wide ones).
  std::uint32_t source(std::size_t index, std::size_t bytes);
  std::uint32_t target(std::size_t index, std::size_t bytes);
  std::uint32_t predicate_source(std::size_t index, bool& is_negated);
  std::uint32_t predicate_target(std::size_t index);
  /// Sources from operand 1 on and the target, of these slot sizes.
  void elementwise(Execute execute, std::size_t target_bytes,
                   std::initializer_list<std::size_t> source_bytes);
  /// Base row of [base + offset] in source[0] and the offset in `immediate`; the base is always wide or made
  /// so.
  void address(std::size_t index, Space space);
  bool is_wide_address() const { return is_wide_address_; }
  /// Rows of a vector or of a single register, appended to the program's lists; kNone for `_`.
  void vector(std::size_t index, std::size_t bytes, bool is_target);
  /// Row of a named register and whether its slots are wide.
  std::uint32_t register_of(const Operand& operand, bool& is_wide);
  const Operand& operand(std::size_t index) const;
  std::size_t operand_count() const { return instruction_.operands.size(); }

  [[noreturn]] void refuse(std::string_view reason) const;
  [[noreturn]] void invalid(std::string_view reason) const;

 private:
  std::uint32_t source_of(const Operand& operand, std::size_t bytes);

  EntryDecoder& entry_;
  const Instruction& instruction_;
  std::vector<std::string> modifiers_;
  mutable std::size_t operands_read_ = 0;
  bool is_wide_address_ = true;
};

/// One opcode: its name, and how an instruction of it becomes a step.
struct Operation {
  std::string_view opcode;
  void (*decode)(Decoder&);
};

}  // namespace perceptron::ptx
