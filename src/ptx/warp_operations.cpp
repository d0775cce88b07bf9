#include "src/ptx/warp_operations.hpp"

#include <array>
#include <bit>

#include "src/ptx/block.hpp"

namespace perceptron::ptx {
namespace {

/// A .sync operation: its member mask, operand `index`, is what the scheduler waits for.
void decode_members(Decoder& d, std::size_t index) {
  d.step.source[3] = d.source(index, 4);
  d.step.control = Control::warp_sync;
}

enum class Shuffle : std::uint8_t { up, down, bfly, idx };

/// PTX ISA, shfl.sync: c holds the clamp value in bits 0-4 and the segment mask in bits 8-12. A lane that has
/// exited, or never was, gives no value.
template <Shuffle kMode>
void shuffle(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[1], mask);
  warp.use(step, step.source[2], mask);
  const std::uint32_t* a = warp.row<std::uint32_t>(step.source[0]);
  const std::uint32_t* b = warp.row<std::uint32_t>(step.source[1]);
  const std::uint32_t* c = warp.row<std::uint32_t>(step.source[2]);
  std::array<std::uint32_t, kLanes> result{};
  Mask in_range = 0, written = mask;
  for_each_lane(mask, [&](int lane) {
    const int offset = static_cast<int>(b[lane] & 31);
    const int clamp = static_cast<int>(c[lane] & 31), segment = static_cast<int>(c[lane] >> 8 & 31);
    const int highest = (lane & segment) | (clamp & ~segment);
    const int lowest = lane & segment;
    int from = 0;
    bool is_in_range = false;
    switch (kMode) {
      case Shuffle::up: from = lane - offset, is_in_range = from >= highest; break;
      case Shuffle::down: from = lane + offset, is_in_range = from <= highest; break;
      case Shuffle::bfly: from = lane ^ offset, is_in_range = from <= highest; break;
      case Shuffle::idx: from = lowest | (offset & ~segment), is_in_range = from <= highest; break;
    }
    if (!is_in_range) from = lane;
    if (is_in_range) in_range |= Mask{1} << lane;
    if ((warp.live >> from & 1) == 0) {
      warp.remember_unwritten(step, lane);
      written &= ~(Mask{1} << lane);
      return;
    }
    if ((mask >> from & 1) == 0) {
      warp.fault(FaultKind::divergent_barrier, step, lane, "reads from a lane outside the member mask");
    }
    if ((warp.written(step.source[0]) >> from & 1) == 0) warp.use(step, step.source[0], Mask{1} << from);
    result[static_cast<std::size_t>(lane)] = a[from];
  });
  std::uint32_t* target = warp.row<std::uint32_t>(step.target);
  for_each_lane(mask, [&](int lane) { target[lane] = result[static_cast<std::size_t>(lane)]; });
  warp.define_as(step.target, mask, written);
  if (step.second_target != kNone) warp.define_predicate(step.second_target, mask, in_range);
}

void decode_shfl(Decoder& d) {
  if (!d.take("sync")) d.refuse("only the .sync form is known");
  static constexpr std::array kForms{&shuffle<Shuffle::up>, &shuffle<Shuffle::down>, &shuffle<Shuffle::bfly>,
                                     &shuffle<Shuffle::idx>};
  const int mode = d.take_one_of({"up", "down", "bfly", "idx"});
  if (mode < 0) d.refuse("expected .up, .down, .bfly or .idx");
  if (d.take_type() != Type::b32) d.refuse("expected .b32");
  d.step.execute = kForms[static_cast<std::size_t>(mode)];
  if (const auto* pair = std::get_if<Pair>(&d.operand(0).value)) {
    Type declared{};
    d.step.target = d.entry().register_row(pair->first, declared);
    d.step.second_target = d.entry().predicate_number(pair->second);
    if (d.step.target == kNone || d.step.second_target == kNone || size_of(declared) != 4) {
      d.invalid("expected register|predicate");
    }
  } else {
    d.step.target = d.target(0, 4);
  }
  for (std::size_t index = 0; index < 3; ++index) d.step.source[index] = d.source(index + 1, 4);
  decode_members(d, 4);
}

enum class Vote : std::uint8_t { all, any, uni, ballot };

template <Vote kMode>
void vote(Warp& warp, const Step& step, Mask mask) {
  warp.use_predicate(step, step.source[0], mask);
  const Mask set =
      (step.count != 0 ? ~warp.predicate(step.source[0]) : warp.predicate(step.source[0])) & mask;
  if constexpr (kMode == Vote::ballot) {
    for_each_lane(mask, [&](int lane) { warp.row<std::uint32_t>(step.target)[lane] = set; });
    warp.define(step.target, mask);
  } else {
    const bool value = kMode == Vote::all   ? set == mask
                       : kMode == Vote::any ? set != 0
                                            : set == mask || set == 0;
    warp.define_predicate(step.target, mask, value ? kAllLanes : 0);
  }
}

void decode_vote(Decoder& d) {
  if (!d.take("sync")) d.refuse("only the .sync form is known");
  static constexpr std::array kForms{&vote<Vote::all>, &vote<Vote::any>, &vote<Vote::uni>,
                                     &vote<Vote::ballot>};
  const int mode = d.take_one_of({"all", "any", "uni", "ballot"});
  if (mode < 0) d.refuse("expected .all, .any, .uni or .ballot");
  d.take("pred");
  if (mode == 3) d.take_type();
  d.step.execute = kForms[static_cast<std::size_t>(mode)];
  d.step.target = mode == 3 ? d.target(0, 4) : d.predicate_target(0);
  bool is_negated = false;
  d.step.source[0] = d.predicate_source(1, is_negated);
  d.step.count = is_negated ? 1 : 0;
  decode_members(d, 2);
}

template <class T, bool kAll>
void match(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[0], mask);
  const Slot<T>* a = warp.row<T>(step.source[0]);
  std::array<Mask, kLanes> result{};
  bool is_same = true;
  for_each_lane(mask, [&](int lane) {
    Mask same = 0;
    for_each_lane(mask, [&](int other) { same |= static_cast<Mask>(a[other] == a[lane]) << other; });
    is_same = is_same && same == mask;
    result[static_cast<std::size_t>(lane)] = same;
  });
  for_each_lane(mask, [&](int lane) {
    warp.row<std::uint32_t>(step.target)[lane] =
        kAll ? (is_same ? mask : 0) : result[static_cast<std::size_t>(lane)];
  });
  warp.define(step.target, mask);
  if (step.second_target != kNone) warp.define_predicate(step.second_target, mask, is_same ? kAllLanes : 0);
}

