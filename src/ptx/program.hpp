// A decoded entry: steps whose operands are register rows, ready to run. Made by entry_decoder.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "src/ptx/module.hpp"
#include "src/ptx/past.hpp"

namespace perceptron::ptx {

struct Step;
class Warp;

/// One bit per lane.
using Mask = std::uint32_t;
inline constexpr int kLanes = 32;
inline constexpr Mask kAllLanes = ~Mask{0};

/// Runs one instruction for the lanes of the mask, which is never empty.
using Execute = void (*)(Warp&, const Step&, Mask);

/// Of instructions that change nothing that a kernel can see.
inline void execute_nothing(Warp&, const Step&, Mask) {}

/// What the scheduler does at a step. All but `straight` end a run of steps.
enum class Control : std::uint8_t {
  straight,   ///< execute(), then the next step.
  warp_sync,  ///< Waits for the lanes of its member mask, then execute().
  branch,     ///< The masked lanes go to `target`.
  exit,
  barrier,  ///< bar.sync, bar.arrive and bar.red; the block decides.
  yield,    ///< execute(), then another warp may be chosen: waiting loops end here, and may sleep.
  end,      ///< Behind the last instruction.
};

inline constexpr std::uint32_t kNone = ~std::uint32_t{0};

/// What a fence, or an access besides its bytes, does for the order of others (PTX ISA, "Memory Consistency
/// Model").
struct MemoryOrder {
  bool is_strong : 1 = false;    ///< No race with others that are: atomic operations, .relaxed and more.
  bool is_atomic : 1 = false;    ///< Reads and writes at once.
  bool is_volatile : 1 = false;  ///< Strong in global memory only.
  bool acquires : 1 = false;
  bool releases : 1 = false;
  Scope scope : 1 = Scope::grid;
};

/// Rows are numbered in units of 32 four-byte slots; 64-bit registers take two. Predicates have numbers of
/// their own.
struct Step {
  Execute execute = nullptr;
  std::uint32_t target = kNone;  ///< Destination row or predicate; of a branch, a step.
  std::uint32_t source[4] = {kNone, kNone, kNone, kNone};
  std::uint32_t second_target = kNone;  ///< setp's and shfl's second destination.
  std::uint32_t list = 0;               ///< First of a vector's rows in Program::lists.
  std::uint64_t immediate = 0;          ///< Address offset, table, byte counts: the operation's own.
  std::uint32_t access_bytes = 0;       ///< Of an access by one lane.
  std::uint32_t predicate = kNone;
  std::uint32_t instruction = 0;  ///< Index into Program::locations.
  Control control = Control::straight;
  bool is_predicate_negated = false;
  bool is_label = false;   ///< Lanes that parted may meet here.
  std::uint8_t count = 1;  ///< Elements of a vector operand.
  MemoryOrder order;
};

/// A row that holds the same in every run: an immediate, or a symbol's address.
struct Constant {
  std::uint32_t row;
  bool is_wide;
  std::uint64_t bits;
};

enum class Special : std::uint8_t {
  tid_x,
  tid_y,
  tid_z,
  ntid_x,
  ntid_y,
  ntid_z,
  ctaid_x,
  ctaid_y,
  ctaid_z,
  nctaid_x,
  nctaid_y,
  nctaid_z,
  laneid,
  warpid,
  lanemask_eq,
  lanemask_lt,
  lanemask_le,
  lanemask_gt,
  lanemask_ge,
  dynamic_smem_size,
  nwarpid,
  smid,
  nsmid,
};

struct SpecialRow {
  std::uint32_t row;
  Special special;
};

/// Bytes between two variables of shared memory, which are nobody's: the machine leaves more of them than a
/// GPU, so that an overrun meets them.
struct SharedGap {
  std::uint64_t begin, end;
  std::string behind;  ///< The variable that ends there.
};

/// A .global variable that the entry names: memory of each launch.
struct GlobalVariable {
  std::string name;
  std::vector<std::byte> initial;  ///< Zeros where nothing else is said.
};

struct Program {
  std::string kernel;
  std::vector<Step> steps;
  std::vector<std::uint32_t> lists;
  std::vector<Location> locations;
  std::vector<std::string> texts;  ///< Of the instructions, for messages.
  std::map<int, std::string> files;
  std::vector<Constant> constants;
  std::vector<SpecialRow> specials;
  std::uint32_t rows = 0, predicates = 0;
  std::size_t argument_bytes = 0;
  std::size_t static_shared_bytes = 0;  ///< As a GPU lays them out.
  std::size_t shared_room = 0;          ///< The same with gaps, from kSharedBase on.
  std::vector<SharedGap> shared_gaps;
  std::size_t local_bytes = 0;           ///< Per thread.
  std::vector<std::byte> constant_data;  ///< Variables of .const; read-only.
  std::vector<GlobalVariable> variables;
  int shared_granule_log2 = 2;  ///< Narrowest access to shared memory: no record is finer.
  int global_granule_log2 = 2;
  bool has_partial_ordering = false;  ///< Orders threads by more than barriers of the whole block.
  bool has_flags = false;        ///< By fences and strong accesses too, so that blocks may order one another.
  bool blocks_interact = false;  ///< By atomic operations and strong accesses: their order shows.
  bool is_cooperative = false;   ///< Has a barrier of the whole grid.
  int max_threads = 1024;
  std::array<std::uint32_t, 3> block{};  ///< That the launch must have; zeros: any.
  std::array<std::uint32_t, 3> cluster{1, 1,
                                       1};  ///< Blocks of a cluster, which the grid must be a multiple of.
};

/// Where the state spaces lie in generic addresses, all below the first allocation of global memory. Shared
/// memory begins at 1024 as on sm_90, which keeps the first kilobyte, so that offset 0 is a fault.
inline constexpr std::uint64_t kSharedWindow = std::uint64_t{1} << 36;
inline constexpr std::uint64_t kLocalWindow = std::uint64_t{2} << 36;
inline constexpr std::uint64_t kParameterWindow = std::uint64_t{3} << 36;
inline constexpr std::uint64_t kConstantWindow = std::uint64_t{4} << 36;
inline constexpr std::uint64_t kSharedBase = 1024;

/// 2⁴⁴ bytes of addresses belong to each allocation of global memory, and to each variable, which lie above.
inline constexpr int kAllocationShift = 44;
inline constexpr std::uint64_t kVariableWindow = std::uint64_t{1} << 60;
constexpr std::uint64_t variable_address(std::uint64_t index) {
  return kVariableWindow + (index << kAllocationShift) + 4096;  // No alignment is larger.
}

/// What cvta adds to an address of shared memory. Its low 32 bits lead nowhere, so that a generic address is
/// a fault where one of shared memory is needed, whole or cut to 32 bits.
inline constexpr std::uint64_t kSharedGeneric = kSharedWindow + (std::uint64_t{1} << 30);

/// The first address of the window that a generic address lies in.
constexpr std::uint64_t window_of(std::uint64_t address) { return address & ~(kSharedWindow - 1); }

}  // namespace perceptron::ptx
