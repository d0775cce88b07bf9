#include "src/ptx/entry_decoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "perceptron/error.hpp"
#include "src/ptx/calls.hpp"
#include "src/ptx/decoder.hpp"
#include "src/ptx/operations.hpp"

namespace perceptron::ptx {
namespace {

constexpr std::array<std::string_view, 23> kSpecialNames{
    "%tid.x",       "%tid.y",       "%tid.z",       "%ntid.x",      "%ntid.y",
    "%ntid.z",      "%ctaid.x",     "%ctaid.y",     "%ctaid.z",     "%nctaid.x",
    "%nctaid.y",    "%nctaid.z",    "%laneid",      "%warpid",      "%lanemask_eq",
    "%lanemask_lt", "%lanemask_le", "%lanemask_gt", "%lanemask_ge", "%dynamic_smem_size",
    "%nwarpid",     "%smid",        "%nsmid"};

std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

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

void add_names(const Operand& operand, std::set<std::string, std::less<>>& names) {
  if (const auto* name = std::get_if<Name>(&operand.value)) names.insert(name->text);
  if (const auto* address = std::get_if<Address>(&operand.value)) names.insert(address->base);
  if (const auto* vector = std::get_if<Vector>(&operand.value)) {
    for (const Operand& element : vector->elements) add_names(element, names);
  }
}

/// A module's variables belong to the entries that name them.
std::vector<Variable> variables_of(const Module& module, const Entry& entry) {
  std::set<std::string, std::less<>> names;
  for (const Instruction& instruction : entry.instructions) {
    for (const Operand& operand : instruction.operands) add_names(operand, names);
  }
  std::vector<Variable> variables;
  std::copy_if(module.variables.begin(), module.variables.end(), std::back_inserter(variables),
               [&](const Variable& variable) { return names.contains(variable.name); });
  return variables;
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
  program_.block = entry.block;
  program_.cluster = entry.cluster;
  place_symbols();
  number_registers();
}

bool EntryDecoder::begins_compare_and_swap(const Instruction& load) const {
  if (load.operands.size() < 2) return false;
  const auto* to = std::get_if<Name>(&load.operands[0].value);
  const auto* from = std::get_if<Address>(&load.operands[1].value);
  if (to == nullptr || from == nullptr) return false;
  const auto begins = [&](const Instruction& other) {
    const std::vector<std::string>& modifiers = other.modifiers;
    if (other.opcode != "atom" || other.operands.size() < 4 ||
        std::find(modifiers.begin(), modifiers.end(), "cas") == modifiers.end())
      return false;
    const auto* swapped = std::get_if<Address>(&other.operands[1].value);
    const auto* compared = std::get_if<Name>(&other.operands[2].value);
    return (swapped != nullptr && swapped->base == from->base && swapped->offset == from->offset) ||
           (compared != nullptr && compared->text == to->text);
  };
  return std::any_of(entry_.instructions.begin(), entry_.instructions.end(), begins);
}

void EntryDecoder::number_registers() {
  for (const auto& [name, type] : entry_.registers) {
    if (type == Type::pred) {
      rows_.emplace(name, program_.predicates++);
    } else {
      rows_.emplace(name, program_.rows);
      program_.rows += size_of(type) > 4 ? 2 : 1;
    }
  }
}

void EntryDecoder::place_symbols() {
  std::uint64_t parameter = 0;
  for (const Parameter& declared : entry_.parameters) {
    parameter = round_up(parameter, declared.alignment);
    symbols_[declared.name] = {kParameterWindow + parameter, Space::param, size_of(declared.type)};
    parameter += declared.bytes;
  }
  program_.argument_bytes = parameter;
  place_variables(variables_of(module_, entry_));
  place_variables(entry_.variables);
  program_.static_shared_bytes = round_up(dense_shared_end_, extern_alignment_);
  if (!extern_shared_.empty()) leave_shared_gap(extern_alignment_);
  program_.shared_room = shared_end_ - kSharedBase;
  for (const std::string& name : extern_shared_) symbols_[name].address = shared_end_;
}

void EntryDecoder::place_variables(const std::vector<Variable>& variables) {
  for (const Variable& variable : variables) place(variable);
}

void EntryDecoder::place(const Variable& variable) {
  Symbol& symbol = symbols_[variable.name];
  symbol.space = variable.space;
  symbol.element_bytes = size_of(variable.type);
  std::vector<std::byte> initial = variable.initial;
  initial.resize(variable.bytes);
  switch (variable.space) {
    case Space::shared:
      if (variable.is_extern) {
        extern_shared_.push_back(variable.name);
        extern_alignment_ = std::max<std::uint64_t>(extern_alignment_, variable.alignment);
      } else {
        leave_shared_gap(variable.alignment);
        symbol.address = shared_end_;
        shared_end_ += variable.bytes;
        dense_shared_end_ = round_up(dense_shared_end_, variable.alignment) + variable.bytes;
        last_shared_ = variable.name;
      }
      return;
    case Space::param:  // Of a call.
    case Space::local:
      symbol.space = Space::local;
      symbol.address = round_up(program_.local_bytes, variable.alignment);
      program_.local_bytes = symbol.address + variable.bytes;
      return;
    case Space::constant: {
      std::vector<std::byte>& data = program_.constant_data;
      data.resize(round_up(data.size(), variable.alignment));
      symbol.address = kConstantWindow + data.size();
      data.insert(data.end(), initial.begin(), initial.end());
      break;
    }
    default:
      symbol.address = variable_address(program_.variables.size());
      program_.variables.push_back({variable.name, std::move(initial)});
  }
  symbol.unknown = variable.holds_addresses ? "begins with addresses of others, which are not known"
                   : variable.is_extern     ? "is defined in another file, which is not known"
                                            : nullptr;
}

/// Before the next variable of shared memory, which begins at a multiple of its alignment.
void EntryDecoder::leave_shared_gap(std::uint64_t alignment) {
  constexpr std::uint64_t kLeastGap = 256;
  const std::uint64_t begin = shared_end_;
  shared_end_ = round_up(last_shared_.empty() ? begin : begin + kLeastGap, alignment);
  if (!last_shared_.empty()) program_.shared_gaps.push_back({begin, shared_end_, last_shared_});
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

std::uint32_t EntryDecoder::grid_barrier_row(const std::string& name) {
  const bool is_high = name == "%envreg1";
  if (!is_high && name != "%envreg2") return kNone;
  static constexpr const char* kBarrier = "the grid's barrier";
  if (!symbols_.contains(kBarrier)) {
    // struct grid_workspace of cooperative_groups/details/driver_abi.h: its size, then the barrier's count.
    place({kBarrier, Type::b32, Space::global, 8, 8, {std::byte{8}}});
    program_.is_cooperative = true;
  }
  const std::uint64_t address = symbols_[kBarrier].address;
  return constant_row(is_high ? address >> 32 : address & 0xffffffff, false);
}

std::uint32_t EntryDecoder::carry() {
  if (carry_ == kNone) carry_ = program_.predicates++;
  return carry_;
}

bool EntryDecoder::find_symbol(const std::string& name, std::uint64_t& address, Space& space) const {
  const auto found = symbols_.find(name);
  if (found == symbols_.end()) return false;
  if (found->second.unknown != nullptr)
    throw Unsupported(fmt::format("{}: the variable {} {}", entry_.name, name, found->second.unknown));
  address = found->second.address;
  space = found->second.space;
  return true;
}

std::uint64_t EntryDecoder::offset_of(const Address& place) const {
  const auto offset = static_cast<std::uint64_t>(place.offset);
  const auto found = symbols_.find(place.base);
  if (found == symbols_.end()) return offset;
  return offset + static_cast<std::uint64_t>(place.element) * found->second.element_bytes;
}

Program EntryDecoder::take() {
  program_.steps.reserve(entry_.instructions.size() + 1);
  for (const Instruction& instruction : entry_.instructions) {
    Decoder decoder(*this, instruction);
    const Operation* operation = find_operation(instruction.opcode);
    if (operation == nullptr) decoder.refuse(why_unknown(instruction.opcode));
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
  return EntryDecoder(module, inline_calls(module, entry), rounding).take();
}

}  // namespace perceptron::ptx
