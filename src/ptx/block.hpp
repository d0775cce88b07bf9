// A thread block under execution: its warps, shared memory, clocks and barriers, and the scheduler that picks
// among warps and parted lanes by seed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kernels/launch.hpp"
#include "src/ptx/clocks.hpp"
#include "src/ptx/copies.hpp"
#include "src/ptx/machine.hpp"
#include "src/ptx/memory_state.hpp"
#include "src/ptx/program.hpp"
#include "src/ptx/random.hpp"
#include "src/ptx/shared_memory.hpp"
#include "src/ptx/warp.hpp"

namespace perceptron::ptx {

/// What a reader of a flag learns, by the flag's address.
using Releases = std::unordered_map<std::uint64_t, Release>;

/// Of a launch whose blocks may order one another.
struct GridOrder {
  std::recursive_mutex mutex;  ///< Of all below, and of strong accesses and atomic operations.
  AccessHistory history;
  Releases releases;
};

/// What all blocks of a launch share.
struct Grid {
  const Program& program;
  const kernels::Launch& launch;
  Memory::State& memory;
  const RunOptions& options;
  GridOrder& order;
};

/// An mbarrier object in shared memory (PTX ISA, "mbarrier"): the machine's own record of it.
struct Mbarrier {
  std::uint32_t expected = 0, pending = 0;
  std::int64_t transactions = 0;
  std::uint64_t phase = 0;
  std::uint32_t initialiser = 0;
  std::uint32_t number = 0;         ///< Among the block's: its copies have a clock of their own.
  bool is_known_to_copies = false;  ///< A fence stands between its initialisation and its use by bulk copies.
  Knowledge arriving, completed;
  // For bulk copies that no wait covers: the phase count that completes the latest one, and the latest count
  // that a wait has seen.
  std::uint64_t carrying = 0, seen = 0;
  std::uint32_t last_copier = 0, last_copy_step = 0;  ///< Thread and step.

  void carry(std::uint32_t thread, const Step& step) {
    carrying = phase + 1;
    last_copier = thread;
    last_copy_step = step.instruction;
  }
};

/// What the threads that came to a bar.red have said.
struct BarrierVote {
  std::uint32_t popc = 0;
  bool is_all = true, is_any = false;
};

/// When a block's copies land: a choice of the seed.
enum class Landing : std::uint8_t { at_once, at_wait, either };

/// One thread's local memory.
struct LocalMemory {
  std::vector<std::byte> bytes;
  std::vector<std::uint8_t> written;  ///< One per byte.
};

/// As %nsmid has it.
inline constexpr std::uint32_t kMultiprocessors = 8;

class Block {
 public:
  Block(const Grid& grid, std::uint64_t index);
  ~Block();

  /// To the last exit; throws KernelFault.
  void run() {
    while (advance()) continue;
  }
  /// A burst of one warp, or what comes where none can run; false once all have exited.
  bool advance();
  /// Called by strong loads, with which blocks wait for one another: then another one's turn comes.
  void note_poll() { has_polled_ = true; }
  bool take_poll() { return std::exchange(has_polled_, false); }
  /// Throws KernelFault: the instruction budget is spent.
  [[noreturn]] void end_by_budget() const;
  std::uint64_t warp_instructions() const { return instructions_; }
  std::uint64_t lane_operations() const { return lane_operations_; }
  /// More than any reading before.
  std::uint64_t read_clock() { return instructions_ + ++clock_readings_; }

  const Grid& grid() const { return grid_; }
  const Program& program() const { return grid_.program; }
  bool is_watched() const { return grid_.options.is_watched; }
  std::uint32_t number() const { return number_; }  ///< From 1, as records have it.
  kernels::Extent coordinates() const { return coordinates_; }
  /// Of kMultiprocessors, drawn: nobody may count on one block each.
  std::uint32_t multiprocessor() const;
  std::uint32_t threads() const { return threads_; }
  Clocks& clocks() { return clocks_; }
  SharedMemory& shared() { return shared_; }
  /// Of global memory that may be written, by the address of its record; only under partial ordering. With
  /// flags it is that of all blocks.
  AccessHistory& global_history() { return program().has_flags ? grid_.order.history : global_history_; }
  Releases& releases(Space space) { return space == Space::global ? grid_.order.releases : releases_; }
  Random& random() { return random_; }
  PendingCopies& pending(const Warp& warp) { return pending_[warp.index()]; }
  LocalMemory& local(std::uint32_t thread);

  /// A new stamp for the accesses of this step, remembered for messages.
  void begin_access(const Step& step) { recent_[clocks_.tick() % kRecent] = step.instruction; }
  /// The step that made an access at that stamp; kNone where it is too long ago.
  std::uint32_t step_at(Stamp stamp) const;

