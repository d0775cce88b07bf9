// mov, of registers, predicates and vectors. A move is no use of a value: what was never written stays so.

template <class SlotType>
void move(Warp& warp, const Step& step, Mask mask) {
  const auto* source = warp.row<SlotType>(step.source[0]);
  auto* target = warp.row<SlotType>(step.target);
  PERCEPTRON_LANE_LOOP
  for (int lane = 0; lane < kLanes; ++lane)
    target[lane] = (mask >> lane & 1) != 0 ? source[lane] : target[lane];
  warp.define_as(step.target, mask, warp.written(step.source[0]));
}

void move_predicate(Warp& warp, const Step& step, Mask mask) {
  warp.define_predicate(step.target, mask,
                        predicate_value(warp, step, step.source[0], step.immediate != 0, mask));
}

void set_constant_predicate(Warp& warp, const Step& step, Mask mask) {
  warp.define_predicate(step.target, mask, step.immediate != 0 ? kAllLanes : 0);
}

/// {a, b} → one wider register: immediate is the bits of an element, the lowest first.
template <class Wide, class Narrow>
void join(Warp& warp, const Step& step, Mask mask) {
  const std::uint32_t* rows = warp.block().program().lists.data() + step.list;
  Mask written = mask;
  for (int element = 0; element < step.count; ++element) written &= warp.written(rows[element]);
  auto* target = warp.row<Wide>(step.target);
  for_each_lane(mask, [&](int lane) {
    Wide value = 0;
    for (int element = 0; element < step.count; ++element) {
      const auto part = static_cast<Narrow>(warp.row<Narrow>(rows[element])[lane]);
      value = static_cast<Wide>(value | static_cast<Wide>(part)
                                            << (sizeof(Narrow) * 8 * static_cast<std::size_t>(element)));
    }
    target[lane] = to_slot(value);
  });
  warp.define_as(step.target, mask, written);
}

template <class Wide, class Narrow>
void split(Warp& warp, const Step& step, Mask mask) {
  const std::uint32_t* rows = warp.block().program().lists.data() + step.list;
  const auto* source = warp.row<Wide>(step.source[0]);
  const Mask written = warp.written(step.source[0]);
  std::array<Wide, kLanes> values{};
  for_each_lane(mask,
                [&](int lane) { values[static_cast<std::size_t>(lane)] = from_slot<Wide>(source[lane]); });
  for (int element = 0; element < step.count; ++element) {
    if (rows[element] == kNone) continue;
    auto* target = warp.row<Narrow>(rows[element]);
    for_each_lane(mask, [&](int lane) {
      target[lane] = to_slot(static_cast<Narrow>(values[static_cast<std::size_t>(lane)] >>
                                                 (sizeof(Narrow) * 8 * static_cast<std::size_t>(element))));
    });
    warp.define_as(rows[element], mask, written);
  }
}

template <bool kJoins>
Execute vector_move(Decoder& d, std::size_t bytes, int elements) {
  const auto form = [&]<class Wide, class Narrow>() -> Execute {
    return kJoins ? &join<Wide, Narrow> : &split<Wide, Narrow>;
  };
  if (bytes == 8 && elements == 2) return form.template operator()<std::uint64_t, std::uint32_t>();
  if (bytes == 8 && elements == 4) return form.template operator()<std::uint64_t, std::uint16_t>();
  if (bytes == 4 && elements == 2) return form.template operator()<std::uint32_t, std::uint16_t>();
  if (bytes == 4 && elements == 4) return form.template operator()<std::uint32_t, std::uint8_t>();
  if (bytes == 2 && elements == 2) return form.template operator()<std::uint16_t, std::uint8_t>();
  d.refuse("this vector move is not known");
}

/// %clock, %clock64 and %globaltimer: counts that grow with every reading of the block, and no time.
template <class T>
void read_clock(Warp& warp, const Step& step, Mask mask) {
  const T now = static_cast<T>(warp.block().read_clock());
  T* target = warp.row<T>(step.target);
  for_each_lane(mask, [&](int lane) { target[lane] = now; });
  warp.define(step.target, mask);
}

bool is_clock(const Operand& operand, std::size_t bytes) {
  const auto* name = std::get_if<Name>(&operand.value);
  if (name == nullptr) return false;
  return bytes == 8 ? name->text == "%clock64" || name->text == "%globaltimer" : name->text == "%clock";
}

void decode_mov(Decoder& d) {
  if (d.take("pred")) {
    d.step.target = d.predicate_target(0);
    if (const auto* literal = std::get_if<Literal>(&d.operand(1).value)) {
      d.step.immediate = literal->bits;
      d.step.execute = &set_constant_predicate;
      return;
    }
    bool is_negated = false;
    d.step.source[0] = d.predicate_source(1, is_negated);
    d.step.immediate = is_negated ? 1 : 0;
    d.step.execute = &move_predicate;
    return;
  }
  const std::size_t bytes = size_of(d.take_type());
  if (bytes > 8) d.refuse("128-bit registers are not known");
  if (bytes >= 4 && is_clock(d.operand(1), bytes)) {
    d.elementwise(bytes == 8 ? &read_clock<std::uint64_t> : &read_clock<std::uint32_t>, bytes, {});
    return;
  }
  const bool joins = std::holds_alternative<Vector>(d.operand(1).value);
  const bool splits = std::holds_alternative<Vector>(d.operand(0).value);
  if (joins) {
    d.vector(1, 4, false);
    d.step.target = d.target(0, bytes);
    d.step.execute = vector_move<true>(d, bytes, d.step.count);
  } else if (splits) {
    d.vector(0, 4, true);
    d.step.source[0] = d.source(1, bytes);
    d.step.execute = vector_move<false>(d, bytes, d.step.count);
  } else {
    d.elementwise(bytes > 4 ? &move<std::uint64_t> : &move<std::uint32_t>, bytes, {bytes});
  }
}
