#include "src/ptx/module.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "perceptron/error.hpp"

namespace perceptron::ptx {
namespace {

struct TypeRow {
  std::string_view name;
  Type type;
  std::size_t bytes;
};

/// In the order of Type.
constexpr std::array<TypeRow, 20> kTypes{{
    {"b8", Type::b8, 1},         {"b16", Type::b16, 2}, {"b32", Type::b32, 4},     {"b64", Type::b64, 8},
    {"b128", Type::b128, 16},    {"u8", Type::u8, 1},   {"u16", Type::u16, 2},     {"u32", Type::u32, 4},
    {"u64", Type::u64, 8},       {"s8", Type::s8, 1},   {"s16", Type::s16, 2},     {"s32", Type::s32, 4},
    {"s64", Type::s64, 8},       {"f16", Type::f16, 2}, {"f16x2", Type::f16x2, 4}, {"bf16", Type::bf16, 2},
    {"bf16x2", Type::bf16x2, 4}, {"f32", Type::f32, 4}, {"f64", Type::f64, 8},     {"pred", Type::pred, 1},
}};

const Entry* find(const std::vector<Entry>& entries, std::string_view name) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace

std::size_t size_of(Type type) { return kTypes[static_cast<std::size_t>(type)].bytes; }
std::string_view to_string(Type type) { return kTypes[static_cast<std::size_t>(type)].name; }

const Type* find_type(std::string_view name) {
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeRow& row) { return row.name == name; });
  return found == kTypes.end() ? nullptr : &found->type;
}

std::string Instruction::text() const {
  std::string text = opcode;
  for (const std::string& modifier : modifiers) text += "." + modifier;
  return text;
}

const Entry* Module::find_function(std::string_view name) const { return find(functions, name); }

const Entry& Module::entry(std::string_view name) const {
  if (const Entry* found = find(entries, name)) return *found;
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  throw InvalidArgument(fmt::format("no entry \"{}\" in the PTX, which has {}", name,
                                    names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

}  // namespace perceptron::ptx
