#include <algorithm>
#include <bit>

#include "src/ptx/block.hpp"
#include "src/ptx/warp_operations.hpp"

namespace perceptron::ptx {
namespace {

void decode_bra(Decoder& d) {
  d.take("uni");
  const auto* name = std::get_if<Name>(&d.operand(0).value);
  if (name == nullptr) d.invalid("expected a label");
  const auto& labels = d.entry().entry().labels;
  const auto found = labels.find(name->text);
  if (found == labels.end()) d.invalid("no such label in this entry");
  d.step.target = static_cast<std::uint32_t>(found->second);
  d.step.control = Control::branch;
}

/// Of a function, which stands in place of its call: to the label behind that.
void decode_ret(Decoder& d) {
  if (d.operand_count() > 0) return decode_bra(d);
  d.take("uni");
  d.step.control = Control::exit;
}

void decode_exit(Decoder& d) { d.step.control = Control::exit; }

void trap(Warp& warp, const Step& step, Mask mask) {
  warp.fault(FaultKind::trap, step, std::countr_zero(mask), "the kernel stops itself");
}

void decode_trap(Decoder& d) { d.step.execute = &trap; }

void decode_nanosleep(Decoder& d) {
  d.take_type();
  d.source(0, 4);
  d.step.execute = &execute_nothing;
  d.step.control = Control::yield;
}

/// Hints to the scheduler: blocks of a launch depend on no other launch here, and registers are no limit.
void decode_griddepcontrol(Decoder& d) {
  if (!d.take("wait") && !d.take("launch_dependents")) d.refuse("expected .wait or .launch_dependents");
  d.step.execute = &execute_nothing;
}
void decode_setmaxnreg(Decoder& d) {
  d.take_one_of({"inc", "dec"});
  d.take("sync");
  d.take("aligned");
  d.take_type();
  d.source(0, 4);
  d.step.execute = &execute_nothing;
}

/// bar.warp.sync MASK; bar{.cta}.sync A{, B}; .arrive A, B; .red.op {P|R}, A{, B}, {!}C.
void decode_bar(Decoder& d) {
  if (d.take("warp")) {
    if (!d.take("sync")) d.refuse("expected .sync");
    d.step.source[3] = d.source(0, 4);
    d.step.execute = &execute_warp_barrier;
    d.step.control = Control::warp_sync;
    return;
  }
  d.take("cta");
  d.take("aligned");
  d.step.control = Control::barrier;
  std::size_t next = 0;
  BarrierKind kind = BarrierKind::sync;
  if (d.take("arrive")) {
    kind = BarrierKind::arrive;
  } else if (d.take("red")) {
    const int operation = d.take_one_of({"popc", "and", "or"});
    if (operation < 0) d.refuse("expected .popc, .and or .or");
    kind = static_cast<BarrierKind>(static_cast<int>(BarrierKind::red_popc) + operation);
    if (d.has_type()) d.take_type();
    d.step.target = operation == 0 ? d.target(0, 4) : d.predicate_target(0);
    bool is_negated = false;
    d.step.second_target = d.predicate_source(d.operand_count() - 1, is_negated);
    d.step.count = is_negated ? 1 : 0;
    next = 1;
  } else if (!d.take("sync")) {
    d.refuse("expected .sync, .arrive or .red");
  }
  d.step.immediate = static_cast<std::uint64_t>(kind);
  const std::size_t numbers = d.operand_count() - next - (next == 1 ? 1 : 0);
  d.step.source[0] = d.source(next, 4);
  if (numbers > 1) d.step.source[1] = d.source(next + 1, 4);
}

/// barrier: the same. Without .aligned lanes may come apart, but each waits for its warp as well as for the
/// others, so that all must be able to reach it: here they must do so at one place.
void decode_barrier(Decoder& d) {
  if (d.take("cluster")) d.refuse("clusters are not known");
  decode_bar(d);
}

constexpr Operation kOperations[]{{"bra", decode_bra},
                                  {"ret", decode_ret},
                                  {"call", decode_call},
                                  {"exit", decode_exit},
                                  {"bar", decode_bar},
                                  {"barrier", decode_barrier},
                                  {"trap", decode_trap},
                                  {"nanosleep", decode_nanosleep},
                                  {"griddepcontrol", decode_griddepcontrol},
                                  {"setmaxnreg", decode_setmaxnreg}};

}  // namespace

void execute_warp_barrier(Warp& warp, const Step& step, Mask mask) {
  Block& block = warp.block();
  block.begin_access(step);
  Knowledge together;
  for_each_lane(mask, [&](int lane) { block.clocks().publish(warp.thread(lane), together); });
  for_each_lane(mask, [&](int lane) { block.clocks().learn(warp.thread(lane), together); });
  block.clocks().tick();
}

void contribute(Warp& warp, const Step& step, Mask mask, BarrierVote& vote) {
  const auto kind = static_cast<BarrierKind>(step.immediate);
  if (kind == BarrierKind::sync || kind == BarrierKind::arrive) return;
  warp.use_predicate(step, step.second_target, mask);
  const Mask set =
      (step.count != 0 ? ~warp.predicate(step.second_target) : warp.predicate(step.second_target)) & mask;
  vote.popc += static_cast<std::uint32_t>(std::popcount(set));
  vote.is_all = vote.is_all && set == mask;
  vote.is_any = vote.is_any || set != 0;
}

void collect(Warp& warp, const Step& step, Mask mask, const BarrierVote& vote) {
  const auto kind = static_cast<BarrierKind>(step.immediate);
  if (kind == BarrierKind::red_popc) {
    for_each_lane(mask, [&](int lane) { warp.row<std::uint32_t>(step.target)[lane] = vote.popc; });
    warp.define(step.target, mask);
  } else if (kind == BarrierKind::red_and || kind == BarrierKind::red_or) {
    const bool value = kind == BarrierKind::red_and ? vote.is_all : vote.is_any;
    warp.define_predicate(step.target, mask, value ? kAllLanes : 0);
  }
}

std::span<const Operation> control_operations() { return kOperations; }

}  // namespace perceptron::ptx
