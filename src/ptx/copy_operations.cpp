// cp.async by commit groups, bulk copies and mbarriers, and the fences between the proxies.
#include <fmt/format.h>

#include <algorithm>

#include "src/ptx/access.hpp"
#include "src/ptx/memory_operations.hpp"

namespace perceptron::ptx {
namespace {

std::uint64_t shared_address(Warp& warp, std::uint32_t row, bool is_wide, int lane) {
  const std::uint64_t address =
      is_wide ? warp.row<std::uint64_t>(row)[lane] : warp.row<std::uint32_t>(row)[lane];
  return address >= kSharedWindow ? address - kSharedWindow : address;
}

/// source: 0 destination, 1 source address, 2 source bytes or kNone. immediate: destination's offset; count:
/// bytes. list: the source's offset, 64 bits in two entries, and whether the destination's address is wide.
void issue_copy(Warp& warp, const Step& step, Mask mask) {
  Block& block = warp.block();
  warp.use(step, step.source[0], mask);
  warp.use(step, step.source[1], mask);
  if (step.source[2] != kNone) warp.use(step, step.source[2], mask);
  block.begin_access(step);
  PendingCopies& pending = block.pending(warp);
  const std::uint32_t* list = block.program().lists.data() + step.list;
  const std::uint64_t from_offset = list[0] | std::uint64_t{list[1]} << 32;
  for_each_lane(mask, [&](int lane) {
    Copy copy;
    copy.lane = lane;
    copy.group = pending.committed[lane];
    copy.to = shared_address(warp, step.source[0], list[2] != 0, lane) + step.immediate;
    copy.from = warp.row<std::uint64_t>(step.source[1])[lane] + from_offset;
    copy.bytes = step.count;
    copy.source_bytes = step.source[2] == kNone ? copy.bytes : warp.row<std::uint32_t>(step.source[2])[lane];
    if (copy.source_bytes > copy.bytes) {
      warp.fault(FaultKind::out_of_bounds, step, lane,
                 fmt::format("copies {} bytes into {}", copy.source_bytes, copy.bytes));
    }
    if (copy.from % copy.bytes != 0) {
      warp.fault(FaultKind::misaligned, step, lane,
                 fmt::format("the source {:#x} is no multiple of {} bytes", copy.from, copy.bytes));
    }
    block.begin_copy(warp, step, copy);
    pending.copies.push_back(copy);
  });
}

void commit_group(Warp& warp, const Step&, Mask mask) {
  PendingCopies& pending = warp.block().pending(warp);
  for_each_lane(mask, [&](int lane) { ++pending.committed[lane]; });
}

/// immediate: how many of the latest groups may stay in flight; all ones: none, committed or not.
void wait_group(Warp& warp, const Step& step, Mask mask) {
  Block& block = warp.block();
  block.begin_access(step);
  PendingCopies& pending = block.pending(warp);
  const bool waits_for_all = step.immediate == ~std::uint64_t{0};
  const auto is_done = [&](const Copy& copy) {
    if ((mask >> copy.lane & 1) == 0) return false;
    return waits_for_all || copy.group + step.immediate < pending.committed[copy.lane];
  };
  for (Copy& copy : pending.copies) {
    if (is_done(copy)) block.finish_copy(warp, copy, warp.thread(copy.lane));
  }
  std::erase_if(pending.copies, is_done);
}

/// cp.async.mbarrier.arrive: once the lane's copies so far are there, they arrive at the mbarrier.
template <bool kAddsPending>
void arrive_when_copied(Warp& warp, const Step& step, Mask mask) {
  Block& block = warp.block();
  block.begin_access(step);
  PendingCopies& pending = block.pending(warp);
  warp.use(step, step.source[0], mask);
  for_each_lane(mask, [&](int lane) {
    const std::uint64_t address =
        shared_address(warp, step.source[0], step.count == 8, lane) + step.immediate;
    Mbarrier& barrier = block.mbarrier(warp, step, lane, address);
    if (kAddsPending) ++barrier.pending;
    Delivery delivery;
    delivery.mbarrier = address;
    delivery.warp = warp.index();
    delivery.thread = warp.thread(lane);
    delivery.is_arrival = true;
    delivery.step = step.instruction;
    for (const Copy& copy : pending.copies) {
      if (copy.lane == lane) delivery.copies.push_back(copy);
    }
    std::erase_if(pending.copies, [&](const Copy& copy) { return copy.lane == lane; });
    if (!delivery.copies.empty()) barrier.carry(delivery.thread, step);
    block.deliver_later(std::move(delivery));
  });
}

std::uint64_t literal_of(Decoder& d, std::size_t index) {
  const auto* literal = std::get_if<Literal>(&d.operand(index).value);
  if (literal == nullptr) d.invalid("expected a constant");
  return literal->bits;
}

/// [address] of a wide or narrow register; count: 8 or 4.
void decode_mbarrier_address(Decoder& d, std::size_t operand) {
  d.address(operand, Space::shared);
  d.step.count = d.is_wide_address() ? 8 : 4;
}

/// source: 0 destination, 1 global address, 2 bytes, 3 mbarrier; list: the three's widths and offsets.
void issue_bulk_copy(Warp& warp, const Step& step, Mask mask) {
  Block& block = warp.block();
  for (const std::uint32_t row : step.source) warp.use(step, row, mask);
  block.begin_access(step);
  const std::uint32_t* list = block.program().lists.data() + step.list;
  for_each_lane(mask, [&](int lane) {
    const std::uint64_t address = shared_address(warp, step.source[3], list[2] != 0, lane) + list[3];
    Mbarrier& barrier = block.mbarrier(warp, step, lane, address);
    if (!barrier.is_known_to_copies) {
      warp.fault(
          FaultKind::barrier, step, lane,
          "no fence.mbarrier_init or fence.proxy.async stands between the mbarrier's initialisation and its "
          "use by a bulk copy");
    }
    Copy copy;
    copy.lane = lane;
    copy.to = shared_address(warp, step.source[0], list[0] != 0, lane) + step.immediate;
    copy.from = warp.row<std::uint64_t>(step.source[1])[lane] + list[1];
    copy.bytes = copy.source_bytes = warp.row<std::uint32_t>(step.source[2])[lane];
    if (copy.bytes == 0 || copy.bytes % 16 != 0 || copy.to % 16 != 0 || copy.from % 16 != 0) {
      warp.fault(FaultKind::misaligned, step, lane,
                 fmt::format("{} bytes from {:#x} to shared address {}: all three must be multiples of 16",
                             copy.bytes, copy.from, copy.to));
    }
    block.begin_copy(warp, step, copy);
    Delivery delivery;
    delivery.mbarrier = address;
    delivery.warp = warp.index();
    delivery.thread = warp.thread(lane);
    delivery.transaction_bytes = copy.bytes;
    delivery.step = step.instruction;
    barrier.carry(delivery.thread, step);
    delivery.copies.push_back(copy);
    block.deliver_later(std::move(delivery));
  });
}

void decode_bulk_copy(Decoder& d) {
  if (d.take("commit_group") || d.take("wait_group"))
    d.refuse("bulk copies out of shared memory are not known");
  if (d.take_one_of({"shared::cluster", "shared::cta"}) < 0 || !d.take("global") ||
      !d.take("mbarrier::complete_tx::bytes")) {
    d.refuse("only bulk copies from global to shared memory that complete an mbarrier are known");
  }
  std::uint32_t list[4];
  const auto read = [&](std::size_t operand) {
    d.address(operand, Space::shared);
    return d.step.source[0];
  };
  const std::uint32_t from = read(1);
  if (!d.is_wide_address()) d.invalid("the source address must be 64 bits wide");
  list[1] = static_cast<std::uint32_t>(d.step.immediate);
  const std::uint32_t barrier = read(3);
  list[2] = d.is_wide_address() ? 1 : 0;
  list[3] = static_cast<std::uint32_t>(d.step.immediate);
  const std::uint32_t to = read(0);
  list[0] = d.is_wide_address() ? 1 : 0;
  d.step.source[0] = to;
  d.step.source[1] = from;
  d.step.source[2] = d.source(2, 4);
  d.step.source[3] = barrier;
  std::vector<std::uint32_t>& lists = d.entry().program().lists;
  d.step.list = static_cast<std::uint32_t>(lists.size());
  lists.insert(lists.end(), list, list + 4);
  d.step.execute = &issue_bulk_copy;
}

void decode_copy(Decoder& d) {
  if (!d.take("async")) d.refuse("only cp.async is known");
  if (d.take("bulk")) return decode_bulk_copy(d);
  if (d.take("commit_group")) {
    d.step.execute = &commit_group;
    return;
  }
  if (d.take("wait_all")) {
    d.step.execute = &wait_group;
    d.step.immediate = ~std::uint64_t{0};
    return;
  }
  if (d.take("wait_group")) {
    d.step.execute = &wait_group;
    d.step.immediate = literal_of(d, 0);
    return;
  }
  if (d.take("mbarrier")) {
    if (!d.take("arrive")) d.refuse("expected .arrive");
    const bool adds_pending = !d.take("noinc");
    d.take_one_of({"shared", "shared::cta"});
    if (d.take_type() != Type::b64) d.refuse("expected .b64");
    decode_mbarrier_address(d, 0);
    d.step.execute = adds_pending ? &arrive_when_copied<true> : &arrive_when_copied<false>;
    return;
  }
  const bool is_l2_only = d.take("cg");
  if (!is_l2_only && !d.take("ca")) d.refuse("expected .ca or .cg");
  d.take_one_of({"shared", "shared::cta"});
  d.take("global");
  d.take_one_of({"L2::64B", "L2::128B", "L2::256B"});
  const std::uint64_t bytes = literal_of(d, 2);
  if (bytes != 16 && (is_l2_only || (bytes != 4 && bytes != 8)))
    d.invalid("a copy has 4, 8 or 16 bytes, with .cg 16");
  d.address(1, Space::global);
  if (!d.is_wide_address()) d.invalid("the source address must be 64 bits wide");
  const std::uint32_t from = d.step.source[0];
  const std::uint64_t from_offset = d.step.immediate;
  d.address(0, Space::shared);
  d.step.source[1] = from;
  if (d.operand_count() > 3) d.step.source[2] = d.source(3, 4);
  std::vector<std::uint32_t>& lists = d.entry().program().lists;
  d.step.list = static_cast<std::uint32_t>(lists.size());
  lists.push_back(static_cast<std::uint32_t>(from_offset));
  lists.push_back(static_cast<std::uint32_t>(from_offset >> 32));
  lists.push_back(d.is_wide_address() ? 1 : 0);
  d.step.count = static_cast<std::uint8_t>(bytes);
  d.step.execute = &issue_copy;
}

/// source: 0 the object's address, 1 the count or kNone for 1.
std::uint32_t count_of(Warp& warp, const Step& step, int lane) {
  return step.source[1] == kNone ? 1 : warp.row<std::uint32_t>(step.source[1])[lane];
}

std::uint64_t object_address(Warp& warp, const Step& step, int lane) {
  return shared_address(warp, step.source[0], step.count == 8, lane) + step.immediate;
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
    const std::uint64_t address = object_address(warp, step, lane);
    note_write(access, resolve(access, Space::shared, address, 8, true), 8);
    warp.block().initialise_mbarrier(warp, step, lane, address, count_of(warp, step, lane));
  });
}

