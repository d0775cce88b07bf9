// A kernel of one's own, as PTX, executed on the CPU and watched: its answers and its faults, without a GPU.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "perceptron/export.hpp"

namespace perceptron {

/// Of an entry, as its PTX declares it.
struct PtxParameter {
  std::string name;
  std::size_t bytes = 0;
  std::string type;  ///< "f32", "u64"; "b8" of structures.
};

/// The address of a copy of these bytes, which the kernel may read only. It lies at a multiple of 256 bytes
/// and nothing lies behind it.
struct PtxInput {
  std::string name;  ///< As faults call it.
  std::span<const std::byte> bytes;
};

/// The address of memory of that size that holds nothing yet; what the kernel wrote is copied into `bytes`,
/// the rest of them stays as it is.
struct PtxOutput {
  std::string name;
  std::span<std::byte> bytes;
};

/// The address of memory that holds these bytes at first, which the kernel may read and write: a workspace of
/// zeros, or sums that atomic operations add to. What it holds at the end is copied into `bytes`.
struct PtxBuffer {
  std::string name;
  std::span<std::byte> bytes;
};

/// An address (8 bytes), a whole number that fits its 1, 2, 4 or 8 bytes, or a real one, f32 or f64 by its
/// size.
using PtxValue = std::variant<PtxInput, PtxOutput, PtxBuffer, std::int64_t, double>;

/// Of a structure. Whole numbers stay whole: PTX does not tell a member's type.
struct PtxMember {
  PtxValue value;
  std::size_t bytes = 4;  ///< Of a number: 1, 2, 4 or 8, as `char` to `long long`, `float` or `double` have.
};

/// A structure that the kernel takes by value: its members in order, each at a multiple of its size as C++
/// puts them. Together they must have the parameter's bytes.
struct PtxStructure {
  std::vector<PtxMember> members;
};

/// What a parameter gets. One of type f32 or f64 takes a whole number as a real one; one of an integer type
/// takes no real one.
using PtxArgument = std::variant<PtxInput, PtxOutput, PtxBuffer, std::int64_t, double, PtxStructure>;

struct PtxLaunch {
  std::array<std::int64_t, 3> grid{1, 1, 1}, block{1, 1, 1};
  std::int64_t shared_bytes = 0;  ///< Dynamic shared memory per block.
  std::vector<PtxArgument> arguments;
  std::uint64_t seed = 0;  ///< Of the order of warps and lanes; the same one repeats a run.
  /// As in Options: blocks that run at once. Blocks that see what others do, by atomic operations or flags,
  /// take turns on one thread, so that the seed decides their order too.
  int threads = 0;
  /// Warp instructions of a block, or, where blocks see what others do, of all until one more of them ends: a
  /// kernel that needs more counts as one that never ends. 400 million take some ten seconds.
  std::uint64_t instruction_budget = 400'000'000;
  /// Several threads may store one value to one place in any order, as Triton's kernels do: no race then.
  bool allows_same_value_stores = false;
  /// Given what each printf of the kernel makes, one at a time, by any of the threads; blocks that run at
  /// once print in any order.
  std::function<void(std::string_view)> print = {};
  /// Called before each block and now and then within one, by any of the threads; what it throws ends the
  /// run.
  std::function<void()> poll = {};
};

/// Bytes that no thread wrote.
struct PtxGap {
  std::string output;
  std::size_t first_byte = 0;
  std::size_t bytes = 0;  ///< All together, of this output.
};

struct PtxReport {
  std::uint64_t blocks = 0;
  std::uint64_t warp_instructions = 0;
  std::vector<PtxGap> gaps;  ///< Of outputs that are not whole.
};

/// What instructions of floats a kernel may hold, from strict to wide.
enum class PtxRounding : std::uint8_t {
  /// f32 and f64 additions and multiplications must state their rounding, so that ptxas may not fuse them.
  stated,
  /// nvcc states none unless it is told -fmad=false; fusing none of them is one of the answers that a GPU may
  /// give.
  nearest_unless_stated,
  /// .approx, .full, .ftz and atomic additions of floats too: what expf, tanhf, powf and most others become.
  /// An approximation gives the true value, rounded; a GPU may be off from it by the error that the PTX ISA
  /// states (src/ptx/README.md lists them), so that the results are for judging by intervals, never by bits.
  approximate
};

/// Immutable; any number of threads may run it.
class PERCEPTRON_API PtxKernel {
 public:
  /// Parses the whole text and decodes one entry; `name` is how messages call the text. Throws
  /// InvalidArgument with line and reason where it is no PTX or has no such entry, Unsupported at the first
  /// instruction that the machine does not know or that `rounding` does not allow.
  PtxKernel(std::string_view text, std::string_view name, std::string_view entry,
            PtxRounding rounding = PtxRounding::nearest_unless_stated);
  PtxKernel(PtxKernel&&) noexcept;
  PtxKernel& operator=(PtxKernel&&) noexcept;
  ~PtxKernel();

  const std::vector<PtxParameter>& parameters() const;

  /// Runs the whole grid; variables of the module begin with their initial values. Throws KernelError at the
  /// first access, race, barrier or copy that is a fault; InvalidArgument for a launch or arguments that do
  /// not fit the entry, before anything runs.
  PtxReport run(const PtxLaunch& launch) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace perceptron
