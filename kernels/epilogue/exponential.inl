// Double-word arithmetic and the exponential that the activation formulas are built of, generic over the lane
// L: a scalar or a SIMD vector with the vocabulary of scalar_lane.hpp. IEEE operations only, so every lane
// type gives the same bits. Included by formulas.inl, inside its includer's namespace: hence no guard,
// include or namespace.

template <class L>
using ConstantsOf = ::perceptron::epilogue::Coefficients<typename L::Scalar>;

/// hi + lo, unevaluated, |lo| about one ulp of hi or less: nearly twice the precision.
template <class L>
struct DoubleWord {
  typename L::Real hi, lo;
};

/// first · second = 2ⁿ, where 2ⁿ itself may lie below the normal range. Multiplying by one after the other
/// rounds a subnormal result once, after a last full-precision rounding.
template <class L>
struct Scale {
  typename L::Real first, second;

  constexpr typename L::Real operator()(typename L::Real x) const { return x * first * second; }
};

/// scale · (hi + lo): a mantissa that is yet to be scaled.
template <class L>
struct ScaledWord {
  DoubleWord<L> word;
  Scale<L> scale;

  constexpr DoubleWord<L> value() const { return {scale(word.hi), scale(word.lo)}; }
  constexpr typename L::Real rounded() const { return scale(word.hi + word.lo); }
};

/// kTable[kFrom] + x·(kTable[kFrom + 1] + x·(…)).
template <class L, const auto& kTable, int kFrom = 0>
constexpr typename L::Real polynomial(typename L::Real x) {
  constexpr typename L::Scalar kCoefficient = kTable[kFrom];
  if constexpr (kFrom + 1 < static_cast<int>(sizeof(kTable) / sizeof(kTable[0]))) {
    return L::fma(polynomial<L, kTable, kFrom + 1>(x), x, L::set(kCoefficient));
  } else {
    return L::set(kCoefficient);
  }
}

/// a + b exactly, for |a| ≥ |b| or a = 0 (Dekker 1971).
template <class L>
constexpr DoubleWord<L> fast_two_sum(typename L::Real a, typename L::Real b) {
  const auto hi = a + b;
  return {hi, b - (hi - a)};
}

/// a + b exactly, in any order of size (Knuth).
template <class L>
constexpr DoubleWord<L> two_sum(typename L::Real a, typename L::Real b) {
  const auto hi = a + b;
  const auto b_part = hi - a;
  return {hi, (a - (hi - b_part)) + (b - b_part)};
}

/// a · b exactly, short of underflow.
template <class L>
constexpr DoubleWord<L> exact_product(typename L::Real a, typename L::Real b) {
  const auto hi = a * b;
  return {hi, L::fma(a, b, L::negate(hi))};
}

template <class L>
constexpr DoubleWord<L> product(typename L::Real a, DoubleWord<L> b) {
  const auto leading = exact_product<L>(a, b.hi);
  return {leading.hi, L::fma(a, b.lo, leading.lo)};
}

template <class L>
constexpr DoubleWord<L> product(DoubleWord<L> a, DoubleWord<L> b) {
  const auto leading = exact_product<L>(a.hi, b.hi);
  return {leading.hi, L::fma(a.hi, b.lo, L::fma(a.lo, b.hi, leading.lo))};
}

/// a + b, in any order of size.
template <class L>
constexpr DoubleWord<L> sum(DoubleWord<L> a, DoubleWord<L> b) {
  const auto leading = two_sum<L>(a.hi, b.hi);
  return {leading.hi, leading.lo + (a.lo + b.lo)};
}

template <class L>
constexpr DoubleWord<L> sum(typename L::Real a, DoubleWord<L> b) {
  const auto leading = two_sum<L>(a, b.hi);
  return {leading.hi, leading.lo + b.lo};
}

/// a + b for |a| ≥ |b|.
template <class L>
constexpr DoubleWord<L> ordered_sum(typename L::Real a, DoubleWord<L> b) {
  const auto leading = fast_two_sum<L>(a, b.hi);
  return {leading.hi, leading.lo + b.lo};
}

template <class L>
constexpr DoubleWord<L> twice(DoubleWord<L> a) {
  return {a.hi + a.hi, a.lo + a.lo};
}

template <class L>
constexpr DoubleWord<L> negated(DoubleWord<L> a) {
  return {L::negate(a.hi), L::negate(a.lo)};
}

