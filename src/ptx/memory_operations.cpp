#include "src/ptx/memory_operations.hpp"

#include <bit>
#include <cstring>
#include <mutex>

#include "src/ptx/access.hpp"

namespace perceptron::ptx {
namespace {

/// Lanes that read the same address: tile kernels read few of them with many lanes, and each is resolved and
/// recorded once.
struct Distinct {
  std::uint64_t address;
  const std::byte* data;
  int first_lane;
  bool by_several_lanes;  ///< By more than one lane.
  bool is_written;
};

/// Local memory is each lane's own: equal addresses there are not the same bytes.
template <Space kSpace>
bool is_local(std::uint64_t address) {
  if (kSpace == Space::generic) return window_of(address) == kLocalWindow;
  if (kSpace == Space::param) return window_of(address) == 0;  // Of a function.
  return kSpace == Space::local;
}

struct DistinctAddresses {
  Distinct list[kLanes];
  std::uint8_t of[kLanes];  ///< Index into the list, per lane.
  int count = 0;

  template <Space kSpace>
  void collect(Warp& warp, const Step& step, Mask mask, bool is_wide, bool may_merge) {
    const int shift = std::countr_zero(step.access_bytes);
    std::uint8_t slots[kLanes] = {};  // Index + 1 of the last address that fell there.
    for_each_lane(mask, [&](int lane) {
      const std::uint64_t address = lane_address(warp, step, lane, is_wide);
      std::uint8_t& slot = slots[(address >> shift) % kLanes];
      if (may_merge && slot != 0 && list[slot - 1].address == address && !is_local<kSpace>(address)) {
        list[slot - 1].by_several_lanes = true;
      } else {
        list[count++] = {address, nullptr, lane, false, true};
        slot = static_cast<std::uint8_t>(count);
      }
      of[lane] = static_cast<std::uint8_t>(slot - 1);
    });
  }
};

/// Strong accesses of blocks that run at once come one by one.
std::unique_lock<std::recursive_mutex> lock_if_strong(const Block& block, const Step& step) {
  if (!step.order.is_strong) return {};
  return std::unique_lock(block.grid().order.mutex);
}

/// Resolved and recorded; shared memory without a call where all is well.
template <Space kSpace>
void read_distinct(Warp& warp, const Step& step, Distinct& one) {
  const std::size_t bytes = step.access_bytes;
  const LaneAccess access{warp, step, one.first_lane};
  if constexpr (kSpace == Space::shared) {
    Block& block = warp.block();
    SharedMemory& shared = block.shared();
    if (!step.order.is_strong && one.address % bytes == 0 && shared.contains(one.address, bytes) &&
        block.is_watched()) {
      one.data = shared.at(one.address);
      const Conflict conflict = shared.read(shared.granule(one.address), shared.granules(bytes),
                                            access.thread(), one.by_several_lanes, block.clocks());
      if (conflict == Conflict::none) return;
    }
  }
  const Target target = resolve(access, kSpace, one.address, bytes, false);
  one.is_written = note_read(access, target, bytes, one.by_several_lanes);
  one.data = target.data;
  if (step.order.is_strong) hear(access, target);
}

template <class T, class SlotType, Space kSpace, bool kIsWide>
void load(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[0], mask);
  Block& block = warp.block();
  block.begin_access(step);
  const std::unique_lock lock = lock_if_strong(block, step);
  if (step.order.is_strong) block.note_poll();
  DistinctAddresses addresses;
  addresses.collect<kSpace>(warp, step, mask, kIsWide, !block.program().has_partial_ordering);
  bool are_all_written = true;
  for (int index = 0; index < addresses.count; ++index) {
    read_distinct<kSpace>(warp, step, addresses.list[index]);
    are_all_written = are_all_written && addresses.list[index].is_written;
  }
  // Of a vector only some elements may be unwritten: padding is loaded along, and no fault until it is used.
  const auto written_lanes = [&](std::size_t element) {
    Mask written = mask;
    for_each_lane(mask, [&](int lane) {
      if (addresses.list[addresses.of[lane]].is_written) return;
      const LaneAccess access{warp, step, lane};
      const std::uint64_t address = lane_address(warp, step, lane, kIsWide) + sizeof(T) * element;
      if (!is_written(access, resolve(access, kSpace, address, sizeof(T), false), sizeof(T))) {
        written &= ~(Mask{1} << lane);
        warp.remember_unwritten(step, lane);
      }
    });
    return written;
  };
  // T is sign- or zero-extended to the slots of its register.
  const std::uint32_t* rows = block.program().lists.data() + step.list;
  for (std::size_t element = 0; element < step.count; ++element) {
    if (rows[element] == kNone) continue;
    const Mask written = are_all_written ? mask : written_lanes(element);
    auto* slots = warp.row<SlotType>(rows[element]);
    for_each_lane(mask, [&](int lane) {
      T value;
      std::memcpy(&value, addresses.list[addresses.of[lane]].data + sizeof(T) * element, sizeof(T));
      slots[lane] = static_cast<SlotType>(value);
    });
    warp.define_as(rows[element], mask, written);
  }
}

template <class T, class SlotType, Space kSpace, bool kIsWide>
void store(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[0], mask);
  Block& block = warp.block();
  block.begin_access(step);
  const std::uint32_t* rows = block.program().lists.data() + step.list;
  const std::size_t bytes = step.access_bytes;
  const std::unique_lock lock = lock_if_strong(block, step);
  Mask written = mask;
  for (int element = 0; element < step.count; ++element) {
    written &= warp.written(rows[element]);
    if (kSpace == Space::global) warp.use(step, rows[element], mask);
  }
  for_each_lane(mask, [&](int lane) {
    const LaneAccess access{warp, step, lane};
    const Target target = resolve(access, kSpace, lane_address(warp, step, lane, kIsWide), bytes, true);
    alignas(16) std::byte value[64];
    for (int element = 0; element < step.count; ++element) {
      T stored;
      if constexpr (sizeof(SlotType) == 8) {
        stored = static_cast<T>(warp.row<std::uint64_t>(rows[element])[lane]);
      } else {
        stored = static_cast<T>(warp.row<std::uint32_t>(rows[element])[lane]);
      }
      std::memcpy(value + sizeof(T) * static_cast<std::size_t>(element), &stored, sizeof(T));
    }
    note_write(access, target, bytes, value);
    std::memcpy(target.data, value, bytes);
    if (step.order.is_strong) tell(access, target, false);
    if ((written >> lane & 1) != 0) return;
    for (std::size_t element = 0; element < step.count; ++element) {
      if ((warp.written(rows[element]) >> lane & 1) != 0) continue;
      if (target.space == Space::global) warp.use(step, rows[element], Mask{1} << lane);
      Target part = target;
      part.offset += sizeof(T) * element;
      mark_unwritten(access, part, sizeof(T));
    }
  });
}

