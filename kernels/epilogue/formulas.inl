// The activation formulas, each written once and generic over the lane L: a scalar or a SIMD vector with the
// vocabulary of scalar_lane.hpp. IEEE operations only, so every lane type gives the same bits.
// Included inside a namespace, once for scalars and once per SIMD target: hence no guard, include or namespace.
// Methods and sources are in README.md; coefficients come from coefficients.hpp, which the includer includes.

template <class L>
using ConstantsOf = ::perceptron::epilogue::Coefficients<typename L::Scalar>;

/// hi + lo, unevaluated, |lo| about one ulp of hi or less: nearly twice the precision.
template <class L>
struct DoubleWord {
  typename L::Real hi, lo;
};

/// first · second = 2ⁿ, where 2ⁿ itself may lie below the normal range. Multiplying by one after the other rounds
/// a subnormal result once, after a last full-precision rounding.
template <class L>
struct Scale {
  typename L::Real first, second;

  constexpr typename L::Real operator()(typename L::Real x) const { return x * first * second; }
};

/// 2ⁿ(hi + lo), the mantissa kept apart from its scale.
template <class L>
struct ScaledExp {
  DoubleWord<L> mantissa;
  Scale<L> scale;
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
  const auto sum = a + b;
  return {sum, b - (sum - a)};
}