/// numerator ÷ denominator with one division: the quotient and its remainder's share.
template <class L>
constexpr DoubleWord<L> quotient(DoubleWord<L> numerator, DoubleWord<L> denominator) {
  const auto inverse = L::set(1) / denominator.hi;
  const auto hi = numerator.hi * inverse;
  const auto remainder = L::fma(L::negate(hi), denominator.hi, numerator.hi);
  return {hi, L::fma(L::negate(hi), denominator.lo, remainder + numerator.lo) * inverse};
}

template <class L>
constexpr typename L::Real at_most(typename L::Real limit, typename L::Real x) {
  return L::select(L::less(limit, x), limit, x);
}

template <class L>
constexpr typename L::Real at_least(typename L::Real limit, typename L::Real x) {
  return L::select(L::less(x, limit), limit, x);
}

template <class L>
constexpr typename L::Real clamped(typename L::Real low, typename L::Real high, typename L::Real x) {
  return at_most<L>(high, at_least<L>(low, x));
}

template <class L>
constexpr typename L::Real rounded_to_integer(typename L::Real x) {
  const auto shift = L::set(ConstantsOf<L>::kRound);
  return (x + shift) - shift;
}

/// n and e^(x − n ln 2) − 1, with relative accuracy: how exp and expm1 begin. For finite x.hi; |x.lo| ≤
/// ulp(x.hi).
template <class L>
struct ReducedExp {
  typename L::Real n;
  DoubleWord<L> expm1;
};

template <class L>
constexpr ReducedExp<L> reduced_exp(DoubleWord<L> x) {
  using C = ConstantsOf<L>;
  const auto shift = L::set(C::kRound);
  const auto n = L::fma(x.hi, L::set(C::kLog2E), shift) - shift;
  // Exact: x.hi is a multiple of half an ulp of ln 2 where n ≠ 0, and so is the difference, which is below ½.
  const auto r = L::fma(n, L::set(-C::kLn2Hi), x.hi);
  const auto r_lo = L::fma(n, L::set(-C::kLn2Lo), x.lo);
  // e^(r + r_lo) − 1 = s + r_lo(1 + s) but for r_lo², s = r + r²q.
  const auto curve = polynomial<L, C::kExp>(r) * r;
  const auto shifted = L::fma(r_lo, L::fma(r, curve, r), r_lo);
  return {n, fast_two_sum<L>(r, L::fma(r, curve, shifted))};
}

template <class L>
constexpr Scale<L> scale_of(typename L::Real n) {
  const auto half = rounded_to_integer<L>(n * L::set(typename L::Scalar(0.5)));
  return {L::power_of_two(half), L::power_of_two(n - half)};
}

/// e^x for x whose n stays within twice the normal exponent range.
template <class L>
constexpr ScaledWord<L> scaled_exp(DoubleWord<L> x) {
  const auto [n, expm1] = reduced_exp<L>(x);
  return {ordered_sum<L>(L::set(1), expm1), scale_of<L>(n)};
}

/// eˣ − 1 with relative accuracy, for −kExpm1Limit ≤ x ≤ 0.
template <class L>
constexpr DoubleWord<L> expm1_nonpositive(typename L::Real x) {
  const auto [n, expm1] = reduced_exp<L>({x, L::set(0)});
  const auto scale = L::power_of_two(n);
  // 2ⁿ(1 + s) − 1 = (2ⁿ − 1) + 2ⁿs; where n = 0 this is 0 + s and exact.
  const auto whole = fast_two_sum<L>(L::set(-1), scale);
  const auto total = fast_two_sum<L>(whole.hi, scale * expm1.hi);
  return {total.hi, L::fma(scale, expm1.lo, whole.lo + total.lo)};
}

/// eˣ for x ≤ 0; −∞ gives 0, NaN gives NaN.
template <class L>
constexpr typename L::Real exp_nonpositive(typename L::Real x) {
  const auto limited = at_least<L>(L::set(-ConstantsOf<L>::kExpLimit), x);
  return scaled_exp<L>({limited, L::set(0)}).rounded();
}

template <class L>
constexpr DoubleWord<L> selected(typename L::Mask mask, DoubleWord<L> yes, DoubleWord<L> no) {
  return {L::select(mask, yes.hi, no.hi), L::select(mask, yes.lo, no.lo)};
}

/// The scale where the mask is set, 1 elsewhere.
template <class L>
constexpr Scale<L> scale_where(typename L::Mask mask, Scale<L> scale) {
  return {L::select(mask, scale.first, L::set(1)), L::select(mask, scale.second, L::set(1))};
}
