#include "tests/mutate/mutations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace perceptron::mutate {
namespace {

using ptx::Instruction;
using ptx::Operand;

template <std::size_t kCount>
bool is_one_of(std::string_view word, const std::array<std::string_view, kCount>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool has(const Instruction& instruction, std::string_view modifier) {
  const auto& all = instruction.modifiers;
  return std::find(all.begin(), all.end(), modifier) != all.end();
}

void replace_modifier(Instruction& instruction, std::string_view from, std::string_view to) {
  std::replace(instruction.modifiers.begin(), instruction.modifiers.end(), std::string(from),
               std::string(to));
}

bool same(const Operand& a, const Operand& b) {
  const auto* name_a = std::get_if<ptx::Name>(&a.value);
  const auto* name_b = std::get_if<ptx::Name>(&b.value);
  if (name_a != nullptr && name_b != nullptr) return *name_a == *name_b;
  const auto* literal_a = std::get_if<ptx::Literal>(&a.value);
  const auto* literal_b = std::get_if<ptx::Literal>(&b.value);
  return literal_a != nullptr && literal_b != nullptr && literal_a->bits == literal_b->bits;
}

/// The element's type: the last modifier that names one.
const ptx::Type* type_of(const Instruction& instruction) {
  for (auto modifier = instruction.modifiers.rbegin(); modifier != instruction.modifiers.rend(); ++modifier) {
    if (const ptx::Type* type = ptx::find_type(*modifier)) return type;
  }
  return nullptr;
}

class List {
 public:
  explicit List(const Instruction& instruction) : original_(instruction) {}

  std::vector<Mutation> take() && { return std::move(mutations_); }

  void deletions() {
    constexpr std::array<std::string_view, 8> kDeleted{"bar",      "barrier", "fence", "membar",
                                                       "mbarrier", "st",      "red",   "cp"};
    if (is_one_of(original_.opcode, kDeleted)) {
      mutations_.push_back({"deleted", std::nullopt, original_.opcode != "st"});
    }
    if (original_.predicate.empty()) return;
    Instruction& changed = add("predicate deleted");
    changed.predicate.clear();
    changed.is_predicate_negated = false;
    mutations_.back().is_about_order = true;
  }

  void comparisons() {
    constexpr std::pair<std::string_view, std::string_view> kPairs[]{
        {"lt", "le"},   {"ge", "gt"}, {"eq", "ne"}, {"ltu", "leu"}, {"geu", "gtu"},
        {"equ", "neu"}, {"lo", "ls"}, {"hs", "hi"}, {"num", "nan"},
    };
    if (original_.opcode == "min") add("min → max").opcode = "max";
    if (original_.opcode == "max") add("max → min").opcode = "min";
    if (original_.opcode != "setp" && original_.opcode != "set") return;
    for (const auto& [first, second] : kPairs) {
      for (const auto& [from, to] : {std::pair{first, second}, std::pair{second, first}}) {
        if (has(original_, from)) replace_modifier(add(fmt::format("{} → {}", from, to)), from, to);
      }
    }
  }

  void constants() {
    if (original_.opcode == "bar" || original_.opcode == "barrier") return;  // Names, not numbers.
    for (std::size_t index = 0; index < original_.operands.size(); ++index) {
      const Operand& operand = original_.operands[index];
      if (const auto* literal = std::get_if<ptx::Literal>(&operand.value)) {
        if (literal->kind != ptx::Literal::Kind::integer) continue;
        for (const std::int64_t step : {1, -1}) {
          auto& changed =
              std::get<ptx::Literal>(add(fmt::format("constant {:+}", step)).operands[index].value);
          changed.bits += static_cast<std::uint64_t>(step);
        }
      } else if (std::holds_alternative<ptx::Address>(operand.value)) {
        offsets(index);
      }
    }
  }

  void operands() {
    const std::string& opcode = original_.opcode;
    constexpr std::array<std::string_view, 6> kOrdered{"sub", "div", "rem", "shl", "shr", "selp"};
    constexpr std::array<std::string_view, 2> kFused{"fma", "mad"};
    const bool is_equality = has(original_, "eq") || has(original_, "ne") || has(original_, "neu");
    if (is_one_of(opcode, kOrdered) || (opcode == "setp" && !is_equality)) swap(1, 2);
    if (is_one_of(opcode, kFused)) swap(2, 3);
  }

  void terms() {
    const std::string& opcode = original_.opcode;
    if (opcode == "fma" || opcode == "mad") keep_only(3, "product dropped");
    if (opcode == "add" || opcode == "sub") keep_only(1, "second term dropped");
    if (opcode == "add") keep_only(2, "first term dropped");
  }

  void roundings() {
    if (has(original_, "rn")) replace_modifier(add("rn → rz"), "rn", "rz");
  }

  void widths() {
    if (original_.opcode != "ld") return;
    const ptx::Type* type = type_of(original_);
    if (type == nullptr || original_.operands.empty() || has(original_, "param")) return;
    const auto* vector = std::get_if<ptx::Vector>(&original_.operands[0].value);
    const std::size_t elements = vector == nullptr ? 1 : vector->elements.size();
    if (elements * 2 * ptx::size_of(*type) <= 16 && elements < 4) {
      resize(elements * 2, "load widened");
    }
    if (elements > 1) resize(elements / 2, "load narrowed");
    constexpr std::pair<std::string_view, std::string_view> kNarrower[]{
        {"b64", "b32"}, {"u64", "u32"}, {"b32", "b16"}, {"u32", "u16"}, {"b16", "b8"}, {"u16", "u8"}};
    for (const auto& [from, to] : kNarrower) {
      if (elements == 1 && has(original_, from)) replace_modifier(add("load narrowed"), from, to);
    }
  }

 private:
  /// A changed copy, to be changed further by the caller.
  Instruction& add(std::string name) {
    mutations_.push_back({std::move(name), original_, false});
    return *mutations_.back().replacement;
  }

  void offsets(std::size_t operand) {
    const ptx::Type* type = type_of(original_);
    const auto bytes = static_cast<std::int64_t>(type == nullptr ? 16 : ptx::size_of(*type));
    for (const std::int64_t step : {bytes, -bytes}) {
      std::get<ptx::Address>(add(fmt::format("address {:+}", step)).operands[operand].value).offset += step;
    }
  }

  void swap(std::size_t first, std::size_t second) {
    const auto& operands = original_.operands;
    if (operands.size() <= second || same(operands[first], operands[second])) return;
    Instruction& changed = add("operands swapped");
    std::swap(changed.operands[first], changed.operands[second]);
  }

  void keep_only(std::size_t operand, const char* name) {
    const ptx::Type* type = type_of(original_);
    if (type == nullptr || original_.operands.size() <= operand || has(original_, "cc")) return;
    const bool is_wide = has(original_, "wide");
    Instruction& changed = add(name);
    changed.opcode = "mov";
    changed.modifiers = {is_wide ? "b64" : std::string(ptx::to_string(*type))};
    changed.operands = {original_.operands[0], original_.operands[operand]};
  }

  /// Another number of elements: the first ones stay, further ones are dropped where they arrive.
  void resize(std::size_t elements, const char* name) {
    Instruction& changed = add(name);
    auto& modifiers = changed.modifiers;
    std::erase_if(modifiers, [](const std::string& m) { return m == "v2" || m == "v4"; });
    ptx::Vector list;
    if (const auto* vector = std::get_if<ptx::Vector>(&original_.operands[0].value)) {
      list = *vector;
    } else {
      list.elements = {original_.operands[0]};
    }
    list.elements.resize(elements, Operand{ptx::Name{"_"}});
    if (elements == 1) {
      changed.operands[0] = list.elements[0];
      return;
    }
    modifiers.insert(modifiers.end() - 1, fmt::format("v{}", elements));
    changed.operands[0].value = std::move(list);
  }

  const Instruction& original_;
  std::vector<Mutation> mutations_;
};

}  // namespace

std::vector<Mutation> mutations_of(const Instruction& instruction) {
  List list(instruction);
  list.deletions();
  list.comparisons();
  list.constants();
  list.operands();
  list.terms();
  list.roundings();
  list.widths();
  return std::move(list).take();
}

}  // namespace perceptron::mutate
