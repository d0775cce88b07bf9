// setp, set, selp, slct, testp; of 16-bit floats: half_compare.inl.

enum class Comparison : std::uint8_t { eq, ne, lt, le, gt, ge, equ, neu, ltu, leu, gtu, geu, num, nan };

template <Comparison kComparison>
struct Compare {
  template <class T>
  static bool apply(T a, T b) {
    const bool is_unordered = a != a || b != b;
    switch (kComparison) {
      case Comparison::eq: return a == b;
      case Comparison::ne: return !is_unordered && a != b;
      case Comparison::lt: return a < b;
      case Comparison::le: return a <= b;
      case Comparison::gt: return a > b;
      case Comparison::ge: return a >= b;
      case Comparison::equ: return is_unordered || a == b;
      case Comparison::neu: return is_unordered || a != b;
      case Comparison::ltu: return is_unordered || a < b;
      case Comparison::leu: return is_unordered || a <= b;
      case Comparison::gtu: return is_unordered || a > b;
      case Comparison::geu: return is_unordered || a >= b;
      case Comparison::num: return !is_unordered;
      case Comparison::nan: return is_unordered;
    }
    return false;
  }
};

/// set: the upper half of immediate where the comparison is true, else 0.
void set_value(Warp& warp, const Step& step, Mask mask, Mask value) {
  const auto truth = static_cast<std::uint32_t>(step.immediate >> 32);
  auto* target = warp.row<std::uint32_t>(step.target);
  for_each_lane(mask, [&](int lane) { target[lane] = (value >> lane & 1) != 0 ? truth : 0; });
  warp.define(step.target, mask);
}

/// source[2], where there is one, is combined with the comparison: immediate bits 0-1 and, or, xor; bit 2
/// negates it.
template <bool kIntoValue, class F, class T>
void compare(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[0], mask);
  warp.use(step, step.source[1], mask);
  const auto* a = warp.row<T>(step.source[0]);
  const auto* b = warp.row<T>(step.source[1]);
  Mask value = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    value |= static_cast<Mask>(F::apply(from_slot<T>(a[lane]), from_slot<T>(b[lane]))) << lane;
  }
  Mask other = ~value;
  if (step.source[2] != kNone) {
    const Mask c = predicate_value(warp, step, step.source[2], (step.immediate & 4) != 0, mask);
    const auto combine = [&](Mask compared) {
      return (step.immediate & 3) == 0   ? compared & c
             : (step.immediate & 3) == 1 ? compared | c
                                         : compared ^ c;
    };
    value = combine(value);
    other = combine(other);
  }
  if constexpr (kIntoValue) return set_value(warp, step, mask, value);
  if (step.target != kNone) warp.define_predicate(step.target, mask, value);
  if (step.second_target != kNone) warp.define_predicate(step.second_target, mask, other);
}

/// Without flushing; the sources of .ftz are flushed.
struct AsTheyAre {
  template <class F>
  using Form = F;
};
struct WithoutSubnormals {
  template <class F>
  using Form = Flushed<F>;
};

template <bool kIntoValue, class T, class Sources, Comparison... kComparison>
Execute comparison_of(int index) {
  static constexpr Execute kForms[]{
      &compare<kIntoValue, typename Sources::template Form<Compare<kComparison>>, T>...};
  return kForms[index];
}

void decode_predicate_targets(Decoder& d) {
  const auto* pair = std::get_if<Pair>(&d.operand(0).value);
  if (pair == nullptr) {
    d.step.target = d.predicate_target(0);
    return;
  }
  const auto number = [&](const std::string& name) {
    const std::uint32_t found = d.entry().predicate_number(name);
    if (found == kNone && name != "_") d.invalid("expected predicate|predicate");
    return found;
  };
  d.step.target = number(pair->first);
  d.step.second_target = number(pair->second);
}

/// set.….u32 gives all ones for true, set.….f32 1.
void decode_value_target(Decoder& d, Type type) {
  if (type != Type::u32 && type != Type::s32 && type != Type::f32) d.refuse("expected .u32, .s32 or .f32");
  d.step.target = d.target(0, 4);
  d.step.immediate = std::uint64_t{type == Type::f32 ? std::bit_cast<std::uint32_t>(1.f) : 0xffffffffu} << 32;
}

// half_compare.inl
void decode_half_setp(Decoder& d, Type type, int comparison);
void decode_half_set(Decoder& d, Type type, Type target, int comparison);

int take_comparison(Decoder& d, Type type) {
  int comparison = d.take_one_of(
      {"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"});
  if (comparison < 0) {  // lo, ls, hi, hs: unsigned names of lt, le, gt, ge.
    comparison = d.take_one_of({"lo", "ls", "hi", "hs"});
    if (comparison < 0) d.refuse("expected a comparison");
    comparison += static_cast<int>(Comparison::lt);
  }
  if (!is_floating(type) && !is_half(type) && comparison > static_cast<int>(Comparison::ge))
    d.refuse("integers are never unordered");
  return comparison;
}

/// Two sources and, behind .and, .or or .xor, a predicate.
void decode_compared(Decoder& d, std::size_t bytes) {
  d.step.source[0] = d.source(1, bytes);
  d.step.source[1] = d.source(2, bytes);
  const int combination = d.take_one_of({"and", "or", "xor"});
  if (combination < 0) return;
  bool is_negated = false;
  d.step.source[2] = d.predicate_source(3, is_negated);
  d.step.immediate |= static_cast<std::uint64_t>(combination) | (is_negated ? 4u : 0u);
}