/// a + b exactly, in any order of size (Knuth).
template <class L>
constexpr DoubleWord<L> two_sum(typename L::Real a, typename L::Real b) {
  const auto sum = a + b;
  const auto b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

template <class L>
constexpr DoubleWord<L> product(DoubleWord<L> a, DoubleWord<L> b) {
  const auto hi = a.hi * b.hi;
  const auto rounding = L::fma(a.hi, b.hi, L::negate(hi));
  return {hi, L::fma(a.hi, b.lo, L::fma(a.lo, b.hi, rounding))};
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
constexpr typename L::Real rounded_to_integer(typename L::Real x) {
  const auto shift = L::set(ConstantsOf<L>::kRound);
  return (x + shift) - shift;
}

/// n and e^(x − n ln 2) − 1, with relative accuracy: how exp and expm1 begin. For finite x.hi; |x.lo| ≤ ulp(x.hi).
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
  const auto curved = L::fma(r, polynomial<L, C::kExp>(r), r_lo);
  return {n, fast_two_sum<L>(r, L::fma(r, curved, r_lo))};
}

template <class L>
constexpr Scale<L> scale_of(typename L::Real n) {
  const auto half = rounded_to_integer<L>(n * L::set(typename L::Scalar(0.5)));
  return {L::power_of_two(half), L::power_of_two(n - half)};
}

/// e^x for x whose n stays within twice the normal exponent range.
template <class L>
constexpr ScaledExp<L> scaled_exp(DoubleWord<L> x) {
  const auto [n, expm1] = reduced_exp<L>(x);
  const auto sum = fast_two_sum<L>(L::set(1), expm1.hi);
  return {{sum.hi, sum.lo + expm1.lo}, scale_of<L>(n)};
}

/// eˣ − 1 with relative accuracy, for −kExpm1Limit ≤ x ≤ 0.
template <class L>
constexpr DoubleWord<L> expm1_nonpositive(typename L::Real x) {
  const auto [n, expm1] = reduced_exp<L>({x, L::set(0)});
  const auto scale = L::power_of_two(n);
  // 2ⁿ(1 + s) − 1 = (2ⁿ − 1) + 2ⁿs; where n = 0 this is 0 + s and exact.
  const auto whole = fast_two_sum<L>(L::set(-1), scale);
  const auto sum = fast_two_sum<L>(whole.hi, scale * expm1.hi);
  return {sum.hi, L::fma(scale, expm1.lo, whole.lo + sum.lo)};
}

/// eˣ for x ≤ 0; −∞ gives 0, NaN gives NaN.
template <class L>
constexpr typename L::Real exp_nonpositive(typename L::Real x) {
  const auto limited = at_least<L>(L::set(-ConstantsOf<L>::kExpLimit), x);
  const auto e = scaled_exp<L>({limited, L::set(0)});
  return e.scale(e.mantissa.hi + e.mantissa.lo);
}

template <class L>
constexpr DoubleWord<L> scaled(Scale<L> scale, DoubleWord<L> x) {
  return {scale(x.hi), scale(x.lo)};
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

/// A value hi + lo that is yet to be scaled.
template <class L>
struct ScaledWord {
  DoubleWord<L> word;
  Scale<L> scale;
};

/// 1/(1 + e^−|x|), or e^−|x|/(1 + e^−|x|) where negative is set. x ≤ 0 holds −|x|.
template <class L>
constexpr ScaledWord<L> logistic(DoubleWord<L> x, typename L::Mask negative) {
  const auto one = DoubleWord<L>{L::set(1), L::set(0)};
  const auto e = scaled_exp<L>(x);
  const auto e_value = scaled<L>(e.scale, e.mantissa);
  const auto sum = fast_two_sum<L>(one.hi, e_value.hi);
  const auto numerator = selected<L>(negative, e.mantissa, one);
  return {quotient<L>(numerator, {sum.hi, sum.lo + e_value.lo}), scale_where<L>(negative, e.scale)};
}

/// z · factor, rounded once, then scaled.
template <class L>
constexpr typename L::Real scaled_product(typename L::Real z, ScaledWord<L> factor) {
  return factor.scale(L::fma(z, factor.word.hi, z * factor.word.lo));
}

/// f(z), but z itself beyond the limit: where f(z) rounds to z, and for +∞.
template <class L>
constexpr typename L::Real linear_beyond(typename L::Real limit, typename L::Real z, typename L::Real value) {
  return L::select(L::less(limit, z), z, value);
}

template <class L>
constexpr typename L::Real clamped(typename L::Real low, typename L::Real high, typename L::Real x) {
  return at_most<L>(high, at_least<L>(low, x));
}

/// (eᶻ − 1)·a for z ≤ 0, a as a double word.
template <class L>
constexpr typename L::Real scaled_expm1(typename L::Real z, DoubleWord<L> a) {
  const auto limited = clamped<L>(L::set(-ConstantsOf<L>::kExpm1Limit), L::set(0), z);
  const auto e = expm1_nonpositive<L>(limited);
  return L::fma(a.hi, e.hi, L::fma(a.lo, e.hi, a.hi * e.lo));
}

/// Φ(−t)/e^(−t²/2) for 0 ≤ t ≤ kTailLimit: G(v)/(t + c), v = (t − c)/(t + c) = 1 − 2c/(t + c).
template <class L>
constexpr DoubleWord<L> scaled_normal_tail(typename L::Real t) {
  using C = ConstantsOf<L>;
  const auto one = L::set(1);
  const auto sum = two_sum<L>(t, L::set(C::kTailCentre));
  const auto inverse = one / sum.hi;
  const auto inverse_lo = L::fma(L::negate(inverse), sum.lo, L::fma(L::negate(inverse), sum.hi, one)) * inverse;
  const auto twice_centre = L::set(2 * C::kTailCentre);
  const auto v = one - twice_centre * inverse;
  const auto v_lo = ((one - v) - twice_centre * inverse) - twice_centre * inverse_lo;
  const auto slope = polynomial<L, C::kTail, 1>(v);
  const auto rise = slope * v;
  const auto g = fast_two_sum<L>(L::set(C::kTail[0]), rise);
  const auto rise_lo = L::fma(slope, v, L::negate(rise)) + L::fma(v, L::set(C::kTail1Lo), L::set(C::kTail0Lo));
  const auto g_lo = L::fma(L::set(C::kTail[1]), v_lo, g.lo + rise_lo);
  return product<L>({g.hi, g_lo}, {inverse, inverse_lo});
}

template <ActivationKind kKind>
struct Formula;

template <>
struct Formula<ActivationKind::identity> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    return z;
  }
};

template <>
struct Formula<ActivationKind::step> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    const auto value = L::select(L::less(L::set(0), z), L::set(1), L::set(0));
    return L::select(L::is_nan(z), z, value);
  }
};