void mbarrier_inval(Warp& warp, const Step& step, Mask mask) {
  use_operands(warp, step, mask);
  for_each_lane(mask, [&](int lane) {
    const std::uint64_t address = object_address(warp, step, lane);
    warp.block().mbarrier(warp, step, lane, address);
    warp.block().mbarriers().erase(address);
  });
}

/// The state token is the number of the phase that the arrival belongs to.
template <bool kExpects, bool kArrives>
void mbarrier_arrive(Warp& warp, const Step& step, Mask mask) {
  use_operands(warp, step, mask);
  for_each_lane(mask, [&](int lane) {
    Mbarrier& barrier = warp.block().mbarrier(warp, step, lane, object_address(warp, step, lane));
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
    Mbarrier& barrier = block.mbarrier(warp, step, lane, object_address(warp, step, lane));
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

void execute_nothing(Warp&, const Step&, Mask) {}

/// Whatever mbarriers these threads initialised, bulk copies may use now.
void fence_for_copies(Warp& warp, const Step&, Mask mask) {
  for (auto& [address, barrier] : warp.block().mbarriers()) {
    for_each_lane(mask, [&, &known = barrier](int lane) {
      if (known.initialiser == warp.thread(lane)) known.is_known_to_copies = true;
    });
  }
}

/// Shared memory has one order here, so that fences between generic accesses have nothing to do: what they
/// would have to order, races show.
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
    d.take_one_of({"cta", "cluster", "gpu", "sys"});
    d.step.execute = &execute_nothing;
  }
}

void decode_membar(Decoder& d) {
  d.take_one_of({"cta", "gl", "sys"});
  d.step.execute = &execute_nothing;
}

constexpr Operation kOperations[]{
    {"cp", decode_copy}, {"mbarrier", decode_mbarrier}, {"fence", decode_fence}, {"membar", decode_membar}};

}  // namespace

std::span<const Operation> copy_operations() { return kOperations; }

}  // namespace perceptron::ptx