template <bool kIntoValue>
Execute comparison_of_type(Decoder& d, Type type, int comparison) {
  using C = Comparison;
  Execute execute = nullptr;
  if (is_floating(type)) {
    const bool flushes = type == Type::f32 && d.take_inexact("ftz");
    with_type(d, type, Floats{}, [&]<class T>() {
      const auto form = [&]<class Sources>() {
        return comparison_of<kIntoValue, T, Sources, C::eq, C::ne, C::lt, C::le, C::gt, C::ge, C::equ, C::neu,
                             C::ltu, C::leu, C::gtu, C::geu, C::num, C::nan>(comparison);
      };
      execute =
          flushes ? form.template operator()<WithoutSubnormals>() : form.template operator()<AsTheyAre>();
    });
  } else {
    with_type(d, type, Integers{}, [&]<class T>() {
      execute = comparison_of<kIntoValue, T, AsTheyAre, C::eq, C::ne, C::lt, C::le, C::gt, C::ge>(comparison);
    });
  }
  return execute;
}

void decode_setp(Decoder& d) {
  const Type type = d.take_type();
  const int comparison = take_comparison(d, type);
  decode_predicate_targets(d);
  if (is_half(type)) return decode_half_setp(d, type, comparison);
  decode_compared(d, size_of(type));
  d.step.execute = comparison_of_type<false>(d, type, comparison);
}

void decode_set(Decoder& d) {
  const Type type = d.take_type(), target = d.take_type();
  const int comparison = take_comparison(d, type);
  if (is_half(type)) return decode_half_set(d, type, target, comparison);
  decode_value_target(d, target);
  decode_compared(d, size_of(type));
  d.step.execute = comparison_of_type<true>(d, type, comparison);
}

/// The value that is not chosen may be unwritten.
template <class T>
void select(Warp& warp, const Step& step, Mask mask) {
  const Mask chosen = predicate_value(warp, step, step.source[2], false, mask);
  const auto* a = warp.row<T>(step.source[0]);
  const auto* b = warp.row<T>(step.source[1]);
  auto* target = warp.row<T>(step.target);
  PERCEPTRON_LANE_LOOP
  for (int lane = 0; lane < kLanes; ++lane) {
    const auto value = (chosen >> lane & 1) != 0 ? a[lane] : b[lane];
    target[lane] = (mask >> lane & 1) != 0 ? value : target[lane];
  }
  warp.define_as(step.target, mask,
                 (warp.written(step.source[0]) & chosen) | (warp.written(step.source[1]) & ~chosen));
}

void decode_selp(Decoder& d) {
  const std::size_t bytes = size_of(d.take_type());
  d.step.target = d.target(0, bytes);
  d.step.source[0] = d.source(1, bytes);
  d.step.source[1] = d.source(2, bytes);
  bool is_negated = false;
  d.step.source[2] = d.predicate_source(3, is_negated);
  if (is_negated) d.refuse("a negated selector is not known");
  d.step.execute = bytes > 4 ? &select<std::uint64_t> : &select<std::uint32_t>;
}

enum class FloatClass : std::uint8_t { finite, infinite, number, notanumber, normal, subnormal };

template <FloatClass kClass, class T>
void test_class(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[0], mask);
  const auto* a = warp.row<T>(step.source[0]);
  Mask value = 0;
  for_each_lane(mask, [&](int lane) {
    const T x = from_slot<T>(a[lane]);
    bool is_so = false;
    switch (kClass) {
      case FloatClass::finite: is_so = std::isfinite(x); break;
      case FloatClass::infinite: is_so = std::isinf(x); break;
      case FloatClass::number: is_so = !std::isnan(x); break;
      case FloatClass::notanumber: is_so = std::isnan(x); break;
      case FloatClass::normal: is_so = std::fpclassify(x) == FP_NORMAL || x == 0; break;
      case FloatClass::subnormal: is_so = std::fpclassify(x) == FP_SUBNORMAL; break;
    }
    value |= static_cast<Mask>(is_so) << lane;
  });
  warp.define_predicate(step.target, mask, value);
}

template <class T, FloatClass... kClass>
Execute class_test_of(int index) {
  static constexpr Execute kForms[]{&test_class<kClass, T>...};
  return kForms[index];
}

void decode_testp(Decoder& d) {
  const int index = d.take_one_of({"finite", "infinite", "number", "notanumber", "normal", "subnormal"});
  if (index < 0) d.refuse("this property is not known");
  with_type(d, d.take_type(), Floats{}, [&]<class T>() {
    using C = FloatClass;
    d.step.execute =
        class_test_of<T, C::finite, C::infinite, C::number, C::notanumber, C::normal, C::subnormal>(index);
    d.step.source[0] = d.source(1, sizeof(T));
  });
  d.step.target = d.predicate_target(0);
}

/// slct: a where c is 0 or more, else b; also where c is NaN.
template <class C>
struct SelectBySign {
  template <class T>
  static T apply(T a, T b, C c) {
    return c >= C{0} ? a : b;
  }
};

void decode_slct(Decoder& d) {
  const Type by = d.take_type(), type = d.take_type();
  const auto decode = [&]<class T>() {
    if (by == Type::s32) return decode_as<SelectBySign<std::int32_t>, T, T, T, std::int32_t>(d);
    if (by == Type::f32) return decode_as<SelectBySign<float>, T, T, T, float>(d);
    d.refuse("expected .s32 or .f32 at the end");
  };
  if (size_of(type) == 2) return decode.template operator()<std::uint16_t>();
  if (size_of(type) == 4) return decode.template operator()<std::uint32_t>();
  if (size_of(type) == 8) return decode.template operator()<std::uint64_t>();
  d.refuse("expected 16, 32 or 64 bits");
}