template <template <class, class, Space, bool> class Form, class T, class SlotType, Space kSpace>
Execute by_address(bool is_wide) {
  return is_wide ? &Form<T, SlotType, kSpace, true>::run : &Form<T, SlotType, kSpace, false>::run;
}

template <class T, class SlotType, Space kSpace, bool kIsWide>
struct Load {
  static void run(Warp& warp, const Step& step, Mask mask) {
    load<T, SlotType, kSpace, kIsWide>(warp, step, mask);
  }
};
template <class T, class SlotType, Space kSpace, bool kIsWide>
struct Store {
  static void run(Warp& warp, const Step& step, Mask mask) {
    store<T, SlotType, kSpace, kIsWide>(warp, step, mask);
  }
};

template <template <class, class, Space, bool> class Form, class T, class SlotType>
Execute by_space(Space space, bool is_wide) {
  switch (space) {
    case Space::shared: return by_address<Form, T, SlotType, Space::shared>(is_wide);
    case Space::global: return by_address<Form, T, SlotType, Space::global>(is_wide);
    case Space::local: return by_address<Form, T, SlotType, Space::local>(is_wide);
    case Space::param: return by_address<Form, T, SlotType, Space::param>(is_wide);
    case Space::constant: return by_address<Form, T, SlotType, Space::constant>(is_wide);
    case Space::generic: break;
  }
  return by_address<Form, T, SlotType, Space::generic>(is_wide);
}

template <template <class, class, Space, bool> class Form, class T>
Execute by_slot(bool wide_slots, Space space, bool is_wide) {
  if constexpr (sizeof(T) == 8) {
    return by_space<Form, T, std::uint64_t>(space, is_wide);
  } else {
    return wide_slots ? by_space<Form, T, std::uint64_t>(space, is_wide)
                      : by_space<Form, T, std::uint32_t>(space, is_wide);
  }
}