void decode_match(Decoder& d) {
  const bool all = d.take("all");
  if ((!all && !d.take("any")) || !d.take("sync")) d.refuse("expected .any.sync or .all.sync");
  const bool is_wide = size_of(d.take_type()) == 8;
  d.step.execute = all ? (is_wide ? &match<std::uint64_t, true> : &match<std::uint32_t, true>)
                       : (is_wide ? &match<std::uint64_t, false> : &match<std::uint32_t, false>);
  if (const auto* pair = std::get_if<Pair>(&d.operand(0).value)) {
    Type declared{};
    d.step.target = d.entry().register_row(pair->first, declared);
    d.step.second_target = d.entry().predicate_number(pair->second);
    if (d.step.target == kNone || d.step.second_target == kNone) d.invalid("expected register|predicate");
  } else {
    d.step.target = d.target(0, 4);
  }
  d.step.source[0] = d.source(1, is_wide ? 8 : 4);
  decode_members(d, 2);
}

enum class Reduction : std::uint8_t { add, min, max, bit_and, bit_or, bit_xor };

template <class T, Reduction kMode>
void reduce(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[0], mask);
  const std::uint32_t* a = warp.row<std::uint32_t>(step.source[0]);
  auto total = static_cast<T>(a[std::countr_zero(mask)]);
  for_each_lane(mask & (mask - 1), [&](int lane) {
    const auto value = static_cast<T>(a[lane]);
    switch (kMode) {
      case Reduction::add:
        total = static_cast<T>(static_cast<std::uint32_t>(total) + static_cast<std::uint32_t>(value));
        break;
      case Reduction::min: total = value < total ? value : total; break;
      case Reduction::max: total = total < value ? value : total; break;
      case Reduction::bit_and: total = total & value; break;
      case Reduction::bit_or: total = total | value; break;
      case Reduction::bit_xor: total = total ^ value; break;
    }
  });
  for_each_lane(mask, [&](int lane) {
    warp.row<std::uint32_t>(step.target)[lane] = static_cast<std::uint32_t>(total);
  });
  warp.define(step.target, mask);
}