template <>
struct Formula<ActivationKind::sigmoid> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    const auto x = at_least<L>(L::set(-ConstantsOf<L>::kExpLimit), L::negate(L::abs(z)));
    const auto y = logistic<L>({x, L::set(0)}, L::less(z, L::set(0)));
    return y.scale(y.word.hi + y.word.lo);
  }
};

template <>
struct Formula<ActivationKind::tanh> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    const auto x = at_least<L>(L::set(-ConstantsOf<L>::kExpm1Limit), L::set(-2) * L::abs(z));
    const auto e = expm1_nonpositive<L>(x);
    const auto sum = fast_two_sum<L>(L::set(2), e.hi);
    const auto y = quotient<L>(e, {sum.hi, sum.lo + e.lo});
    return L::copy_sign(y.hi + y.lo, z);
  }
};

template <>
struct Formula<ActivationKind::relu> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    return L::select(L::less_equal(z, L::set(0)), L::set(0), z);
  }
};

template <>
struct Formula<ActivationKind::leaky_relu> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real a) {
    return L::select(L::less(L::set(0), z), z, a * z);
  }
};

template <>
struct Formula<ActivationKind::elu> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real a) {
    return L::select(L::less(z, L::set(0)), scaled_expm1<L>(z, {a, L::set(0)}), z);
  }
};

template <>
struct Formula<ActivationKind::selu> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    using C = ConstantsOf<L>;
    const auto straight = L::fma(z, L::set(C::kSeluHi), z * L::set(C::kSeluLo));
    const auto curved = scaled_expm1<L>(z, {L::set(C::kSeluAlphaHi), L::set(C::kSeluAlphaLo)});
    return L::select(L::less(z, L::set(0)), curved, straight);
  }
};

template <>
struct Formula<ActivationKind::gelu> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    const auto limit = L::set(ConstantsOf<L>::kTailLimit);
    const auto t = at_most<L>(limit, L::abs(z));
    const auto half = t * L::set(typename L::Scalar(-0.5));
    const auto exponent = half * t;
    const auto e = scaled_exp<L>({exponent, L::fma(half, t, L::negate(exponent))});
    const auto tail = product<L>(e.mantissa, scaled_normal_tail<L>(t));
    const auto far = L::negate(t);
    const auto negative = e.scale(L::fma(far, tail.hi, far * tail.lo));
    const auto near = scaled<L>(e.scale, tail);
    const auto positive = L::fma(far, near.hi, L::fma(far, near.lo, t));
    return linear_beyond<L>(limit, z, L::select(L::less(z, L::set(0)), negative, L::copy_sign(positive, z)));
  }
};

template <>
struct Formula<ActivationKind::gelu_tanh> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    using C = ConstantsOf<L>;
    const auto limit = L::set(C::kGeluTanhLimit);
    const auto x = clamped<L>(L::negate(limit), limit, z);
    const auto square = product<L>({x, L::set(0)}, {x, L::set(0)});
    const auto cubic = product<L>({L::set(C::kGeluTanhBHi), L::set(C::kGeluTanhBLo)}, square);
    const auto sum = two_sum<L>(L::set(C::kGeluTanhAHi), cubic.hi);
    const auto slope = DoubleWord<L>{sum.hi, sum.lo + (cubic.lo + L::set(C::kGeluTanhALo))};
    const auto exponent = product<L>(slope, {L::negate(L::abs(x)), L::set(0)});
    return linear_beyond<L>(limit, z, scaled_product<L>(x, logistic<L>(exponent, L::less(z, L::set(0)))));
  }
};

template <>
struct Formula<ActivationKind::silu> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    const auto limit = L::set(ConstantsOf<L>::kExpLimit);
    const auto x = clamped<L>(L::negate(limit), limit, z);
    const auto factor = logistic<L>({L::negate(L::abs(x)), L::set(0)}, L::less(z, L::set(0)));
    return linear_beyond<L>(limit, z, scaled_product<L>(x, factor));
  }
};