template <template <class, class, Space, bool> class Form>
Execute access_of(Decoder& d, Type type, bool wide_slots, Space space) {
  const bool is_wide = d.is_wide_address();
  switch (type) {
    case Type::s8: return by_slot<Form, std::int8_t>(wide_slots, space, is_wide);
    case Type::s16: return by_slot<Form, std::int16_t>(wide_slots, space, is_wide);
    case Type::s32: return by_slot<Form, std::int32_t>(wide_slots, space, is_wide);
    default: break;
  }
  switch (size_of(type)) {
    case 1: return by_slot<Form, std::uint8_t>(wide_slots, space, is_wide);
    case 2: return by_slot<Form, std::uint16_t>(wide_slots, space, is_wide);
    case 4: return by_slot<Form, std::uint32_t>(wide_slots, space, is_wide);
    case 8: return by_slot<Form, std::uint64_t>(wide_slots, space, is_wide);
    default: d.refuse("this access width is not known");
  }
}

/// Are the slots of the value operand wide? All of a vector's must agree.
bool has_wide_slots(Decoder& d, std::size_t index, std::size_t type_bytes) {
  const Operand* operand = &d.operand(index);
  if (const auto* vector = std::get_if<Vector>(&operand->value)) {
    for (const Operand& element : vector->elements) {
      operand = &element;
      const auto* name = std::get_if<Name>(&element.value);
      if (name != nullptr && name->text != "_") break;
    }
  }
  const auto* name = std::get_if<Name>(&operand->value);
  if (name == nullptr || !d.entry().is_register(name->text)) return type_bytes > 4;
  bool is_wide = false;
  d.register_of(*operand, is_wide);
  return is_wide;
}

/// Cache hints change nothing that a kernel can see.
void take_cache_hints(Decoder& d) {
  d.take("nc");
  d.take_one_of({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
  d.take_one_of(
      {"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate"});
  d.take_one_of({"L2::64B", "L2::128B", "L2::256B"});
}

void decode_access(Decoder& d, bool is_load) {
  const Space space = take_space(d);
  d.step.order = take_order(d, space, false);
  if (is_load && d.entry().begins_compare_and_swap(d.instruction())) {
    d.step.order.is_strong = true;
    d.entry().expect_flags();
  }
  take_cache_hints(d);
  const int vector = d.take_one_of({"v2", "v4", "v8"});
  const Type type = d.take_type();
  const std::size_t address_operand = is_load ? 1 : 0, value_operand = is_load ? 0 : 1;
  d.address(address_operand, space);
  const bool wide_slots = has_wide_slots(d, value_operand, size_of(type));
  d.vector(value_operand, wide_slots ? 8 : 4, is_load);
  if (d.step.count != (vector < 0 ? 1 : 2 << vector))
    d.invalid("the vector has the wrong number of elements");
  d.step.access_bytes = static_cast<std::uint32_t>(size_of(type) * d.step.count);
  d.step.execute =
      is_load ? access_of<Load>(d, type, wide_slots, space) : access_of<Store>(d, type, wide_slots, space);
}

void decode_ld(Decoder& d) { decode_access(d, true); }
void decode_st(Decoder& d) { decode_access(d, false); }
void decode_ldu(Decoder& d) { decode_access(d, true); }

constexpr Operation kOperations[]{{"ld", decode_ld}, {"ldu", decode_ldu}, {"st", decode_st}};

}  // namespace

std::span<const Operation> memory_operations() { return kOperations; }

MemoryOrder take_order(Decoder& d, Space space, bool is_atomic) {
  MemoryOrder order;
  const bool is_weak = d.take("weak"), is_relaxed = d.take("relaxed"), is_both = d.take("acq_rel");
  order.is_volatile = d.take("volatile");
  order.acquires = d.take("acquire") || is_both;
  order.releases = d.take("release") || is_both;
  order.is_atomic = is_atomic;
  order.is_strong = is_atomic || is_relaxed || order.is_volatile || order.acquires || order.releases;
  if (is_weak && order.is_strong) d.refuse(".weak goes with no other order");
  if (d.take_one_of({"cta", "cluster", "gpu", "sys"}) == 0) order.scope = Scope::block;
  const bool is_private = space == Space::local || space == Space::param || space == Space::constant;
  const bool is_flag = is_atomic ? order.acquires || order.releases : order.is_strong;
  if (is_flag && !is_private && !(order.is_volatile && space == Space::shared)) d.entry().expect_flags();
  if (order.is_strong && !is_private && space != Space::shared) d.entry().program().blocks_interact = true;
  order.acquires = order.acquires || is_atomic;
  return order;
}

}  // namespace perceptron::ptx
