#include "src/ptx/block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace perceptron::ptx {
namespace {

/// Every block of every run has choices of its own.
std::uint64_t seed_of_block(const RunOptions& options, std::uint64_t index) {
  return Random(options.seed ^ (index * 0xd1342543de82ef95)).next();
}

kernels::Extent coordinates_of(std::uint64_t index, kernels::Extent grid) {
  return {static_cast<std::uint32_t>(index % grid.x), static_cast<std::uint32_t>(index / grid.x % grid.y),
          static_cast<std::uint32_t>(index / grid.x / grid.y)};
}

}  // namespace

Block::Block(const Grid& grid, std::uint64_t index)
    : grid_(grid),
      number_(static_cast<std::uint32_t>(index + 1)),
      coordinates_(coordinates_of(index, grid.launch.grid)),
      threads_(static_cast<std::uint32_t>(grid.launch.block.count())),
      random_(seed_of_block(grid.options, index)),
      clocks_(number_, threads_, kCopyClocks),
      shared_(grid.program.shared_room + grid.launch.shared_bytes, grid.program),
      recent_(kRecent, kNone) {
  const std::uint32_t warps = (threads_ + kLanes - 1) / kLanes;
  for (std::uint32_t warp = 0; warp < warps; ++warp) {
    const std::uint32_t lanes = std::min<std::uint32_t>(kLanes, threads_ - warp * kLanes);
    const Mask mask = lanes == kLanes ? kAllLanes : (Mask{1} << lanes) - 1;
    warps_.push_back(std::make_unique<Warp>(*this, grid.program, warp, mask));
    runnable_.push_back(warp);
  }
  pending_.resize(warps);
  // Long bursts are quick and orderly, short ones interleave warps finely; both find faults of their own.
  static constexpr std::uint32_t kBursts[] = {3, 40, 500, 500};
  longest_burst_ = kBursts[random_.below(4)];
  picks_any_group_ = random_.one_in(4);
  landing_ = static_cast<Landing>(random_.below(3));
}

Block::~Block() = default;

std::uint32_t Block::multiprocessor() const {
  return static_cast<std::uint32_t>(seed_of_block(grid_.options, number_) % kMultiprocessors);
}

bool Block::advance() {
  if (!deliveries_.empty() && random_.one_in(landing_ == Landing::at_once ? 2 : 16)) deliver();
  Warp* warp = choose_warp();
  if (warp != nullptr) {
    run_burst(*warp);
  } else if (!deliver()) {
    const bool is_done =
        std::all_of(warps_.begin(), warps_.end(), [](const auto& w) { return w->live == 0; });
    if (is_done) {
      check_copies_were_awaited();
      return false;
    }
    // A try_wait may give up by its own time limit, and its kernel do something else then.
    if (++idle_wakes_ > kMostIdleWakes || !wake_sleepers()) stuck();
  }
  return true;
}

Warp* Block::choose_warp() {
  if (runnable_.empty()) return nullptr;
  return warps_[runnable_[random_.below(static_cast<std::uint32_t>(runnable_.size()))]].get();
}

void Block::run_burst(Warp& warp) {
  burst_left_ = 1 + random_.below(longest_burst_);
  while (burst_left_ > 0) {
    LaneGroup* group = choose_group(warp);
    if (group == nullptr) {
      runnable_.erase(std::find(runnable_.begin(), runnable_.end(), warp.index()));
      return;
    }
    run_group(warp, *group);
  }
}

void Block::merge_groups(Warp& warp) {
  for (int i = 0; i < warp.group_count; ++i) {
    for (int j = warp.group_count - 1; j > i; --j) {
      LaneGroup& a = warp.groups[static_cast<std::size_t>(i)];
      LaneGroup& b = warp.groups[static_cast<std::size_t>(j)];
      if (a.step != b.step || a.is_waiting || b.is_waiting) continue;
      a.mask |= b.mask;
      b = warp.groups[static_cast<std::size_t>(--warp.group_count)];
    }
  }
}

/// The smallest step first lets parted lanes meet again soonest; now and then any other, since lanes are
/// promised no order and loops that wait for one another need it.
LaneGroup* Block::choose_group(Warp& warp) {
  if (warp.group_count == 1) return warp.groups[0].is_waiting ? nullptr : warp.groups.data();
  merge_groups(warp);
  LaneGroup* chosen = nullptr;
  std::uint32_t ready = 0;
  const bool takes_any = picks_any_group_ || random_.one_in(16);
  for (int i = 0; i < warp.group_count; ++i) {
    LaneGroup& group = warp.groups[static_cast<std::size_t>(i)];
    if (group.is_waiting) continue;
    ++ready;
    if (chosen == nullptr || (takes_any ? random_.one_in(ready) : group.step < chosen->step)) chosen = &group;
  }
  return chosen;
}

void Block::run_group(Warp& warp, LaneGroup& group) {
  const Step* const steps = program().steps.data();
  const Mask mask = group.mask;
  const bool may_meet = warp.group_count > 1;
  const std::uint32_t first = group.step;
  std::uint32_t at = first;
  const std::uint32_t most = burst_left_;
  while (true) {
    const Step& step = steps[at];
    Mask active = mask;
    if (step.predicate != kNone) {
      warp.use_predicate(step, step.predicate, mask);
      active &= step.is_predicate_negated ? ~warp.predicate(step.predicate) : warp.predicate(step.predicate);
    }
    if (step.control != Control::straight) {
      const std::uint32_t count = at - first + 1;
      instructions_ += count;
      lane_operations_ += std::uint64_t{count} * static_cast<std::uint32_t>(std::popcount(mask));
      burst_left_ -= std::min(burst_left_, count);
      group.step = at;
      if (instructions_ > next_poll_) poll_now();
      control(warp, group, step, active);
      return;
    }
    if (active != 0) step.execute(warp, step, active);
    ++at;
    if ((may_meet && steps[at].is_label) || at - first >= most) {
      instructions_ += at - first;
      lane_operations_ += std::uint64_t{at - first} * static_cast<std::uint32_t>(std::popcount(mask));
      burst_left_ -= std::min(burst_left_, at - first);
      group.step = at;
      return;
    }
  }
}

