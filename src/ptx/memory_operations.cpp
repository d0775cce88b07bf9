#include "src/ptx/memory_operations.hpp"

#include <cstring>

#include "src/ptx/access.hpp"

namespace perceptron::ptx {
namespace {

/// What the step's `immediate` holds besides the offset is fixed at compile time: element, slots, space,
/// address width.
struct LaneCache {
  std::uint64_t address;
  int lane;
  bool is_noted_as_shared;
  std::uint32_t generation;
};

/// Element T of `count`, sign- or zero-extended to the slots of the destination.
template <class T, class SlotType>
void store_slots(Warp& warp, const Step& step, int lane, const std::byte* data) {
  const std::uint32_t* rows = warp.block().program().lists.data() + step.list;
  for (int element = 0; element < step.count; ++element) {
    if (rows[element] == kNone) continue;
    T value;
    std::memcpy(&value, data + sizeof(T) * static_cast<std::size_t>(element), sizeof(T));
    auto* slots = sizeof(SlotType) == 8 ? warp.row<std::uint64_t>(rows[element]) : nullptr;
    if constexpr (sizeof(SlotType) == 8) {
      slots[lane] = static_cast<SlotType>(value);
    } else {
      warp.row<std::uint32_t>(rows[element])[lane] = static_cast<SlotType>(value);
    }
  }
}

template <class SlotType>
void copy_slots(Warp& warp, const Step& step, int from, int to) {
  const std::uint32_t* rows = warp.block().program().lists.data() + step.list;
  for (int element = 0; element < step.count; ++element) {
    if (rows[element] == kNone) continue;
    if constexpr (sizeof(SlotType) == 8) {
      warp.row<std::uint64_t>(rows[element])[to] = warp.row<std::uint64_t>(rows[element])[from];
    } else {
      warp.row<std::uint32_t>(rows[element])[to] = warp.row<std::uint32_t>(rows[element])[from];
    }
  }
}

void define_all(Warp& warp, const Step& step, Mask mask, Mask written) {
  const std::uint32_t* rows = warp.block().program().lists.data() + step.list;
  for (int element = 0; element < step.count; ++element) {
    if (rows[element] != kNone) warp.define_as(rows[element], mask, written);
  }
}

/// Tile kernels read the same few addresses with many lanes: each is resolved and recorded once.
template <class T, class SlotType, Space kSpace, bool kIsWide>
void load(Warp& warp, const Step& step, Mask mask) {
  constexpr std::uint32_t kCached = 32;
  static thread_local LaneCache cache[kCached];
  static thread_local std::uint32_t generation = 0;
  ++generation;
  warp.use(step, step.source[0], mask);
  Block& block = warp.block();
  block.begin_access(step);
  const std::size_t bytes = sizeof(T) * step.count;
  const bool is_shared_space = kSpace == Space::shared;
  const bool may_merge = !block.program().has_partial_ordering;
  Mask written = mask;
  for_each_lane(mask, [&](int lane) {
    const std::uint64_t address = lane_address(warp, step, lane, kIsWide);
    LaneCache& seen = cache[(address / bytes) % kCached];
    const LaneAccess access{warp, step, lane};
    if (may_merge && seen.generation == generation && seen.address == address) {
      copy_slots<SlotType>(warp, step, seen.lane, lane);
      if ((written >> seen.lane & 1) == 0) written &= ~(Mask{1} << lane);
      if (!seen.is_noted_as_shared) {
        note_read(access, resolve(access, kSpace, address, bytes, false), bytes, true);
        seen.is_noted_as_shared = true;
      }
      return;
    }
    const Target target = resolve(access, kSpace, address, bytes, false);
    if (!note_read(access, target, bytes)) written &= ~(Mask{1} << lane);
    store_slots<T, SlotType>(warp, step, lane, target.data);
    seen = {address, lane, false, generation};
  });
  static_cast<void>(is_shared_space);
  define_all(warp, step, mask, written);
}

template <class T, class SlotType, Space kSpace, bool kIsWide>
void store(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[0], mask);
  Block& block = warp.block();
  block.begin_access(step);
  const std::uint32_t* rows = block.program().lists.data() + step.list;
  const std::size_t bytes = sizeof(T) * step.count;
  Mask written = mask;
  for (int element = 0; element < step.count; ++element) {
    written &= warp.written(rows[element]);
    if (kSpace != Space::shared && kSpace != Space::local) warp.use(step, rows[element], mask);
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
    note_write(access, target, bytes, {false, std::memcmp(value, target.data, bytes) == 0});
    std::memcpy(target.data, value, bytes);
    if ((written >> lane & 1) == 0) mark_unwritten(target, bytes, block.shared());
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
Execute by_slot(bool has_wide_slots, Space space, bool is_wide) {
  if constexpr (sizeof(T) == 8) {
    return by_space<Form, T, std::uint64_t>(space, is_wide);
  } else {
    return has_wide_slots ? by_space<Form, T, std::uint64_t>(space, is_wide)
                          : by_space<Form, T, std::uint32_t>(space, is_wide);
  }
}

template <template <class, class, Space, bool> class Form>
Execute access_of(Decoder& d, Type type, bool has_wide_slots, Space space) {
  const bool is_wide = d.is_wide_address();
  switch (type) {
    case Type::s8: return by_slot<Form, std::int8_t>(has_wide_slots, space, is_wide);
    case Type::s16: return by_slot<Form, std::int16_t>(has_wide_slots, space, is_wide);
    case Type::s32: return by_slot<Form, std::int32_t>(has_wide_slots, space, is_wide);
    default: break;
  }
  switch (size_of(type)) {
    case 1: return by_slot<Form, std::uint8_t>(has_wide_slots, space, is_wide);
    case 2: return by_slot<Form, std::uint16_t>(has_wide_slots, space, is_wide);
    case 4: return by_slot<Form, std::uint32_t>(has_wide_slots, space, is_wide);
    case 8: return by_slot<Form, std::uint64_t>(has_wide_slots, space, is_wide);
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

/// Cache hints, and orders that a machine without a weak memory model gives anyway.
void take_access_modifiers(Decoder& d) {
  d.take_one_of({"weak", "volatile", "relaxed", "acquire", "release"});
  d.take_one_of({"cta", "cluster", "gpu", "sys"});
  d.take("nc");
  d.take_one_of({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
  d.take_one_of(
      {"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate"});
  d.take_one_of({"L2::64B", "L2::128B", "L2::256B"});
}

void access(Decoder& d, bool is_load) {
  const Space space = take_space(d);
  take_access_modifiers(d);
  const int vector = d.take_one_of({"v2", "v4", "v8"});
  const Type type = d.take_type();
  const std::size_t address_operand = is_load ? 1 : 0, value_operand = is_load ? 0 : 1;
  d.address(address_operand, space);
  const bool wide_slots = has_wide_slots(d, value_operand, size_of(type));
  d.vector(value_operand, wide_slots ? 8 : 4, is_load);
  if (d.step.count != (vector < 0 ? 1 : 2 << vector))
    d.invalid("the vector has the wrong number of elements");
  d.step.execute =
      is_load ? access_of<Load>(d, type, wide_slots, space) : access_of<Store>(d, type, wide_slots, space);
}

void decode_ld(Decoder& d) { access(d, true); }
void decode_st(Decoder& d) { access(d, false); }
void decode_ldu(Decoder& d) { access(d, true); }

/// cvta: between a space's addresses and generic ones, a window apart.
template <bool kToSpace>
void convert_address(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[0], mask);
  const std::uint64_t window = step.immediate;
  const std::uint64_t* from = warp.row<std::uint64_t>(step.source[0]);
  std::uint64_t* to = warp.row<std::uint64_t>(step.target);
  for_each_lane(mask, [&](int lane) {
    if (!kToSpace) {
      to[lane] = from[lane] + window;
    } else if ((from[lane] & ~(kSharedWindow - 1)) != window && window != 0) {
      warp.fault(FaultKind::out_of_bounds, step, lane, "the generic address lies in another state space");
    } else {
      to[lane] = from[lane] - window;
    }
  });
  warp.define(step.target, mask);
}

void decode_cvta(Decoder& d) {
  const bool to_space = d.take("to");
  const Space space = take_space(d);
  if (size_of(d.take_type()) != 8) d.refuse("32-bit generic addresses are not known");
  d.elementwise(to_space ? &convert_address<true> : &convert_address<false>, 8, {8});
  // Parameters and constants have generic addresses from the start.
  d.step.immediate = space == Space::shared ? kSharedWindow : space == Space::local ? kLocalWindow : 0;
}

void execute_nothing(Warp&, const Step&, Mask) {}

/// Prefetches and cache hints change nothing that a kernel can see.
void decode_prefetch(Decoder& d) {
  take_space(d);
  d.take_one_of({"L1", "L2", "L2::evict_last", "L2::evict_normal"});
  d.step.execute = &execute_nothing;
}

constexpr Operation kOperations[]{{"ld", decode_ld},
                                  {"ldu", decode_ldu},
                                  {"st", decode_st},
                                  {"cvta", decode_cvta},
                                  {"prefetch", decode_prefetch}};

}  // namespace

Space take_space(Decoder& d) {
  switch (d.take_one_of({"global", "shared", "shared::cta", "local", "param", "param::entry", "const"})) {
    case 0: return Space::global;
    case 1:
    case 2: return Space::shared;
    case 3: return Space::local;
    case 4:
    case 5: return Space::param;
    case 6: return Space::constant;
    default: return Space::generic;
  }
}

std::uint64_t lane_address(Warp& warp, const Step& step, int lane, bool is_wide) {
  const std::uint64_t base =
      is_wide ? warp.row<std::uint64_t>(step.source[0])[lane] : warp.row<std::uint32_t>(step.source[0])[lane];
  return base + step.immediate;
}

std::span<const Operation> memory_operations() { return kOperations; }

}  // namespace perceptron::ptx
