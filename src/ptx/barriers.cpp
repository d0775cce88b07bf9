// The parts of Block that make threads wait for one another: .sync instructions within a warp, barriers of
// the block, and mbarriers.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "src/ptx/block.hpp"
#include "src/ptx/warp_operations.hpp"

namespace perceptron::ptx {
namespace {

/// Barriers count whole warps, the last one's missing lanes included.
std::uint32_t threads_of_warps(std::size_t warps) { return static_cast<std::uint32_t>(warps) * kLanes; }

}  // namespace

/// Lanes of a .sync instruction go on together once all live ones that their member mask names have come.
/// Each member mask is served by itself: lanes that stand side by side may name different ones.
void Block::synchronise_lanes(Warp& warp, LaneGroup& group, const Step& step) {
  const std::uint32_t* members_row = warp.row<std::uint32_t>(step.source[3]);
  warp.use(step, step.source[3], group.mask);
  const int first = std::countr_zero(group.mask);
  // CUDA C++ Programming Guide, "Warp Vote Functions": all non-exited threads named in the mask take part.
  const Mask members = members_row[first] & warp.live;
  Mask same = 0;
  for_each_lane(group.mask, [&](int lane) {
    if (members_row[lane] == members_row[first]) same |= Mask{1} << lane;
    if ((members_row[lane] >> lane & 1) == 0) {
      warp.fault(FaultKind::divergent_barrier, step, lane,
                 fmt::format("its member mask {:#010x} lacks the lane itself", members_row[lane]));
    }
  });
  LaneGroup& ours = same == group.mask ? group : part(warp, group, group.mask & ~same, group.step);
  // bar.warp.sync may be reached at several places of the program; the others exchange values at one.
  const bool meets_anywhere = step.execute == &execute_warp_barrier;
  Mask there = ours.mask;
  for (int i = 0; i < warp.group_count; ++i) {
    const LaneGroup& other = warp.groups[static_cast<std::size_t>(i)];
    if (&other == &ours || !other.is_waiting || (other.mask & ~members) != 0) continue;
    const Step& other_step = program().steps[other.step];
    if (other.step == ours.step || (meets_anywhere && other_step.execute == step.execute))
      there |= other.mask;
  }
  if (there != members) {
    ours.is_waiting = true;
    return;
  }
  step.execute(warp, step, members);
  for (int i = 0; i < warp.group_count; ++i) {
    LaneGroup& other = warp.groups[static_cast<std::size_t>(i)];
    if ((other.mask & members) == 0) continue;
    other.is_waiting = false;
    ++other.step;
  }
}

/// source[0]: the barrier's number, source[1]: threads expected or kNone for all of the block. immediate: the
/// kind. The warp comes when its last live lane does.
void Block::meet_barrier(Warp& warp, LaneGroup& group, const Step& step) {
  if (step.source[1] != kNone && warp.live != warp.all) {
    warp.fault(
        FaultKind::divergent_barrier, step, std::countr_zero(group.mask),
        fmt::format("lanes {:#010x} of the warp have exited, and the barrier counts whole warps of threads",
                    warp.all & ~warp.live));
  }
  Mask there = group.mask;
  for (int i = 0; i < warp.group_count; ++i) {
    const LaneGroup& other = warp.groups[static_cast<std::size_t>(i)];
    if (&other != &group && other.is_waiting && other.step == group.step) there |= other.mask;
  }
  group.is_waiting = true;
  if (there != warp.live) return;  // The rest of the warp is still on its way.
  warp.groups[0] = {group.step, warp.live, true};
  warp.group_count = 1;
  come_to_barrier(warp, step);
}

/// The barrier that the step names, begun for the threads that it expects.
Block::NamedBarrier& Block::named_barrier(Warp& warp, const Step& step) {
  const int first = std::countr_zero(warp.live);
  const auto lane_value = [&](std::uint32_t row) { return warp.row<std::uint32_t>(row)[first]; };
  const bool has_count = step.source[1] != kNone;
  const std::uint32_t number = lane_value(step.source[0]);
  const std::uint32_t expected = has_count ? lane_value(step.source[1]) : threads_of_warps(warps_.size());
  if (number >= kNamedBarriers || expected == 0 || expected % kLanes != 0) {
    warp.fault(FaultKind::divergent_barrier, step, first,
               fmt::format("barrier {} for {} threads: numbers go to 15, threads come in warps of 32", number,
                           expected));
  }
  NamedBarrier& barrier = barriers_[number];
  if (barrier.arrived == 0) barrier.expected = expected;
  if (barrier.expected != expected) {
    warp.fault(
        FaultKind::divergent_barrier, step, first,
        fmt::format("barrier {} was begun for {} threads, not {}", number, barrier.expected, expected));
  }
  return barrier;
}

void Block::come_to_barrier(Warp& warp, const Step& step) {
  NamedBarrier& barrier = named_barrier(warp, step);
  const bool has_count = step.source[1] != kNone;
  barrier.arrived += kLanes;
  barrier.has_count = barrier.has_count || has_count;
  // Without a count, everybody comes and the floor rises instead; with one, some may only arrive.
  if (has_count) {
    for_each_lane(warp.live, [&](int lane) { clocks_.publish(warp.thread(lane), barrier.knowledge); });
  }
  contribute(warp, step, warp.live, barrier.vote);
  if (static_cast<BarrierKind>(step.immediate) == BarrierKind::arrive) {
    warp.groups[0].is_waiting = false;
    ++warp.groups[0].step;
  } else {
    barrier.waiting.emplace_back(warp.index(), step);
  }
  if (barrier.arrived > barrier.expected) {
    warp.fault(FaultKind::divergent_barrier, step, std::countr_zero(warp.live),
               fmt::format("barrier {}: {} threads came, {} were expected", &barrier - barriers_,
                           barrier.arrived, barrier.expected));
  }
  release_if_complete(barrier);
}

/// PTX ISA, exit: threads that exit hold up no barrier that waits for all threads.
void Block::release_if_complete(NamedBarrier& barrier) {
  const auto gone = std::count_if(warps_.begin(), warps_.end(), [](const auto& w) { return w->live == 0; });
  const std::uint32_t missing = barrier.expected - barrier.arrived;
  if (missing == (barrier.has_count ? 0 : threads_of_warps(static_cast<std::size_t>(gone)))) release(barrier);
}

/// Lanes of this warp have exited: who waited for nobody else goes on.
void Block::retry_waiting(Warp& warp) {
  for (int i = 0; i < warp.group_count; ++i) {
    LaneGroup& group = warp.groups[static_cast<std::size_t>(i)];
    if (!group.is_waiting) continue;
    const Step& step = program().steps[group.step];
    if (step.control == Control::warp_sync) synchronise_lanes(warp, group, step);
    if (step.control == Control::barrier) meet_barrier(warp, group, step);
  }
  if (warp.live != 0) return;
  for (NamedBarrier& barrier : barriers_) {
    if (barrier.arrived != 0) release_if_complete(barrier);
  }
}

void Block::release(NamedBarrier& barrier) {
  // All live threads have met: without a count nobody else is left.
  const bool is_whole_block = !barrier.has_count || barrier.waiting.size() == warps_.size();
  if (is_whole_block) clocks_.raise_floor();
  for (const auto& [index, step] : barrier.waiting) {
    Warp& warp = *warps_[index];
    const Mask lanes = warp.live;
    if (!is_whole_block) {
      for_each_lane(lanes, [&](int lane) { clocks_.learn(warp.thread(lane), barrier.knowledge); });
    }
    collect(warp, step, lanes, barrier.vote);
    warp.groups[0].is_waiting = false;
    ++warp.groups[0].step;
    if (std::find(runnable_.begin(), runnable_.end(), index) == runnable_.end()) runnable_.push_back(index);
  }
  if (!is_whole_block) clocks_.tick();
  barrier = {};
}

Mbarrier& Block::initialise_mbarrier(Warp& warp, const Step& step, int lane, std::uint64_t address,
                                     std::uint32_t count) {
  if (count == 0 || count > 0xfffff) {
    warp.fault(FaultKind::barrier, step, lane, fmt::format("count is {}, expected 1 to 2^20 - 1", count));
  }
  Mbarrier& barrier = mbarriers_[address];
  const auto number = static_cast<std::uint32_t>(mbarriers_.size() - 1);
  barrier = {};
  barrier.expected = barrier.pending = count;
  barrier.initialiser = warp.thread(lane);
  barrier.number = number;
  return barrier;
}

Mbarrier& Block::mbarrier(Warp& warp, const Step& step, int lane, std::uint64_t address) {
  const auto found = mbarriers_.find(address);
  if (found == mbarriers_.end()) {
    warp.fault(FaultKind::barrier, step, lane, fmt::format("no mbarrier was initialised at {:#x}", address));
  }
  // Initialisation is an ordinary write: whoever uses the object must be ordered behind it.
  const std::size_t granule = shared_.granule(address);
  const std::uint32_t thread = warp.thread(lane);
  if (!clocks_.knows(thread, shared_.writer(granule), shared_.write_stamp(granule))) {
    warp.fault(FaultKind::race, step, lane,
               fmt::format("the mbarrier's initialisation by {} is not ordered before",
                           describe(step_at(shared_.write_stamp(granule)), shared_.writer(granule))));
  }
  return found->second;
}

void Block::arrive(Warp& warp, const Step& step, int lane, Mbarrier& barrier, std::uint32_t count) {
  if (barrier.pending < count) {
    warp.fault(FaultKind::barrier, step, lane,
               fmt::format("{} arrivals, but the phase waits for {} only", count, barrier.pending));
  }
  clocks_.publish(warp.thread(lane), barrier.arriving);
  barrier.pending -= count;
  complete_if_done(barrier);
}

void Block::complete_if_done(Mbarrier& barrier) {
  if (barrier.pending != 0 || barrier.transactions != 0) return;
  ++barrier.phase;
  barrier.pending = barrier.expected;
  barrier.completed = std::move(barrier.arriving);
  barrier.arriving = {};
  clocks_.tick();
  idle_wakes_ = 0;
  wake_sleepers();
}

/// Steps that sleep are repeated. False: none does.
bool Block::wake_sleepers() {
  bool has_woken = false;
  for (const auto& warp : warps_) {
    for (int i = 0; i < warp->group_count; ++i) {
      LaneGroup& group = warp->groups[static_cast<std::size_t>(i)];
      if (!group.is_waiting || program().steps[group.step].control != Control::yield) continue;
      group.is_waiting = false;
      has_woken = true;
      if (std::find(runnable_.begin(), runnable_.end(), warp->index()) == runnable_.end())
        runnable_.push_back(warp->index());
    }
  }
  return has_woken;
}

/// A random delivery lands. False: there is none.
bool Block::deliver() {
  if (deliveries_.empty()) return false;
  const std::size_t index = random_.below(static_cast<std::uint32_t>(deliveries_.size()));
  Delivery delivery = std::move(deliveries_[index]);
  deliveries_.erase(deliveries_.begin() + static_cast<std::ptrdiff_t>(index));
  deliver(delivery);
  return true;
}

void Block::deliver(Delivery& delivery) {
  Warp& warp = *warps_[delivery.warp];
  Mbarrier& barrier = mbarriers_[delivery.mbarrier];
  const std::uint32_t writer = threads_ + barrier.number % kCopyClocks;
  const Step& step = program().steps[delivery.step];
  begin_access(step);
  for (Copy& copy : delivery.copies) finish_copy(warp, copy, writer);
  barrier.arriving.stamps.resize(std::size_t{threads_} + kCopyClocks);
  barrier.arriving.stamps[writer] = clocks_.now();
  barrier.transactions -= static_cast<std::int64_t>(delivery.transaction_bytes);
  if (delivery.is_arrival) {
    if (barrier.pending == 0) {
      warp.fault(FaultKind::barrier, step, static_cast<int>(delivery.thread % kLanes),
                 "an asynchronous arrival finds no pending count");
    }
    clocks_.publish(delivery.thread, barrier.arriving);
    --barrier.pending;
  }
  complete_if_done(barrier);
}

}  // namespace perceptron::ptx
