// From an entry to steps: addresses of its symbols, rows of its registers and constants, and its instructions
// one by one, each of which a Decoder makes a step.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "perceptron/ptx.hpp"
#include "src/ptx/module.hpp"
#include "src/ptx/program.hpp"

namespace perceptron::ptx {

/// Throws Unsupported at the first instruction that the machine does not know, or that `rounding` forbids;
/// InvalidArgument where operands do not fit.
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
  std::uint32_t special_row(const std::string& name);
  /// Of %envreg1 and %envreg2, the halves of an address that cooperative launches give: the grid's barrier.
  /// kNone for other names.
  std::uint32_t grid_barrier_row(const std::string& name);
  /// The predicate that stands for CC.CF, the carry.
  std::uint32_t carry();
  bool is_register(const std::string& name) const { return entry_.registers.contains(name); }
  /// Throws Unsupported for variables whose values the machine does not know.
  bool find_symbol(const std::string& name, std::uint64_t& address, Space& space) const;

  /// Bytes that an operand's place lies behind its base.
  std::uint64_t offset_of(const Address& place) const;

  const Entry& entry() const { return entry_; }
  PtxRounding rounding() const { return rounding_; }
  Program& program() { return program_; }
  /// A load whose address or register a compare-and-swap of this entry has too is the first of a loop, and
  /// counts as a strong one: the CUDA guide's own loops ("Atomic Functions") have a plain one, whose value
  /// the operation checks.
  bool begins_compare_and_swap(const Instruction& load) const;
  /// An instruction by which threads may order one another without meeting.
  void expect_flags() {
    program_.has_flags = program_.has_partial_ordering = program_.blocks_interact = true;
  }

 private:
  struct Symbol {
    std::uint64_t address;
    Space space;
    std::size_t element_bytes = 1;
    const char* unknown = nullptr;  ///< Why the variable cannot be used.
  };

  void place_symbols();
  void place_variables(const std::vector<Variable>& variables);
  void place(const Variable& variable);
  void leave_shared_gap(std::uint64_t alignment);
  void number_registers();

  const Module& module_;
  const Entry& entry_;
  const PtxRounding rounding_;
  Program program_;
  std::map<std::string, std::uint32_t, std::less<>> rows_;
  std::map<std::pair<std::uint64_t, bool>, std::uint32_t> constants_;
  std::map<std::string, Symbol, std::less<>> symbols_;
  std::map<std::string, std::uint32_t, std::less<>> specials_;
  std::uint32_t carry_ = kNone;
  std::uint64_t shared_end_ = kSharedBase, dense_shared_end_ = 0;
  std::string last_shared_;
  std::vector<std::string> extern_shared_;
  std::uint64_t extern_alignment_ = 1;
};

}  // namespace perceptron::ptx
