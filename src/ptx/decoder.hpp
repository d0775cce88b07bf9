// From one instruction to a step: a Decoder helps the operations read its modifiers and operands.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "src/ptx/entry_decoder.hpp"
#include "src/ptx/module.hpp"
#include "src/ptx/program.hpp"

namespace perceptron::ptx {

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
  /// The same of .approx, .full and .ftz, which only approximate arithmetic allows.
  bool take_inexact(std::string_view modifier);
  /// Refuses, for that reason, what only approximate arithmetic allows.
  void require_approximate(std::string_view reason) const;
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
  std::string message(std::string_view reason) const;

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
