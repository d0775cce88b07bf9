#include "src/ptx/decoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "perceptron/error.hpp"
#include "src/ptx/operations.hpp"

namespace perceptron::ptx {
namespace {

constexpr std::array<std::string_view, 20> kSpecialNames{
    "%tid.x",       "%tid.y",       "%tid.z",       "%ntid.x",      "%ntid.y",
    "%ntid.z",      "%ctaid.x",     "%ctaid.y",     "%ctaid.z",     "%nctaid.x",
    "%nctaid.y",    "%nctaid.z",    "%laneid",      "%warpid",      "%lanemask_eq",
    "%lanemask_lt", "%lanemask_le", "%lanemask_gt", "%lanemask_ge", "%dynamic_smem_size"};

std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

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

/// log2 of the narrowest access to the space, whole or part of generic ones: 0, 1 or 2.
int narrowest_access(const Entry& entry, std::string_view space) {
  std::size_t narrowest = 4;
  for (const Instruction& instruction : entry.instructions) {
    static constexpr std::array<std::string_view, 4> kAccesses{"ld", "st", "atom", "red"};
    if (std::find(kAccesses.begin(), kAccesses.end(), instruction.opcode) == kAccesses.end()) continue;
    bool is_elsewhere = false;
    std::size_t bytes = 4;
    for (const std::string& modifier : instruction.modifiers) {
      if (const Type* type = find_type(modifier)) bytes = size_of(*type);
      const std::string_view base = std::string_view(modifier).substr(0, modifier.find(':'));
      for (const std::string_view other : {"global", "shared", "local", "param", "const"}) {
        if (base == other && other != space) is_elsewhere = true;
      }
    }
    if (!is_elsewhere) narrowest = std::min(narrowest, bytes);
  }
  return narrowest == 1 ? 0 : narrowest == 2 ? 1 : 2;
}

/// True where threads are ordered by more than barriers of the whole block.
bool has_partial_ordering(const Entry& entry) {
  return std::any_of(
      entry.instructions.begin(), entry.instructions.end(), [](const Instruction& instruction) {
        if (instruction.opcode == "mbarrier" || instruction.opcode == "atom" || instruction.opcode == "red")
          return true;
        if (instruction.opcode != "bar" && instruction.opcode != "barrier") return false;
        const auto& modifiers = instruction.modifiers;
        const bool is_warp = std::find(modifiers.begin(), modifiers.end(), "warp") != modifiers.end();
        const bool is_arrive = std::find(modifiers.begin(), modifiers.end(), "arrive") != modifiers.end();
        return is_warp || is_arrive || instruction.operands.size() > 1;
      });
}

}  // namespace

EntryDecoder::EntryDecoder(const Module& module, const Entry& entry, PtxRounding rounding)
    : module_(module), entry_(entry), rounding_(rounding) {
  program_.kernel = entry.name;
  program_.files = module.files;
  program_.shared_granule_log2 = narrowest_access(entry, "shared");
  program_.global_granule_log2 = narrowest_access(entry, "global");
  program_.has_partial_ordering = has_partial_ordering(entry);
  if (entry.max_threads > 0) program_.max_threads = entry.max_threads;
  place_symbols();
  number_registers();
}

void EntryDecoder::number_registers() {
  for (const auto& [name, type] : entry_.registers) {
    if (type == Type::pred) {
      rows_.emplace(name, program_.predicates++);
    } else {
      rows_.emplace(name, program_.rows);
      program_.rows += is_wide(type) ? 2 : 1;
    }
  }
}

void EntryDecoder::place_symbols() {
  std::uint64_t parameter = 0;
  for (const Parameter& declared : entry_.parameters) {
    parameter = round_up(parameter, declared.alignment);
    symbols_[declared.name] = {kParameterWindow + parameter, Space::param};
    parameter += declared.bytes;
  }
  program_.argument_bytes = parameter;
  place_variables(module_.variables);
  place_variables(entry_.variables);
  program_.static_shared_bytes = round_up(shared_end_ - kSharedBase, extern_alignment_);
  for (const std::string& name : extern_shared_) {
    symbols_[name] = {kSharedBase + program_.static_shared_bytes, Space::shared};
  }
}

void EntryDecoder::place_variables(const std::vector<Variable>& variables) {
  for (const Variable& variable : variables) {
    if (variable.space == Space::shared && variable.is_extern) {
      extern_shared_.push_back(variable.name);
      extern_alignment_ = std::max<std::uint64_t>(extern_alignment_, variable.alignment);
    } else if (variable.space == Space::shared) {
      shared_end_ = round_up(shared_end_, variable.alignment);
      symbols_[variable.name] = {shared_end_, Space::shared};
      shared_end_ += variable.bytes;
    } else if (variable.space == Space::local) {
      program_.local_bytes = round_up(program_.local_bytes, variable.alignment);
      symbols_[variable.name] = {program_.local_bytes, Space::local};
      program_.local_bytes += variable.bytes;
    } else {
      std::vector<std::byte>& data = program_.constant_data;
      data.resize(round_up(data.size(), variable.alignment));
      symbols_[variable.name] = {kConstantWindow + data.size(), variable.space};
      std::vector<std::byte> initial = variable.initial;
      initial.resize(variable.bytes);
      data.insert(data.end(), initial.begin(), initial.end());
    }
  }
}

std::uint32_t EntryDecoder::register_row(const std::string& name, Type& declared) {
  const auto found = entry_.registers.find(name);
  if (found == entry_.registers.end() || found->second == Type::pred) return kNone;
  declared = found->second;
  return rows_.find(name)->second;
}

std::uint32_t EntryDecoder::predicate_number(const std::string& name) {
  const auto found = entry_.registers.find(name);
  if (found == entry_.registers.end() || found->second != Type::pred) return kNone;
  return rows_.find(name)->second;
}

std::uint32_t EntryDecoder::constant_row(std::uint64_t bits, bool wide) {
  if (!wide) bits &= 0xffffffffu;
  const auto [place, is_new] = constants_.try_emplace({bits, wide}, program_.rows);
  if (is_new) {
    program_.constants.push_back({program_.rows, wide, bits});
    program_.rows += wide ? 2 : 1;
  }
  return place->second;
}

std::uint32_t EntryDecoder::special_row(const std::string& name) {
  const auto found = std::find(kSpecialNames.begin(), kSpecialNames.end(), name);
  if (found == kSpecialNames.end()) return kNone;
  const auto [place, is_new] = specials_.try_emplace(name, program_.rows);
  if (is_new) {
    program_.specials.push_back({program_.rows, static_cast<Special>(found - kSpecialNames.begin())});
    program_.rows += 1;
  }
  return place->second;
}

bool EntryDecoder::find_symbol(const std::string& name, std::uint64_t& address, Space& space) const {
  const auto found = symbols_.find(name);
  if (found == symbols_.end()) return false;
  address = found->second.address;
  space = found->second.space;
  return true;
}

Program EntryDecoder::take() {
  program_.steps.reserve(entry_.instructions.size() + 1);
  for (const Instruction& instruction : entry_.instructions) {
    Decoder decoder(*this, instruction);
    const Operation* operation = find_operation(instruction.opcode);
    if (operation == nullptr) decoder.refuse("the machine does not know this opcode");
    operation->decode(decoder);
    decoder.finish();
    decoder.step.instruction = static_cast<std::uint32_t>(program_.steps.size());
    program_.steps.push_back(decoder.step);
    program_.locations.push_back(instruction.location);
    program_.texts.push_back(instruction.text());
  }
  Step end;
  end.control = Control::end;
  end.instruction = static_cast<std::uint32_t>(program_.steps.size());
  program_.steps.push_back(end);
  program_.locations.push_back(program_.locations.empty() ? Location{} : program_.locations.back());
  program_.texts.emplace_back("end of the kernel");
  for (const auto& [name, index] : entry_.labels) program_.steps[index].is_label = true;
  return std::move(program_);
}

Program decode(const Module& module, const Entry& entry, PtxRounding rounding) {
  return EntryDecoder(module, entry, rounding).take();
}

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
  if (left == "ftz" || left == "approx" || left == "full") {
    refuse(fmt::format(".{} is no IEEE operation, which reproducible arithmetic needs", left));
  }
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
    return entry_.constant_row(address + static_cast<std::uint64_t>(place->offset), wide);
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
  step.immediate = static_cast<std::uint64_t>(place->offset);
  Type declared = Type::b64;
  if (place->base.empty()) {
    step.source[0] = entry_.constant_row(0, true);
  } else if (entry_.find_symbol(place->base, base, symbol_space)) {
    step.source[0] = entry_.constant_row(base, true);
  } else if (const std::uint32_t row = entry_.register_row(place->base, declared); row != kNone) {
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

void Decoder::refuse(std::string_view reason) const {
  throw Unsupported(fmt::format("{}, line {}: {}: {}", entry_.entry().name, instruction_.location.ptx_line,
                                instruction_.text(), reason));
}

void Decoder::invalid(std::string_view reason) const {
  throw InvalidArgument(fmt::format("{}, line {}: {}: {}", entry_.entry().name,
                                    instruction_.location.ptx_line, instruction_.text(), reason));
}

}  // namespace perceptron::ptx
