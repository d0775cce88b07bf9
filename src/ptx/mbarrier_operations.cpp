// mbarriers, the fences that let bulk copies use them, and those that threads tell one another by.
#include "src/ptx/access.hpp"
#include "src/ptx/memory_operations.hpp"

namespace perceptron::ptx {
namespace {

/// source: 0 the object's address, 1 the count or kNone for 1.
std::uint32_t count_of(Warp& warp, const Step& step, int lane) {
  return step.source[1] == kNone ? 1 : warp.row<std::uint32_t>(step.source[1])[lane];
}

void use_operands(Warp& warp, const Step& step, Mask mask) {
  warp.block().begin_access(step);
  warp.use(step, step.source[0], mask);
  if (step.source[1] != kNone) warp.use(step, step.source[1], mask);
}

void mbarrier_init(Warp& warp, const Step& step, Mask mask) {
  use_operands(warp, step, mask);
  for_each_lane(mask, [&](int lane) {
    const LaneAccess access{warp, step, lane};
    const std::uint64_t address = mbarrier_address(warp, step, lane);
    note_write(access, resolve(access, Space::shared, address, 8, true), 8);
    warp.block().initialise_mbarrier(warp, step, lane, address, count_of(warp, step, lane));
  });
}

void mbarrier_inval(Warp& warp, const Step& step, Mask mask) {
  use_operands(warp, step, mask);
  for_each_lane(mask, [&](int lane) {
    const std::uint64_t address = mbarrier_address(warp, step, lane);
    warp.block().mbarrier(warp, step, lane, address);
    warp.block().mbarriers().erase(address);
  });
}

/// The state token is the number of the phase that the arrival belongs to.
template <bool kExpects, bool kArrives>
void mbarrier_arrive(Warp& warp, const Step& step, Mask mask) {
  use_operands(warp, step, mask);
  for_each_lane(mask, [&](int lane) {
    Mbarrier& barrier = warp.block().mbarrier(warp, step, lane, mbarrier_address(warp, step, lane));
    const std::uint64_t phase = barrier.phase;
    if (kExpects) barrier.transactions += count_of(warp, step, lane);
    if (kArrives) warp.block().arrive(warp, step, lane, barrier, kExpects ? 1 : count_of(warp, step, lane));
    if (step.target != kNone) warp.row<std::uint64_t>(step.target)[lane] = phase;
  });
  if (step.target != kNone) warp.define(step.target, mask);
}

/// True once the phase has completed; a `try` may say no for no reason, and mostly sleeps until then.
template <bool kByParity, bool kMayFail>
void mbarrier_wait(Warp& warp, const Step& step, Mask mask) {
  use_operands(warp, step, mask);
  Block& block = warp.block();
  Mask done = 0;
  bool is_any_complete = false;
  for_each_lane(mask, [&](int lane) {
    Mbarrier& barrier = block.mbarrier(warp, step, lane, mbarrier_address(warp, step, lane));
    const std::uint64_t asked = kByParity ? warp.row<std::uint32_t>(step.source[1])[lane] & 1
                                          : warp.row<std::uint64_t>(step.source[1])[lane];
    const bool is_done = kByParity ? (barrier.phase & 1) != asked : barrier.phase > asked;
    is_any_complete = is_any_complete || is_done;
    if (!is_done || (kMayFail && block.random().one_in(4))) return;
    block.clocks().learn(warp.thread(lane), barrier.completed);
    barrier.seen = barrier.phase;
    done |= Mask{1} << lane;
  });
  if (kMayFail && !is_any_complete && !block.random().one_in(4)) block.sleep();
  warp.define_predicate(step.target, mask, done);
}

void decode_mbarrier(Decoder& d) {
  const bool is_init = d.take("init"), is_inval = d.take("inval"), is_arrive = d.take("arrive");
  const bool expects = d.take("expect_tx"), is_try = d.take("try_wait"), is_test = d.take("test_wait");
  const bool by_parity = d.take("parity");
  d.take_one_of({"release", "acquire", "relaxed"});
  d.take("cta");
  d.take_one_of({"shared", "shared::cta"});
  if (d.take_type() != Type::b64) d.refuse("expected .b64");
  if (is_try || is_test) {
    decode_mbarrier_address(d, 1);
    d.step.target = d.predicate_target(0);
    d.step.source[1] = d.source(2, by_parity ? 4 : 8);
    if (is_try && d.operand_count() > 3) d.source(3, 4);  // How long to sleep: any time is right.
    d.step.control = Control::yield;
    d.step.execute = is_try ? (by_parity ? &mbarrier_wait<true, true> : &mbarrier_wait<false, true>)
                            : (by_parity ? &mbarrier_wait<true, false> : &mbarrier_wait<false, false>);
    return;
  }
  if (is_init || is_inval) {
    decode_mbarrier_address(d, 0);
    if (is_init) d.step.source[1] = d.source(1, 4);
    d.step.execute = is_init ? &mbarrier_init : &mbarrier_inval;
    return;
  }
  if (!is_arrive && !expects) d.refuse("this operation on mbarriers is not known");
  std::size_t next = 0;
  if (is_arrive) {
    const auto* name = std::get_if<Name>(&d.operand(0).value);
    if (name == nullptr || name->text != "_") d.step.target = d.target(0, 8);
    next = 1;
  }
  decode_mbarrier_address(d, next);
  if (d.operand_count() > next + 1) d.step.source[1] = d.source(next + 1, 4);
  d.step.execute = is_arrive ? (expects ? &mbarrier_arrive<true, true> : &mbarrier_arrive<false, true>)
                             : &mbarrier_arrive<true, false>;
}

/// Whatever mbarriers these threads initialised, bulk copies may use now.
void fence_for_copies(Warp& warp, const Step&, Mask mask) {
  for (auto& [address, barrier] : warp.block().mbarriers()) {
    for_each_lane(mask, [&, &known = barrier](int lane) {
      if (known.initialiser == warp.thread(lane)) known.is_known_to_copies = true;
    });
  }
}

void fence(Warp& warp, const Step& step, Mask mask) {
  Block& block = warp.block();
  if (!block.is_watched()) return;
  for_each_lane(mask, [&](int lane) { block.clocks().fence(warp.thread(lane), step.order.scope); });
}

void make_fence(Decoder& d, Scope scope) {
  d.entry().expect_flags();
  d.step.order.scope = scope;
  d.step.execute = &fence;
}

void decode_fence(Decoder& d) {
  if (d.take("mbarrier_init")) {
    if (!d.take("release") || !d.take("cluster")) d.refuse("expected .release.cluster");
    d.step.execute = &fence_for_copies;
  } else if (d.take("proxy")) {
    if (!d.take("async")) d.refuse("only the proxy of asynchronous copies is known");
    d.take_one_of({"global", "shared::cta", "shared::cluster"});
    d.step.execute = &fence_for_copies;
  } else {
    d.take_one_of({"sc", "acq_rel"});
    make_fence(d, d.take_one_of({"cta", "cluster", "gpu", "sys"}) == 0 ? Scope::block : Scope::grid);
  }
}

void decode_membar(Decoder& d) {
  make_fence(d, d.take_one_of({"cta", "gl", "sys"}) == 0 ? Scope::block : Scope::grid);
}

constexpr Operation kOperations[]{
    {"mbarrier", decode_mbarrier}, {"fence", decode_fence}, {"membar", decode_membar}};

}  // namespace

void decode_mbarrier_address(Decoder& d, std::size_t operand) {
  d.address(operand, Space::shared);
  d.step.count = d.is_wide_address() ? 8 : 4;
}

std::span<const Operation> mbarrier_operations() { return kOperations; }

}  // namespace perceptron::ptx