template <>
struct Formula<ActivationKind::softplus> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    using C = ConstantsOf<L>;
    const auto limit = L::set(C::kExpLimit);
    const auto x = at_least<L>(L::negate(limit), L::negate(L::abs(z)));
    const auto e = scaled_exp<L>({x, L::set(0)});
    const auto e_value = scaled<L>(e.scale, e.mantissa);
    const auto sum = fast_two_sum<L>(L::set(2), e_value.hi);
    // log1p(e) = 2 atanh(s), s = e/(2 + e); q is s without its scale.
    const auto q = quotient<L>(e.mantissa, {sum.hi, sum.lo + e_value.lo});
    const auto s = e.scale(q.hi);
    const auto square = s * s;
    const auto twice = q.hi + q.hi;
    const auto logarithm =
        DoubleWord<L>{twice, L::fma(twice * square, polynomial<L, C::kAtanh>(square), q.lo + q.lo)};
    const auto positive = L::less(L::set(0), z);
    const auto part = selected<L>(positive, scaled<L>(e.scale, logarithm), logarithm);
    const auto total = two_sum<L>(L::select(positive, z, L::set(0)), part.hi);
    const auto value = total.hi + (total.lo + part.lo);
    return linear_beyond<L>(limit, z, L::select(positive, value, e.scale(value)));
  }
};

template <>
struct Formula<ActivationKind::softsign> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    const auto t = at_most<L>(L::set(ConstantsOf<L>::kSoftsignLimit), L::abs(z));
    const auto y = quotient<L>({t, L::set(0)}, two_sum<L>(L::set(1), t));
    return L::copy_sign(y.hi + y.lo, z);
  }
};

template <>
struct Formula<ActivationKind::hard_sigmoid> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real a) {
    return clamped<L>(L::set(0), L::set(1), L::fma(a, z, L::set(typename L::Scalar(0.5))));
  }
};

template <>
struct Formula<ActivationKind::hard_tanh> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    return clamped<L>(L::set(-1), L::set(1), z);
  }
};

template <>
struct Formula<ActivationKind::hard_swish> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    using T = typename L::Scalar;
    const auto gate = at_most<L>(L::set(1), L::fma(L::set(T(1) / T(6)), z, L::set(T(0.5))));
    return L::select(L::less_equal(gate, L::set(0)), L::set(T(-0.0)), z * gate);
  }
};

template <>
struct Formula<ActivationKind::mish> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    const auto limit = L::set(ConstantsOf<L>::kExpLimit);
    const auto x = clamped<L>(L::negate(limit), limit, z);
    const auto negative = L::less(z, L::set(0));
    // tanh(log(1 + eᶻ)) with w = e^−|z|: (1 + 2w)/(1 + 2w + 2w²), or for z < 0 (w² + 2w)/(w² + 2w + 2),
    // whose numerator is kept without the scale of one w.
    const auto e = scaled_exp<L>({L::negate(L::abs(x)), L::set(0)});
    const auto w = scaled<L>(e.scale, e.mantissa);
    const auto outer = selected<L>(negative, e.mantissa, w);
    const auto one = DoubleWord<L>{L::set(1), L::set(0)};
    const auto squared = product<L>(outer, w);
    const auto first = selected<L>(negative, squared, one);
    const auto numerator_sum = two_sum<L>(first.hi, outer.hi + outer.hi);
    const auto numerator = DoubleWord<L>{numerator_sum.hi, numerator_sum.lo + (first.lo + (outer.lo + outer.lo))};
    const auto scale = scale_where<L>(negative, e.scale);
    const auto in_place = scaled<L>(scale, numerator);
    const auto last = selected<L>(negative, one, squared);
    const auto denominator_sum = two_sum<L>(in_place.hi, last.hi + last.hi);
    const auto denominator =
        DoubleWord<L>{denominator_sum.hi, denominator_sum.lo + (in_place.lo + (last.lo + last.lo))};
    const auto factor = ScaledWord<L>{quotient<L>(numerator, denominator), scale};
    return linear_beyond<L>(limit, z, L::copy_sign(scaled_product<L>(x, factor), z));
  }
};
