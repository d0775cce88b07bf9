#include "src/ptx/machine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "perceptron/error.hpp"
#include "src/ptx/block.hpp"
#include "src/ptx/entry_decoder.hpp"
#include "src/ptx/parser.hpp"
#include "src/reference/float_environment.hpp"

namespace perceptron::ptx {

struct Image::State {
  Module module;
  PtxRounding rounding;
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<const Program>, std::less<>> programs;
};

Image::Image(std::string_view text, std::string_view name, PtxRounding rounding)
    : state_(std::make_unique<State>()) {
  state_->module = parse(text, name);
  state_->rounding = rounding;
}
Image::~Image() = default;
Image::Image(Image&&) noexcept = default;

const Program& Image::program(std::string_view entry) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->programs.find(entry);
  if (found != state_->programs.end()) return *found->second;
  const Entry& parsed = state_->module.entry(entry);
  auto program = std::make_unique<const Program>(decode(state_->module, parsed, state_->rounding));
  return *state_->programs.emplace(std::string(entry), std::move(program)).first->second;
}

std::vector<std::string_view> Image::entries() const {
  std::vector<std::string_view> names;
  for (const Entry& entry : state_->module.entries) names.push_back(entry.name);
  return names;
}

namespace {

/// Of every GPU (CUDA C++ Programming Guide, "Compute Capabilities").
constexpr std::uint32_t kMostGridYZ = 65535, kMostBlockZ = 64;
constexpr std::size_t kMostStaticShared = std::size_t{48} << 10;

[[noreturn]] void refuse(const Program& program, const std::string& what) {
  throw InvalidArgument(fmt::format("launch of {}: {}", program.kernel, what));
}

std::string size(const kernels::Extent& extent) {
  return fmt::format("{} x {} x {}", extent.x, extent.y, extent.z);
}

void check_grid(const Program& program, const kernels::Launch& launch) {
  if (launch.grid.count() == 0)
    refuse(program, fmt::format("the grid is {}, expected at least one block", size(launch.grid)));
  if (launch.grid.count() >= 0xffffffff)
    refuse(program, fmt::format("the grid is {}: the machine counts 2^32 - 2 blocks", size(launch.grid)));
  if (launch.grid.y > kMostGridYZ || launch.grid.z > kMostGridYZ) {
    refuse(program, fmt::format("the grid is {}; a GPU takes up to {} blocks along y and z",
                                size(launch.grid), kMostGridYZ));
  }
  for (std::size_t axis = 0; axis < program.cluster.size(); ++axis) {
    const std::uint32_t along[] = {launch.grid.x, launch.grid.y, launch.grid.z};
    if (along[axis] % program.cluster[axis] == 0) continue;
    refuse(program, fmt::format("the grid is {}, no multiple of the entry's clusters of {}",
                                size(launch.grid), fmt::join(program.cluster, " x ")));
  }
}

/// Of blocks that take turns, what the machine has at a time: that of eight multiprocessors; where all must
/// be there it takes more, up to some hundred MB of registers and records.
struct Room {
  std::uint64_t threads, blocks;

