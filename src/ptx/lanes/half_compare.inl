// setp and set of f16 and bf16, alone and packed in pairs.

/// F of the widened operands, which .ftz flushes.
template <class F, class H, bool kFlushes>
struct CompareHalf {
  static float operand(std::uint16_t bits) {
    return HalfBits<H>::widen(kFlushes ? FlushedHalf<F>::template flush<H>(bits) : bits);
  }
  static bool apply(std::uint16_t a, std::uint16_t b) { return F::apply(operand(a), operand(b)); }
};

/// kTruth where F of two elements is true, else 0, for both elements of pairs.
template <class F, std::uint16_t kTruth>
struct SetPair {
  static std::uint32_t apply(std::uint32_t a, std::uint32_t b) {
    const auto one = [](std::uint32_t x, std::uint32_t y) -> std::uint32_t {
      return F::apply(static_cast<std::uint16_t>(x), static_cast<std::uint16_t>(y)) ? kTruth : 0;
    };
    return one(a >> 16, b >> 16) << 16 | one(a, b);
  }
};

/// setp of pairs: the low elements decide the first predicate, the high ones the second.
template <class F>
void compare_pairs(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[0], mask);
  warp.use(step, step.source[1], mask);
  const auto* a = warp.row<std::uint32_t>(step.source[0]);
  const auto* b = warp.row<std::uint32_t>(step.source[1]);
  Mask low = 0, high = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    const auto compared = [&](int shift) {
      return F::apply(static_cast<std::uint16_t>(a[lane] >> shift),
                      static_cast<std::uint16_t>(b[lane] >> shift));
    };
    low |= static_cast<Mask>(compared(0)) << lane;
    high |= static_cast<Mask>(compared(16)) << lane;
  }
  if (step.target != kNone) warp.define_predicate(step.target, mask, low);
  if (step.second_target != kNone) warp.define_predicate(step.second_target, mask, high);
}

/// What a comparison of the elements becomes: an Execute.
struct IntoPredicate {
  template <class F>
  static constexpr Execute kForm = &compare<false, F, std::uint16_t>;
};
struct IntoValue {
  template <class F>
  static constexpr Execute kForm = &compare<true, F, std::uint16_t>;
};
struct PairIntoPredicates {
  template <class F>
  static constexpr Execute kForm = &compare_pairs<F>;
};
template <std::uint16_t kTruth>
struct PairIntoValue {
  template <class F>
  static constexpr Execute kForm =
      &elementwise<SetPair<F, kTruth>, std::uint32_t, std::uint32_t, std::uint32_t>;
};

template <class Into, class H, bool kFlushes, Comparison... kComparison>
Execute half_form(int comparison) {
  static constexpr Execute kForms[]{Into::template kForm<CompareHalf<Compare<kComparison>, H, kFlushes>>...};
  return kForms[comparison];
}

template <class Into>
Execute half_comparison(Decoder& d, Type type, int comparison) {
  using C = Comparison;
  const auto form = [&]<class H, bool kFlushes>() {
    return half_form<Into, H, kFlushes, C::eq, C::ne, C::lt, C::le, C::gt, C::ge, C::equ, C::neu, C::ltu,
                     C::leu, C::gtu, C::geu, C::num, C::nan>(comparison);
  };
  if (!is_ieee_half(type)) return form.template operator()<BFloat16, false>();
  return d.take_inexact("ftz") ? form.template operator()<Float16, true>()
                               : form.template operator()<Float16, false>();
}

void decode_half_setp(Decoder& d, Type type, int comparison) {
  decode_compared(d, size_of(type));
  if (!is_half_pair(type)) {
    d.step.execute = half_comparison<IntoPredicate>(d, type, comparison);
    return;
  }
  if (d.step.source[2] != kNone) d.refuse("a third predicate is not known of pairs");
  d.step.execute = half_comparison<PairIntoPredicates>(d, type, comparison);
}

/// 1 in the format of the sources, or all ones of an integer.
std::uint32_t truth_of(Decoder& d, Type type, Type target) {
  if (target == type) return type == Type::f16 ? HalfBits<Float16>::kOne : HalfBits<BFloat16>::kOne;
  if (target == Type::u16 || target == Type::s16) return 0xffff;
  if (target == Type::u32 || target == Type::s32) return 0xffffffff;
  d.refuse("expected the type of the sources, or .u16, .s16, .u32 or .s32");
}

void decode_half_pair_set(Decoder& d, Type type, Type target, int comparison) {
  if (d.step.source[2] != kNone) d.refuse("a third predicate is not known of pairs");
  if (target == Type::u32 || target == Type::s32)
    d.step.execute = half_comparison<PairIntoValue<0xffff>>(d, type, comparison);
  else if (target != type)
    d.refuse("expected the type of the sources, .u32 or .s32");
  else if (type == Type::f16x2)
    d.step.execute = half_comparison<PairIntoValue<HalfBits<Float16>::kOne>>(d, type, comparison);
  else
    d.step.execute = half_comparison<PairIntoValue<HalfBits<BFloat16>::kOne>>(d, type, comparison);
}

void decode_half_set(Decoder& d, Type type, Type target, int comparison) {
  d.step.target = d.target(0, size_of(target));
  decode_compared(d, size_of(type));
  if (is_half_pair(type)) return decode_half_pair_set(d, type, target, comparison);
  d.step.immediate |= std::uint64_t{truth_of(d, type, target)} << 32;
  d.step.execute = half_comparison<IntoValue>(d, type, comparison);
}
