// The activation formulas, each written once and generic over the lane (exponential.inl says what a lane is).
// Included inside a namespace, once for scalars and once per SIMD target: hence no guard or namespace; the
// includer includes coefficients.hpp and perceptron/activation.hpp first. Methods and sources are in
// README.md.

#include "kernels/epilogue/exponential.inl"

/// 1/(1 + e^x), or e^x/(1 + e^x) where negative is set, for x ≤ 0.
template <class L>
constexpr ScaledWord<L> logistic(DoubleWord<L> x, typename L::Mask negative) {
  const auto e = scaled_exp<L>(x);
  const auto numerator = selected<L>(negative, e.word, {L::set(1), L::set(0)});
  return {quotient<L>(numerator, ordered_sum<L>(L::set(1), e.value())), scale_where<L>(negative, e.scale)};
}

/// z · factor, rounded once, then scaled.
template <class L>
constexpr typename L::Real scaled_product(typename L::Real z, ScaledWord<L> factor) {
  return factor.scale(L::fma(z, factor.word.hi, z * factor.word.lo));
}

/// The value, but z itself beyond the limit: where f(z) rounds to z, and for +∞.
template <class L>
constexpr typename L::Real linear_beyond(typename L::Real limit, typename L::Real z, typename L::Real value) {
  return L::select(L::less(limit, z), z, value);
}

/// (eᶻ − 1)·a for z ≤ 0; zeros have the sign of a·z.
template <class L>
constexpr typename L::Real scaled_expm1(typename L::Real z, DoubleWord<L> a) {
  const auto limited = clamped<L>(L::set(-ConstantsOf<L>::kExpm1Limit), L::set(0), z);
  const auto e = expm1_nonpositive<L>(limited);
  const auto value = L::fma(a.hi, e.hi, L::fma(a.lo, e.hi, a.hi * e.lo));
  return L::copy_sign(value, a.hi * limited);
}

/// Φ(−t)/e^(−t²/2) for 0 ≤ t ≤ kTailLimit: G(v)/(t + c), v = (t − c)/(t + c) = 1 − 2c/(t + c).
template <class L>
constexpr DoubleWord<L> scaled_normal_tail(typename L::Real t) {
  using C = ConstantsOf<L>;
  const auto one = L::set(1);
  const auto denominator = two_sum<L>(t, L::set(C::kTailCentre));
  const auto inverse = quotient<L>({one, L::set(0)}, denominator);
  // 2c is a power of two, so its product is exact.
  const auto fall = L::set(-2 * C::kTailCentre);
  const auto v_leading = fast_two_sum<L>(one, fall * inverse.hi);
  const auto v = DoubleWord<L>{v_leading.hi, L::fma(fall, inverse.lo, v_leading.lo)};
  const auto bend = product<L>(polynomial<L, C::kTail, 2>(v.hi), v);
  const auto slope = sum<L>({L::set(C::kTail[1]), L::set(C::kTail1Lo)}, bend);
  const auto g = sum<L>({L::set(C::kTail[0]), L::set(C::kTail0Lo)}, product<L>(slope, v));
  return product<L>(g, inverse);
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
    return logistic<L>({x, L::set(0)}, L::less(z, L::set(0))).rounded();
  }
};

template <>
struct Formula<ActivationKind::tanh> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    const auto x = at_least<L>(L::set(-ConstantsOf<L>::kExpm1Limit), L::set(-2) * L::abs(z));
    const auto e = expm1_nonpositive<L>(x);
    const auto y = quotient<L>(e, ordered_sum<L>(L::set(2), e));
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
    return L::select(L::less(L::set(0), z), z, scaled_expm1<L>(z, {a, L::set(0)}));
  }
};

template <>
struct Formula<ActivationKind::selu> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    using C = ConstantsOf<L>;
    const auto straight = L::fma(z, L::set(C::kSeluHi), z * L::set(C::kSeluLo));
    const auto curved = scaled_expm1<L>(z, {L::set(C::kSeluAlphaHi), L::set(C::kSeluAlphaLo)});
    return L::select(L::less(L::set(0), z), straight, curved);
  }
};

