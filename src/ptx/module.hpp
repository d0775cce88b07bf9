// PTX as text says it: entries, variables, instructions and their operands, with names kept and nothing
// resolved. parser.hpp makes it; program.hpp turns an entry of it into something that runs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace perceptron::ptx {

/// The fundamental types of PTX instructions and variables.
enum class Type : std::uint8_t {
  b8,
  b16,
  b32,
  b64,
  b128,
  u8,
  u16,
  u32,
  u64,
  s8,
  s16,
  s32,
  s64,
  f16,
  f16x2,
  bf16,
  bf16x2,
  f32,
  f64,
  pred
};

std::size_t size_of(Type type);  // pred: 1
/// The type of that name without its dot, or nothing.
const Type* find_type(std::string_view name);
std::string_view to_string(Type type);

enum class Space : std::uint8_t { generic, global, shared, local, param, constant };

/// Where a line of PTX comes from, and where that was inlined. Lines of 0: not known (no -lineinfo), nowhere.
struct Location {
  int ptx_line = 0;
  int source_file = 0;  ///< Key of Module::files.
  int source_line = 0;
  int caller_file = 0;
  int caller_line = 0;
};

/// A register, special register, variable, label or parameter, by its name within its scope: the parser has
/// already made names of nested { } scopes unique ("%r1" of an inner scope becomes "%r1@2").
struct Name {
  std::string text;
  bool operator==(const Name&) const = default;
};

/// A literal: its bits. Integers are sign-extended to 64 bits; 0f… and 0d… literals hold their IEEE bits;
/// decimal floating literals are doubles.
struct Literal {
  enum class Kind : std::uint8_t { integer, f32, f64 } kind = Kind::integer;
  std::uint64_t bits = 0;
};

/// [base + offset]; the base is a register, a variable, a parameter, or empty for an absolute address.
struct Address {
  std::string base;
  std::int64_t offset = 0;               ///< In bytes.
  std::int64_t element = 0;              ///< table[2]: further elements of the variable's type.
  std::vector<std::string> coordinates;  ///< Of a tensor copy: [base, {x, y}].
};

struct Operand;

/// {a, b, c, d}; `_` stands for a value that is dropped.
struct Vector {
  std::vector<Operand> elements;
};

/// %p|%q of setp and shfl: two destinations.
struct Pair {
  std::string first, second;
};

struct Operand {
  std::variant<Name, Literal, Address, Vector, Pair> value;
  bool is_negated = false;  ///< !%p.
};

struct Instruction {
  std::string opcode;                  ///< "fma": the part before the first dot.
  std::vector<std::string> modifiers;  ///< {"rn", "f32"}: without dots; "shared::cta" is one.
  std::vector<Operand> operands;
  std::string predicate;  ///< Empty: unconditional.
  bool is_predicate_negated = false;
  Location location;
  bool is_jump() const { return opcode == "bra"; }  ///< Its operands are labels.
  std::string text() const;                         ///< "fma.rn.f32", as messages name it.
};

/// A variable of .shared, .local, .global or .const, or of .param for a call.
struct Variable {
  std::string name;
  Type type = Type::b8;
  Space space = Space::global;
  std::size_t bytes = 0;  ///< 0: its size is given at launch (.extern .shared … []).
  std::size_t alignment = 1;
  std::vector<std::byte> initial;  ///< Empty: none.
  bool is_extern = false;
  bool holds_addresses = false;  ///< Among its initial values: those are zeros in `initial`.
};

struct Parameter {
  std::string name;
  Type type = Type::b8;  ///< Of its elements.
  std::size_t bytes = 0;
  std::size_t alignment = 1;
  bool is_register = false;  ///< Of a function, declared as .reg.
};

/// An entry, or a function that others call.
struct Entry {
  std::string name;
  std::vector<Parameter> parameters;
  std::vector<Parameter> results;         ///< Of a function.
  std::map<std::string, Type> registers;  ///< Every declared register, ranges (%r<16>) expanded.
  std::vector<Variable> variables;        ///< Declared inside the entry.
  std::vector<Instruction> instructions;
  std::map<std::string, std::size_t> labels;      ///< Index of the instruction that follows; may be the end.
  int max_threads = 0;                            ///< .maxntid or .reqntid, multiplied; 0: none.
  std::array<std::uint32_t, 3> block{};           ///< .reqntid; zeros: none.
  std::array<std::uint32_t, 3> cluster{1, 1, 1};  ///< .reqnctapercluster.
};

struct Module {
  std::string version, target;  ///< "9.0", "sm_80".
  std::vector<Entry> entries;
  std::vector<Entry> functions;      ///< With a body.
  std::vector<Variable> variables;   ///< Module scope.
  std::map<int, std::string> files;  ///< .file

  /// Throws InvalidArgument with the names there are.
  const Entry& entry(std::string_view name) const;
  /// Nothing where there is none with a body.
  const Entry* find_function(std::string_view name) const;
};

}  // namespace perceptron::ptx