template <class T>
Execute reduction_of(int mode) {
  static constexpr std::array kForms{&reduce<T, Reduction::add>,    &reduce<T, Reduction::min>,
                                     &reduce<T, Reduction::max>,    &reduce<T, Reduction::bit_and>,
                                     &reduce<T, Reduction::bit_or>, &reduce<T, Reduction::bit_xor>};
  return kForms[static_cast<std::size_t>(mode)];
}

void decode_redux(Decoder& d) {
  if (!d.take("sync")) d.refuse("only the .sync form is known");
  const int mode = d.take_one_of({"add", "min", "max", "and", "or", "xor"});
  if (mode < 0) d.refuse("this reduction is not known");
  const Type type = d.take_type();
  if (size_of(type) != 4 || type == Type::f32) d.refuse("expected a 32-bit integer type");
  d.step.execute = type == Type::s32 ? reduction_of<std::int32_t>(mode) : reduction_of<std::uint32_t>(mode);
  d.step.target = d.target(0, 4);
  d.step.source[0] = d.source(1, 4);
  decode_members(d, 2);
}

void activemask(Warp& warp, const Step& step, Mask mask) {
  for_each_lane(mask, [&](int lane) { warp.row<std::uint32_t>(step.target)[lane] = mask; });
  warp.define(step.target, mask);
}

void decode_activemask(Decoder& d) {
  d.take_type();
  d.elementwise(&activemask, 4, {});
}

/// Any leader will do: the lowest lane, as hardware has it.
void elect(Warp& warp, const Step& step, Mask mask) {
  const auto leader = static_cast<std::uint32_t>(std::countr_zero(mask));
  if (step.target != kNone) {
    for_each_lane(mask, [&](int lane) { warp.row<std::uint32_t>(step.target)[lane] = leader; });
    warp.define(step.target, mask);
  }
  warp.define_predicate(step.second_target, mask, Mask{1} << leader);
}

void decode_elect(Decoder& d) {
  if (!d.take("sync")) d.refuse("expected .sync");
  const auto* pair = std::get_if<Pair>(&d.operand(0).value);
  if (pair == nullptr) d.invalid("expected register|predicate");
  Type declared{};
  if (pair->first != "_") d.step.target = d.entry().register_row(pair->first, declared);
  d.step.second_target = d.entry().predicate_number(pair->second);
  if (d.step.second_target == kNone || (d.step.target == kNone && pair->first != "_")) {
    d.invalid("expected register|predicate");
  }
  d.step.execute = &elect;
  decode_members(d, 1);
}

constexpr Operation kOperations[]{{"shfl", decode_shfl},   {"vote", decode_vote},
                                  {"match", decode_match}, {"redux", decode_redux},
                                  {"elect", decode_elect}, {"activemask", decode_activemask}};

}  // namespace

std::span<const Operation> warp_operations() { return kOperations; }

}  // namespace perceptron::ptx