template <>
struct Formula<ActivationKind::gelu> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    const auto limit = L::set(ConstantsOf<L>::kTailLimit);
    const auto x = clamped<L>(L::negate(limit), limit, z);
    const auto negative = L::less(z, L::set(0));
    const auto e = scaled_exp<L>(exact_product<L>(x * L::set(typename L::Scalar(-0.5)), x));
    const auto tail = ScaledWord<L>{product<L>(e.word, scaled_normal_tail<L>(L::abs(x))), e.scale};
    const auto positive = ordered_sum<L>(L::set(1), negated<L>(tail.value()));
    const auto factor = selected<L>(negative, tail.word, positive);
    const auto value = scaled_product<L>(x, {factor, scale_where<L>(negative, tail.scale)});
    return linear_beyond<L>(limit, z, L::copy_sign(value, z));
  }
};

template <>
struct Formula<ActivationKind::gelu_tanh> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    using C = ConstantsOf<L>;
    const auto limit = L::set(C::kGeluTanhLimit);
    const auto x = clamped<L>(L::negate(limit), limit, z);
    const auto bend = product<L>({L::set(C::kGeluTanhBHi), L::set(C::kGeluTanhBLo)}, exact_product<L>(x, x));
    const auto slope = sum<L>({L::set(C::kGeluTanhAHi), L::set(C::kGeluTanhALo)}, bend);
    const auto exponent = product<L>(L::negate(L::abs(x)), slope);
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
    const auto positive = L::less(L::set(0), z);
    const auto e = scaled_exp<L>({at_least<L>(L::negate(limit), L::negate(L::abs(z))), L::set(0)});
    // log1p(e) = 2 atanh(s), s = e/(2 + e); q is s without its scale.
    const auto q = quotient<L>(e.word, ordered_sum<L>(L::set(2), e.value()));
    const auto s = e.scale(q.hi);
    const auto linear = twice<L>(q);
    const auto cubic = linear.hi * (s * s) * polynomial<L, C::kAtanh>(s * s);
    const auto logarithm = ScaledWord<L>{{linear.hi, linear.lo + cubic}, e.scale};
    const auto addend = selected<L>(positive, logarithm.value(), logarithm.word);
    const auto total = sum<L>(L::select(positive, z, L::set(0)), addend);
    const auto value = ScaledWord<L>{total, scale_where<L>(L::less_equal(z, L::set(0)), e.scale)};
    return linear_beyond<L>(limit, z, value.rounded());
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
    const auto a = L::set(T(1) / T(6));
    const auto half = L::set(T(0.5));
    const auto gate = ordered_sum<L>(half, exact_product<L>(a, z));  // for |z| ≤ 3, where it is used
    const auto value = linear_beyond<L>(L::set(3), z, L::fma(z, gate.hi, z * gate.lo));
    return L::select(L::less_equal(L::fma(a, z, half), L::set(0)), L::set(T(-0.0)), value);
  }
};

template <>
struct Formula<ActivationKind::mish> {
  template <class L>
  static constexpr typename L::Real apply(typename L::Real z, typename L::Real) {
    const auto limit = L::set(ConstantsOf<L>::kExpLimit);
    const auto x = clamped<L>(L::negate(limit), limit, z);
    const auto negative = L::less(z, L::set(0));
    // tanh(log(1 + eᶻ)) with w = e^−|z|: (1 + 2w)/(1 + 2w + 2w²), or for z < 0 (w² + 2w)/(w² + 2w + 2), whose
    // numerator is kept without the scale of one w.
    const auto w = scaled_exp<L>({L::negate(L::abs(x)), L::set(0)});
    const auto one = DoubleWord<L>{L::set(1), L::set(0)};
    const auto outer = selected<L>(negative, w.word, w.value());
    const auto square = product<L>(outer, w.value());
    const auto scale = scale_where<L>(negative, w.scale);
    const auto numerator = ScaledWord<L>{sum<L>(selected<L>(negative, square, one), twice<L>(outer)), scale};
    const auto denominator = sum<L>(numerator.value(), twice<L>(selected<L>(negative, one, square)));
    const auto factor = ScaledWord<L>{quotient<L>(numerator.word, denominator), scale};
    return linear_beyond<L>(limit, z, L::copy_sign(scaled_product<L>(x, factor), z));
  }
};
