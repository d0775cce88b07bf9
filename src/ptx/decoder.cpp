#include "src/ptx/decoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "perceptron/error.hpp"
#include "src/ptx/fault.hpp"

namespace perceptron::ptx {
namespace {

/// Decimal literals are doubles, which a 32-bit operand takes as floats.
std::uint64_t literal_bits(const Literal& literal, bool is_wide) {
  if (literal.kind == Literal::Kind::f64 && !is_wide) {
    return std::bit_cast<std::uint32_t>(static_cast<float>(std::bit_cast<double>(literal.bits)));
  }
  if (literal.kind == Literal::Kind::f32 && is_wide) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(literal.bits));
    return std::bit_cast<std::uint64_t>(static_cast<double>(value));
  }
  return literal.bits;
}

bool is_wide(Type type) { return size_of(type) > 4; }

std::string reason_against(std::string_view modifier) {
  if (modifier == "ftz") return ".ftz makes subnormal numbers 0";
  return fmt::format(".{} gives bits that no document tells", modifier);
}

}  // namespace

Decoder::Decoder(EntryDecoder& entry, const Instruction& instruction)
    : entry_(entry), instruction_(instruction), modifiers_(instruction.modifiers) {
  if (!instruction.predicate.empty()) {
    step.predicate = entry_.predicate_number(instruction.predicate);
    if (step.predicate == kNone) invalid(fmt::format("{} is no predicate register", instruction.predicate));
    step.is_predicate_negated = instruction.is_predicate_negated;
  }
}

bool Decoder::take(std::string_view modifier) {
  const auto found = std::find(modifiers_.begin(), modifiers_.end(), modifier);
  if (found == modifiers_.end()) return false;
  modifiers_.erase(found);
  return true;
}

bool Decoder::take_inexact(std::string_view modifier) {
  if (!take(modifier)) return false;
  require_approximate(reason_against(modifier));
  return true;
}

void Decoder::require_approximate(std::string_view reason) const {
  if (entry_.rounding() == PtxRounding::approximate) return;
  refuse(fmt::format(
      "{}, so that reproducible arithmetic refuses it; judging by an interval does not (`perceptron validate "
      "--ptx` without --arithmetic reproducible, PtxRounding::approximate)",
      reason));
}

int Decoder::take_one_of(std::initializer_list<std::string_view> modifiers) {
  int index = 0;
  for (const std::string_view modifier : modifiers) {
    if (take(modifier)) return index;
    ++index;
  }
  return -1;
}

bool Decoder::has_type() const {
  return std::any_of(modifiers_.begin(), modifiers_.end(),
                     [](const std::string& modifier) { return find_type(modifier) != nullptr; });
}

Type Decoder::take_type() {
  for (auto modifier = modifiers_.rbegin(); modifier != modifiers_.rend(); ++modifier) {
    if (const Type* type = find_type(*modifier)) {
      const Type found = *type;
      modifiers_.erase(std::next(modifier).base());
      return found;
    }
  }
  refuse("expected a type");
}

void Decoder::finish() {
  if (modifiers_.empty() && operand_count() > operands_read_) {
    invalid(fmt::format("{} operands, expected {}", operand_count(), operands_read_));
  }
  if (modifiers_.empty()) return;
  const std::string& left = modifiers_.front();
  if (left == "ftz" || left == "approx" || left == "full") require_approximate(reason_against(left));
  refuse(fmt::format("the machine does not know .{} here", left));
}

const Operand& Decoder::operand(std::size_t index) const {
  if (index >= instruction_.operands.size()) invalid(fmt::format("operand {} is missing", index + 1));
  operands_read_ = std::max(operands_read_, index + 1);
  return instruction_.operands[index];
}

std::uint32_t Decoder::register_of(const Operand& operand, bool& wide) {
  const auto* name = std::get_if<Name>(&operand.value);
  Type declared = Type::b32;
  const std::uint32_t row = name == nullptr ? kNone : entry_.register_row(name->text, declared);
  if (row == kNone) invalid("expected a register");
  wide = is_wide(declared);
  return row;
}