  /// Copies' destinations are in flight from here on.
  void begin_copy(Warp& warp, const Step& step, Copy& copy);
  void finish_copy(Warp& warp, Copy& copy, std::uint32_t writer);
  /// Who issued the copy that is in flight to this shared address.
  std::string describe_copy_to(std::uint64_t address) const;
  void deliver_later(Delivery delivery) { deliveries_.push_back(std::move(delivery)); }
  bool lands_early() {
    return landing_ == Landing::at_once || (landing_ == Landing::either && random_.one_in(2));
  }

  Mbarrier& initialise_mbarrier(Warp& warp, const Step& step, int lane, std::uint64_t address,
                                std::uint32_t count);
  Mbarrier& mbarrier(Warp& warp, const Step& step, int lane, std::uint64_t address);
  std::map<std::uint64_t, Mbarrier>& mbarriers() { return mbarriers_; }
  void arrive(Warp& warp, const Step& step, int lane, Mbarrier& barrier, std::uint32_t count);
  void complete_if_done(Mbarrier& barrier);
  /// The step that runs sleeps until some mbarrier's phase completes, and is then repeated.
  void sleep() { falls_asleep_ = true; }

  void print(std::string_view text) const {
    if (grid_.options.print) grid_.options.print(text);
  }

  Place place(const Step& step, std::uint32_t thread) const;
  /// "line 12 (row_dot.cuh:31) by thread (3, 0, 0)": the other access of a race.
  std::string describe(std::uint32_t step, std::uint32_t thread) const;
  /// "line 12 (row_dot.cuh:31): st.global.f32".
  std::string describe_step(std::uint32_t step) const;

 private:
  static constexpr std::uint32_t kRecent = 1 << 14;
  static constexpr std::uint32_t kNamedBarriers = 16;
  static constexpr int kMostIdleWakes = 64;

  struct NamedBarrier {
    std::uint32_t arrived = 0, expected = 0;
    std::vector<std::pair<std::uint32_t, Step>> waiting;  ///< Warp and the step it waits at.
    Knowledge knowledge;
    BarrierVote vote;
    bool has_count = false;  ///< Of threads: then exited ones are still missing.
  };

  Warp* choose_warp();
  void run_burst(Warp& warp);
  void run_group(Warp& warp, LaneGroup& group);
  void control(Warp& warp, LaneGroup& group, const Step& step, Mask mask);
  LaneGroup* choose_group(Warp& warp);
  void merge_groups(Warp& warp);
  LaneGroup& part(Warp& warp, LaneGroup& group, Mask leaving, std::uint32_t step);
  void branch(Warp& warp, LaneGroup& group, const Step& step, Mask taken);
  void exit(Warp& warp, LaneGroup& group, const Step& step, Mask mask);
  void synchronise_lanes(Warp& warp, LaneGroup& group, const Step& step);
  void meet_barrier(Warp& warp, LaneGroup& group, const Step& step);
  NamedBarrier& named_barrier(Warp& warp, const Step& step);
  void come_to_barrier(Warp& warp, const Step& step);
  void retry_waiting(Warp& warp);
  void release_if_complete(NamedBarrier& barrier);
  void release(NamedBarrier& barrier);
  void mark_unwritten_parts(const Copy& copy);
  bool deliver();
  void deliver(Delivery& delivery);
  void check_copies_were_awaited();
  bool wake_sleepers();
  const LaneGroup* group_that_lacks_lanes(const Warp& warp) const;
  [[noreturn]] void stuck();
  /// Now and then: whether the budget is spent, and whoever watches.
  void poll_now();
  std::string where_everyone_stands() const;

  Grid grid_;
  std::uint32_t number_;
  kernels::Extent coordinates_;
  std::uint32_t threads_;
  Random random_;
  Clocks clocks_;
  SharedMemory shared_;
  AccessHistory global_history_;
  Releases releases_;  ///< Of shared memory.
  std::vector<std::unique_ptr<Warp>> warps_;
  std::vector<PendingCopies> pending_;
  std::vector<LocalMemory> local_;
  std::vector<std::uint32_t> runnable_;
  std::vector<std::uint32_t> recent_;
  std::vector<Delivery> deliveries_;
  std::map<std::uint64_t, Mbarrier> mbarriers_;
  NamedBarrier barriers_[kNamedBarriers];
  std::uint32_t longest_burst_;
  std::uint32_t burst_left_ = 0;
  bool picks_any_group_;
  bool falls_asleep_ = false;
  bool has_polled_ = false;
  int idle_wakes_ = 0;  ///< Since a phase completed.
  Landing landing_;
  std::uint64_t instructions_ = 0, lane_operations_ = 0;
  std::uint64_t clock_readings_ = 0;
  std::uint64_t next_poll_ = 0;  ///< At that many instructions.
};

/// Copies that report to mbarriers have clocks of their own, this many per block; more mbarriers share them.
inline constexpr std::uint32_t kCopyClocks = 32;

}  // namespace perceptron::ptx