  std::uint64_t blocks_of(const kernels::Extent& block) const {
    return std::min(blocks, threads / std::max<std::uint64_t>(block.count(), 1));
  }
};
constexpr Room kTurns{16384, 256}, kCooperation{65536, 2048};

void check_cooperation(const Program& program, const kernels::Launch& launch) {
  const std::uint64_t blocks = kCooperation.blocks_of(launch.block);
  if (!program.is_cooperative || launch.grid.count() <= blocks) return;
  refuse(program,
         fmt::format("the grid is {}, and its barrier needs all blocks at once: the machine has up to {} of "
                     "these at a time",
                     size(launch.grid), blocks));
}

void check_block(const Program& program, const kernels::Launch& launch) {
  const kernels::Extent required{program.block[0], program.block[1], program.block[2]};
  if (required.count() != 0 && required != launch.block) {
    refuse(program, fmt::format("the block is {}, and the entry requires {} (.reqntid)", size(launch.block),
                                size(required)));
  }
  const std::uint64_t threads = launch.block.count();
  const auto most = static_cast<std::uint64_t>(std::min(program.max_threads, 1024));
  if (threads == 0 || threads > most) {
    refuse(program, fmt::format("the block is {}, expected 1 to {} threads", size(launch.block), most));
  }
  if (launch.block.z > kMostBlockZ) {
    refuse(program, fmt::format("the block is {}; a GPU takes up to {} threads along z", size(launch.block),
                                kMostBlockZ));
  }
}

void check_memory(const Program& program, const kernels::Launch& launch, const RunOptions& options) {
  const std::size_t argument_bytes = launch.arguments.bytes().size();
  if (argument_bytes != program.argument_bytes) {
    refuse(program,
           fmt::format("{} argument bytes, but the entry takes {}", argument_bytes, program.argument_bytes));
  }
  if (program.static_shared_bytes > kMostStaticShared) {
    refuse(program,
           fmt::format("it declares {} bytes of shared memory, ptxas takes up to {}; more must be dynamic",
                       program.static_shared_bytes, kMostStaticShared));
  }
  const std::size_t shared = program.static_shared_bytes + launch.shared_bytes;
  if (shared > options.shared_limit) {
    refuse(program, fmt::format("{} bytes of shared memory ({} of them dynamic), the limit is {}", shared,
                                launch.shared_bytes, options.shared_limit));
  }
}

void add(RunReport& report, const Block& block) {
  report.warp_instructions += block.warp_instructions();
  report.lane_operations += block.lane_operations();
}

/// Blocks that see what others do, in turns on one thread, so that the seed decides their order too. They
/// begin in ascending order: a block may wait for those before it.
RunReport run_in_turns(const Grid& grid) {
  // How long a turn is: short ones interleave blocks finely, long ones let a block run far ahead.
  static constexpr std::uint32_t kLongestTurns[] = {1, 8, 64};
  Random random(~grid.options.seed);
  const std::uint32_t longest_turn = kLongestTurns[random.below(3)];
  const std::uint64_t blocks = grid.launch.grid.count();
  const std::uint64_t most = grid.program.is_cooperative ? blocks : kTurns.blocks_of(grid.launch.block);
  const reference::FloatEnvironment environment;
  RunReport report{0, 0, blocks};
  std::vector<std::unique_ptr<Block>> running;
  std::uint64_t next = 0, spent = 0;
  while (next < blocks || !running.empty()) {
    while (running.size() < most && next < blocks) {
      if (grid.options.poll) grid.options.poll();
      running.push_back(std::make_unique<Block>(grid, next++));
    }
    auto& block = running[random.below(static_cast<std::uint32_t>(running.size()))];
    const std::uint64_t before = block->warp_instructions();
    bool runs = true;
    for (std::uint32_t left = random.below(longest_turn) + 1; left > 0 && runs; --left) {
      runs = block->advance();
      if (block->take_poll()) break;
    }
    spent += block->warp_instructions() - before;
    if (spent > grid.options.instruction_budget) block->end_by_budget();
    if (runs) continue;
    spent = 0;
    add(report, *block);
    std::swap(block, running.back());
    running.pop_back();
  }
  return report;
}

/// Each block by itself, as many at once as there are threads. The fault is that of the lowest block that has
/// one.
RunReport run_each(const Grid& grid) {
  const std::uint64_t blocks = grid.launch.grid.count();
  std::atomic<std::uint64_t> first_fault = blocks;
  std::mutex mutex;
  RunReport report{0, 0, blocks};
  std::exception_ptr fault;
  const auto run_block = [&](std::uint64_t index) {
    if (index > first_fault.load(std::memory_order_relaxed)) return;
    const reference::FloatEnvironment environment;
    Block block(grid, index);
    std::exception_ptr thrown;
    try {
      if (grid.options.poll) grid.options.poll();
      block.run();
    } catch (...) {
      thrown = std::current_exception();
    }
    const std::lock_guard lock(mutex);
    add(report, block);
    if (thrown == nullptr || index > first_fault) return;
    first_fault = index;
    fault = thrown;
  };
  if (grid.options.threads == 1 || blocks == 1) {
    for (std::uint64_t index = 0; index < blocks && fault == nullptr; ++index) run_block(index);
  } else {
    std::atomic<std::uint64_t> next = 0;
    tbb::task_arena arena(grid.options.threads == 0 ? tbb::task_arena::automatic : grid.options.threads);
    arena.execute([&] {
      tbb::parallel_for(0, arena.max_concurrency(), [&](int) {
        for (std::uint64_t index = next++; index < blocks; index = next++) run_block(index);
      });
    });
  }
  if (fault != nullptr) std::rethrow_exception(fault);
  return report;
}

}  // namespace

RunReport run(const Program& program, const kernels::Launch& launch, Memory& memory,
              const RunOptions& options) {
  check_grid(program, launch);
  check_block(program, launch);
  check_cooperation(program, launch);
  check_memory(program, launch, options);
  memory.state().begin_launch(program);
  GridOrder order;
  const Grid grid{program, launch, memory.state(), options, order};
  return program.blocks_interact && launch.grid.count() > 1 ? run_in_turns(grid) : run_each(grid);
}

}  // namespace perceptron::ptx