std::uint32_t Decoder::source_of(const Operand& operand, std::size_t bytes) {
  const bool wide = bytes > 4;
  if (operand.is_negated) invalid("'!' stands before predicates alone");
  if (const auto* literal = std::get_if<Literal>(&operand.value)) {
    return entry_.constant_row(literal_bits(*literal, wide), wide);
  }
  std::uint64_t address = 0;
  Space space{};
  if (const auto* place = std::get_if<Address>(&operand.value)) {  // symbol + offset
    if (!entry_.find_symbol(place->base, address, space))
      invalid(fmt::format("unknown symbol {}", place->base));
    return entry_.constant_row(address + entry_.offset_of(*place), wide);
  }
  const auto* name = std::get_if<Name>(&operand.value);
  if (name == nullptr) invalid("expected a register, a constant or a symbol");
  if (!entry_.is_register(name->text)) {
    if (const std::uint32_t row = entry_.special_row(name->text); row != kNone) {
      if (wide) refuse(fmt::format("{} as 64 bits is not known", name->text));
      return row;
    }
    if (name->text == "WARP_SZ") return entry_.constant_row(kLanes, wide);
    if (entry_.find_symbol(name->text, address, space)) return entry_.constant_row(address, wide);
    if (const std::uint32_t row = entry_.grid_barrier_row(name->text); row != kNone && !wide) return row;
    refuse(fmt::format("{} is not known", name->text));
  }
  bool is_wide_register = false;
  const std::uint32_t row = register_of(operand, is_wide_register);
  if (is_wide_register != wide) {
    invalid(fmt::format("{} is {} bits wide, expected {}", name->text, is_wide_register ? 64 : 32,
                        wide ? 64 : 32));
  }
  return row;
}

std::uint32_t Decoder::source(std::size_t index, std::size_t bytes) {
  return source_of(operand(index), bytes);
}

std::uint32_t Decoder::target(std::size_t index, std::size_t bytes) {
  bool wide = false;
  const auto* name = std::get_if<Name>(&operand(index).value);
  if (name != nullptr && name->text == "_") invalid("a sink is not known here");
  const std::uint32_t row = register_of(operand(index), wide);
  if (wide != (bytes > 4)) invalid(fmt::format("{} has the wrong width for a destination", name->text));
  return row;
}

std::uint32_t Decoder::predicate_source(std::size_t index, bool& is_negated) {
  const Operand& given = operand(index);
  is_negated = given.is_negated;
  const auto* name = std::get_if<Name>(&given.value);
  const std::uint32_t number = name == nullptr ? kNone : entry_.predicate_number(name->text);
  if (number == kNone) invalid("expected a predicate register");
  return number;
}

std::uint32_t Decoder::predicate_target(std::size_t index) {
  bool is_negated = false;
  return predicate_source(index, is_negated);
}

void Decoder::elementwise(Execute execute, std::size_t target_bytes,
                          std::initializer_list<std::size_t> source_bytes) {
  step.execute = execute;
  step.target = target(0, target_bytes);
  std::size_t index = 0;
  for (const std::size_t bytes : source_bytes) {
    step.source[index] = source(index + 1, bytes);
    ++index;
  }
}

void Decoder::address(std::size_t index, Space space) {
  const auto* place = std::get_if<Address>(&operand(index).value);
  if (place == nullptr) invalid("expected [address]");
  if (!place->coordinates.empty()) refuse("coordinates of tensors are not known");
  std::uint64_t base = 0;
  Space symbol_space = space;
  step.immediate = entry_.offset_of(*place);
  Type declared = Type::b64;
  if (place->base.empty()) {
    step.source[0] = entry_.constant_row(0, true);
  } else if (entry_.find_symbol(place->base, base, symbol_space)) {
    step.source[0] = entry_.constant_row(base, true);
  } else if (const std::uint32_t row = entry_.register_row(place->base, declared); row != kNone) {
    if (place->element != 0) invalid("only variables have elements");
    step.source[0] = row;
    is_wide_address_ = is_wide(declared);
    return;
  } else {
    invalid(fmt::format("unknown name {}", place->base));
  }
  is_wide_address_ = true;
}

void Decoder::vector(std::size_t index, std::size_t bytes, bool is_target) {
  const Operand& given = operand(index);
  const auto* elements = std::get_if<Vector>(&given.value);
  std::vector<std::uint32_t>& lists = entry_.program().lists;
  step.list = static_cast<std::uint32_t>(lists.size());
  const auto add = [&](const Operand& element) {
    const auto* name = std::get_if<Name>(&element.value);
    if (name != nullptr && name->text == "_") {
      if (!is_target) invalid("'_' gives no value");
      lists.push_back(kNone);
      return;
    }
    if (!is_target) {
      lists.push_back(source_of(element, bytes));
      return;
    }
    bool wide = false;
    lists.push_back(register_of(element, wide));
    if (wide != (bytes > 4)) invalid("a destination has the wrong width");
  };
  if (elements == nullptr) {
    add(given);
    step.count = 1;
  } else {
    for (const Operand& element : elements->elements) add(element);
    step.count = static_cast<std::uint8_t>(elements->elements.size());
  }
}

std::string Decoder::message(std::string_view reason) const {
  const Location& location = instruction_.location;
  Place place;
  place_source(place, location, entry_.program().files);
  return fmt::format("{}, line {}{}: {}: {}", entry_.entry().name, location.ptx_line, source_text(place),
                     instruction_.text(), reason);
}

void Decoder::refuse(std::string_view reason) const { throw Unsupported(message(reason)); }

void Decoder::invalid(std::string_view reason) const { throw InvalidArgument(message(reason)); }

}  // namespace perceptron::ptx
