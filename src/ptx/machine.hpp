// The machine: runs an entry of a PTX module on the CPU, one warp instruction at a time, and watches it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "kernels/launch.hpp"
#include "perceptron/ptx.hpp"
#include "src/ptx/fault.hpp"
#include "src/ptx/memory.hpp"

namespace perceptron::ptx {

struct Program;  // program.hpp: a decoded entry

/// How a launch is carried out. The same seed, program and memory give the same run.
struct RunOptions {
  std::uint64_t seed = 0;
  int threads = 1;  ///< Blocks that run at once; 0: one per core. Blocks that interact take turns on one.
  bool is_watched = true;  ///< false: bounds and alignment only, for speed comparisons.
  /// Threads may store one value to one place unordered: Triton's kernels do.
  bool forgives_same_value = false;
  /// Warp instructions per block; where blocks interact, of all until one more of them ends.
  std::uint64_t instruction_budget = 400'000'000;
  std::size_t shared_limit = std::size_t{227} << 10;  ///< Static and dynamic shared bytes a block may have.
  /// What the kernel prints, each text whole, by any thread; nothing: nobody wants it.
  std::function<void(std::string_view)> print = {};
  /// Called before each block and now and then within one, by any thread; what it throws ends the run.
  std::function<void()> poll = {};
};

struct RunReport {
  std::uint64_t warp_instructions = 0;
  std::uint64_t lane_operations = 0;
  std::uint64_t blocks = 0;
};

/// Modules, decoded on first use; shared between threads.
class Image {
 public:
  /// Parses; throws InvalidArgument as parse() does. `rounding`: what its entries may hold.
  Image(std::string_view text, std::string_view name, PtxRounding rounding = PtxRounding::stated);
  ~Image();
  Image(Image&&) noexcept;

  /// Decodes the entry on its first use. Unsupported names the first instruction that the machine does not
  /// know, or that the rounding forbids.
  const Program& program(std::string_view entry) const;
  std::vector<std::string_view> entries() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Runs the whole grid. Throws KernelFault at the first fault of the lowest block that has one, of blocks
/// that take turns at the first of all; InvalidArgument for a launch that no GPU takes (its grid, block,
/// arguments, shared memory, clusters) before anything runs.
RunReport run(const Program& program, const kernels::Launch& launch, Memory& memory,
              const RunOptions& options = {});

}  // namespace perceptron::ptx
