// cp.async by commit groups, and bulk copies.
#include <fmt/format.h>

#include "src/ptx/access.hpp"
#include "src/ptx/memory_operations.hpp"

namespace perceptron::ptx {
namespace {

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
    copy.to = base_address(warp, step.source[0], list[2] != 0, lane) + step.immediate;
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
    const std::uint64_t address = mbarrier_address(warp, step, lane);
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

/// source: 0 destination, 1 global address, 2 bytes, 3 mbarrier; list: the three's widths and offsets.
void issue_bulk_copy(Warp& warp, const Step& step, Mask mask) {
  Block& block = warp.block();
  for (const std::uint32_t row : step.source) warp.use(step, row, mask);
  block.begin_access(step);
  const std::uint32_t* list = block.program().lists.data() + step.list;
  for_each_lane(mask, [&](int lane) {
    const std::uint64_t address = base_address(warp, step.source[3], list[2] != 0, lane) + list[3];
    Mbarrier& barrier = block.mbarrier(warp, step, lane, address);
    if (!barrier.is_known_to_copies) {
      warp.fault(
          FaultKind::barrier, step, lane,
          "no fence.mbarrier_init or fence.proxy.async stands between the mbarrier's initialisation and its "
          "use by a bulk copy");
    }
    Copy copy;
    copy.lane = lane;
    copy.to = base_address(warp, step.source[0], list[0] != 0, lane) + step.immediate;
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

void decode_arrive_when_copied(Decoder& d) {
  if (!d.take("arrive")) d.refuse("expected .arrive");
  const bool adds_pending = !d.take("noinc");
  d.take_one_of({"shared", "shared::cta"});
  if (d.take_type() != Type::b64) d.refuse("expected .b64");
  decode_mbarrier_address(d, 0);
  d.step.execute = adds_pending ? &arrive_when_copied<true> : &arrive_when_copied<false>;
}

std::uint64_t literal_of(Decoder& d, std::size_t index) {
  const auto* literal = std::get_if<Literal>(&d.operand(index).value);
  if (literal == nullptr) d.invalid("expected a constant");
  return literal->bits;
}

/// cp.async of 4, 8 or 16 bytes by each lane.
void decode_lane_copy(Decoder& d) {
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
  if (d.take("mbarrier")) return decode_arrive_when_copied(d);
  decode_lane_copy(d);
}

constexpr Operation kOperations[]{{"cp", decode_copy}};

}  // namespace

std::span<const Operation> copy_operations() { return kOperations; }

}  // namespace perceptron::ptx