void Block::control(Warp& warp, LaneGroup& group, const Step& step, Mask mask) {
  if (step.control == Control::branch) return branch(warp, group, step, mask);
  if (mask == 0) {
    ++group.step;
    return;
  }
  LaneGroup& staying = mask == group.mask ? group : part(warp, group, group.mask & ~mask, group.step + 1);
  switch (step.control) {
    case Control::yield:
      step.execute(warp, step, mask);
      burst_left_ = 0;
      staying.is_waiting = falls_asleep_;
      if (!falls_asleep_) ++staying.step;
      falls_asleep_ = false;
      return;
    case Control::warp_sync: return synchronise_lanes(warp, staying, step);
    case Control::barrier: return meet_barrier(warp, staying, step);
    case Control::exit:
    case Control::end: return exit(warp, staying, step, mask);
    case Control::straight:
    case Control::branch: return;
  }
}

/// The leaving lanes become a group of their own at `step`; returns the group that is left.
LaneGroup& Block::part(Warp& warp, LaneGroup& group, Mask leaving, std::uint32_t step) {
  group.mask &= ~leaving;
  warp.groups[static_cast<std::size_t>(warp.group_count++)] = {step, leaving, false};
  return group;
}

void Block::branch(Warp& warp, LaneGroup& group, const Step& step, Mask taken) {
  if (taken == group.mask) {
    group.step = step.target;
  } else {
    if (taken != 0) part(warp, group, taken, step.target);
    ++group.step;
  }
}

void Block::exit(Warp& warp, LaneGroup& group, const Step& step, Mask mask) {
  const PendingCopies& copies = pending_[warp.index()];
  for (const Copy& copy : copies.copies) {
    if ((mask >> copy.lane & 1) != 0) {
      warp.fault(FaultKind::pending_copy, step, copy.lane,
                 "exits with asynchronous copies that it never waited for");
    }
  }
  warp.live &= ~mask;
  group = warp.groups[static_cast<std::size_t>(--warp.group_count)];
  if (warp.group_count == 0) {
    runnable_.erase(std::find(runnable_.begin(), runnable_.end(), warp.index()));
    burst_left_ = 0;
  }
  retry_waiting(warp);
}

LocalMemory& Block::local(std::uint32_t thread) {
  if (local_.empty()) local_.resize(threads_);
  LocalMemory& local = local_[thread];
  if (local.bytes.empty()) {
    local.bytes.resize(program().local_bytes);
    local.written.resize(program().local_bytes);
  }
  return local;
}

std::uint32_t Block::step_at(Stamp stamp) const {
  return clocks_.now() - stamp < kRecent ? recent_[stamp % kRecent] : kNone;
}

void Block::poll_now() {
  constexpr std::uint64_t kBetweenPolls = 1 << 20;
  if (grid_.options.poll) grid_.options.poll();
  next_poll_ = std::min(grid_.options.instruction_budget, instructions_ + kBetweenPolls);
  if (instructions_ > grid_.options.instruction_budget) end_by_budget();
}

void Block::end_by_budget() const {
  const auto first =
      std::find_if(warps_.begin(), warps_.end(), [](const auto& warp) { return warp->live != 0; });
  const LaneGroup& group = (*first)->groups[0];
  (*first)->fault(
      FaultKind::budget, program().steps[group.step], std::countr_zero(group.mask),
      fmt::format("{} warp instructions are spent{}{}", grid_.options.instruction_budget,
                  program().blocks_interact
                      ? "; blocks begin in ascending order, some at once: one that waits for a later "
                        "one may wait for ever"
                      : "",
                  where_everyone_stands()));
}

/// Lanes at a barrier or .sync instruction that wait for others of their warp, which wait elsewhere.
const LaneGroup* Block::group_that_lacks_lanes(const Warp& warp) const {
  const LaneGroup* found = nullptr;
  for (int i = 0; i < warp.group_count && warp.live != 0; ++i) {
    const LaneGroup& group = warp.groups[static_cast<std::size_t>(i)];
    const Control control = program().steps[group.step].control;
    if (control == Control::yield) return nullptr;  // Asleep at an mbarrier: that is what all wait for.
    if (control == Control::warp_sync || group.mask != warp.live) found = &group;
  }
  return found;
}

void Block::stuck() {
  const std::string stand = fmt::format("nothing can run{}", where_everyone_stands());
  for (const auto& warp : warps_) {
    if (const LaneGroup* group = group_that_lacks_lanes(*warp)) {
      warp->fault(FaultKind::divergent_barrier, program().steps[group->step], std::countr_zero(group->mask),
                  stand);
    }
  }
  const auto first =
      std::find_if(warps_.begin(), warps_.end(), [](const auto& warp) { return warp->live != 0; });
  const LaneGroup& group = (*first)->groups[0];
  (*first)->fault(FaultKind::deadlock, program().steps[group.step], std::countr_zero(group.mask), stand);
}

}  // namespace perceptron::ptx
