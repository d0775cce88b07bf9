// add, sub, sad, mul, mad, fma, div, rem, neg, abs, min, max, rcp, sqrt.

struct Add {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
      return canonical(a + b);
    else
      return static_cast<T>(static_cast<Wrapping<T>>(a) + static_cast<Wrapping<T>>(b));
  }
};
struct Sub {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
      return canonical(a - b);
    else
      return static_cast<T>(static_cast<Wrapping<T>>(a) - static_cast<Wrapping<T>>(b));
  }
};
struct Mul {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
      return canonical(a * b);
    else
      return static_cast<T>(static_cast<Wrapping<T>>(a) * static_cast<Wrapping<T>>(b));
  }
};
struct Divide {
  template <std::floating_point T>
  static T apply(T a, T b) {
    return canonical(a / b);
  }
};
struct Fma {
  template <std::floating_point T>
  static T apply(T a, T b, T c) {
    return canonical(std::fma(a, b, c));
  }
};
struct Reciprocal {
  template <std::floating_point T>
  static T apply(T a) {
    return canonical(T{1} / a);
  }
};
struct SquareRoot {
  template <std::floating_point T>
  static T apply(T a) {
    return canonical(std::sqrt(a));
  }
};

/// Of s32: what 32 bits do not hold becomes the nearest number that they do.
template <class F>
struct Clamped {
  static std::int32_t apply(std::int32_t a, std::int32_t b) {
    const std::int64_t exact = F::apply(std::int64_t{a}, std::int64_t{b});
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(exact, std::numeric_limits<std::int32_t>::min(),
                                                              std::numeric_limits<std::int32_t>::max()));
  }
};

template <class F, class H>
void decode_sum(Decoder& d) {
  const Type type = d.take_type();
  if (is_half(type)) {
    decode_half_arithmetic<H, 2>(d, type);
  } else if (is_floating(type)) {
    const Rounding rounding = take_rounding(d);
    with_type(d, type, Floats{}, [&]<class T>() {
      d.elementwise(clamping_form<F, T, T, T>(d, rounding), sizeof(T), {sizeof(T), sizeof(T)});
    });
  } else if (type == Type::s32 && d.take("sat")) {
    decode_as<Clamped<F>, std::int32_t, std::int32_t, std::int32_t>(d);
  } else {
    with_type(d, type, Integers{}, [&]<class T>() { decode_as<F, T, T, T>(d); });
  }
}

void decode_add(Decoder& d) { d.take("cc") ? decode_add_cc(d) : decode_sum<Add, HalfAdd>(d); }
void decode_sub(Decoder& d) { d.take("cc") ? decode_sub_cc(d) : decode_sum<Sub, HalfSub>(d); }

/// c + |a - b|
struct DifferencePlus {
  template <class T>
  static T apply(T a, T b, T c) {
    return Add::apply<T>(a > b ? Sub::apply<T>(a, b) : Sub::apply<T>(b, a), c);
  }
};

void decode_sad(Decoder& d) {
  with_type(d, d.take_type(), Integers{}, [&]<class T>() { decode_as<DifferencePlus, T, T, T, T>(d); });
}

template <class T>
using Twice = std::conditional_t<
    sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, std::int32_t, std::uint32_t>,
    std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>,
                       std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>>>;

struct MulHigh {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>((static_cast<Twice<T>>(a) * static_cast<Twice<T>>(b)) >> (sizeof(T) * 8));
  }
};
struct MulWide {
  template <class T>
  static Twice<T> apply(T a, T b) {
    return static_cast<Twice<T>>(a) * static_cast<Twice<T>>(b);
  }
};
template <class Product>
struct ProductPlus {
  template <class T, class C>
  static C apply(T a, T b, C c) {
    return Add::apply<C>(static_cast<C>(Product::apply(a, b)), c);
  }
};

enum class Part : std::int8_t { low, high, wide };

Part take_part(Decoder& d) {
  const int part = d.take_one_of({"lo", "hi", "wide"});
  if (part < 0) d.refuse("expected .lo, .hi or .wide");
  return static_cast<Part>(part);
}

void decode_float_product(Decoder& d, Type type) {
  if (is_half(type)) return decode_half_arithmetic<HalfMul, 2>(d, type);
  const Rounding rounding = take_rounding(d);
  with_type(d, type, Floats{}, [&]<class T>() {
    d.elementwise(clamping_form<Mul, T, T, T>(d, rounding), sizeof(T), {sizeof(T), sizeof(T)});
  });
}

void decode_mul(Decoder& d) {
  const Type type = d.take_type();
  if (is_half(type) || is_floating(type)) return decode_float_product(d, type);
  const Part part = take_part(d);
  with_type(d, type, Integers{}, [&]<class T>() {
    if (part == Part::low) return decode_as<Mul, T, T, T>(d);
    if (part == Part::high) return decode_as<MulHigh, T, T, T>(d);
    if constexpr (sizeof(T) < 8)
      decode_as<MulWide, Twice<T>, T, T>(d);
    else
      d.refuse("there is no 128-bit product");
  });
}

void decode_mad(Decoder& d) {
  if (d.take("cc")) return decode_mad_cc(d);
  const Type type = d.take_type();
  if (is_floating(type)) d.refuse("fma is the floating-point form");
  const Part part = take_part(d);
  with_type(d, type, Integers{}, [&]<class T>() {
    if (part == Part::low) return decode_as<ProductPlus<Mul>, T, T, T, T>(d);
    if (part == Part::high) return decode_as<ProductPlus<MulHigh>, T, T, T, T>(d);
    if constexpr (sizeof(T) < 8)
      decode_as<ProductPlus<MulWide>, Twice<T>, T, T, Twice<T>>(d);
    else
      d.refuse("there is no 128-bit product");
  });
}

void decode_fma(Decoder& d) {
  const Type type = d.take_type();
  if (is_half(type)) return decode_half_arithmetic<HalfFma, 3>(d, type);
  const Rounding rounding = take_rounding(d);
  with_type(d, type, Floats{}, [&]<class T>() {
    d.elementwise(clamping_form<Fma, T, T, T, T>(d, rounding), sizeof(T), {sizeof(T), sizeof(T), sizeof(T)});
  });
}

/// A zero divisor gives what the machine cannot know.
template <class T, bool kRemainder>
void divide_integers(Warp& warp, const Step& step, Mask mask) {
  warp.use(step, step.source[0], mask);
  warp.use(step, step.source[1], mask);
  const auto* a = warp.row<T>(step.source[0]);
  const auto* b = warp.row<T>(step.source[1]);
  auto* target = warp.row<T>(step.target);
  for_each_lane(mask, [&](int lane) {
    const T numerator = from_slot<T>(a[lane]), divisor = from_slot<T>(b[lane]);
    if (divisor == 0) warp.fault(FaultKind::arithmetic, step, lane, "division by zero");
    T result{};
    if (std::is_signed_v<T> && divisor == static_cast<T>(-1)) {  // The lowest value has no negative.
      result = kRemainder ? T{0} : Sub::apply(T{0}, numerator);
    } else {
      result = static_cast<T>(kRemainder ? numerator % divisor : numerator / divisor);
    }
    target[lane] = to_slot(result);
  });
  warp.define(step.target, mask);
}

void decode_div(Decoder& d) {
  const Type type = d.take_type();
  if (is_floating(type)) {
    if (d.take_inexact("approx")) return decode_approximation<ApproximateDivide, 2>(d, type);
    if (d.take_inexact("full")) return decode_approximation<Divide, 2>(d, type);
    const int mode = d.take_one_of({"rn", "rz", "rm", "rp"});
    if (mode < 0) d.refuse("expected .rn, .rz, .rm, .rp, .approx or .full");
    const auto rounding = static_cast<Rounding>(mode);
    with_type(d, type, Floats{}, [&]<class T>() {
      d.elementwise(flushing_form<Divide, T, T, T>(d, rounding), sizeof(T), {sizeof(T), sizeof(T)});
    });
    return;
  }
  with_type(d, type, Integers{}, [&]<class T>() {
    d.elementwise(&divide_integers<T, false>, sizeof(T), {sizeof(T), sizeof(T)});
  });
}

void decode_rem(Decoder& d) {
  with_type(d, d.take_type(), Integers{}, [&]<class T>() {
    d.elementwise(&divide_integers<T, true>, sizeof(T), {sizeof(T), sizeof(T)});
  });
}

template <class F>
void decode_root(Decoder& d, Type type) {
  if (d.take_inexact("approx")) return decode_approximation<F, 1>(d, type);
  const Rounding rounding = take_rounding(d);
  with_type(d, type, Floats{},
            [&]<class T>() { d.elementwise(flushing_form<F, T, T>(d, rounding), sizeof(T), {sizeof(T)}); });
}

void decode_rcp(Decoder& d) {
  const Type type = d.take_type();
  if (type == Type::f64 && d.take_inexact("approx")) return decode_gross<Reciprocal>(d);
  decode_root<Reciprocal>(d, type);
}
void decode_sqrt(Decoder& d) { decode_root<SquareRoot>(d, d.take_type()); }

/// Floating ones change the sign bit alone.
struct Negate {
  template <class T>
  static T apply(T a) {
    if constexpr (std::is_floating_point_v<T>)
      return std::bit_cast<T>(std::bit_cast<Slot<T>>(a) ^ (Slot<T>{1} << (sizeof(T) * 8 - 1)));
    else
      return Sub::apply(T{0}, a);
  }
};
struct Absolute {
  template <class T>
  static T apply(T a) {
    if constexpr (std::is_floating_point_v<T>)
      return std::bit_cast<T>(std::bit_cast<Slot<T>>(a) & ~(Slot<T>{1} << (sizeof(T) * 8 - 1)));
    else
      return a < 0 ? Sub::apply(T{0}, a) : a;
  }
};

template <class F, class H>
void decode_sign(Decoder& d) {
  const Type type = d.take_type();
  if (is_half(type)) {
    decode_half<H, 1>(d, type, is_ieee_half(type));
  } else if (is_floating(type)) {
    with_type(d, type, Floats{}, [&]<class T>() {
      d.elementwise(flushing_form<F, T, T>(d, Rounding::nearest), sizeof(T), {sizeof(T)});
    });
  } else {
    with_type(d, type, TypeList<std::int16_t, std::int32_t, std::int64_t>{},
              [&]<class T>() { decode_as<F, T, T>(d); });
  }
}

void decode_neg(Decoder& d) { decode_sign<Negate, HalfNegate>(d); }
void decode_abs(Decoder& d) { decode_sign<Absolute, HalfAbsolute>(d); }

/// The other operand where one is NaN, and −0 < +0; with kKeepsNan a NaN wins.
template <bool kMax, bool kKeepsNan>
struct Extremum {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
      const bool a_nan = a != a, b_nan = b != b;
      const bool is_a_negative = std::bit_cast<std::make_signed_t<Slot<T>>>(a) < 0;
      const T zero = kMax == is_a_negative ? b : a;
      const T ordered = a == b ? (a == T{0} ? zero : a) : (kMax ? (a > b ? a : b) : (a < b ? a : b));
      const T with_nan = kKeepsNan ? canonical(a + b) : a_nan ? (b_nan ? canonical(b) : b) : a;
      return a_nan || b_nan ? with_nan : ordered;
    } else {
      return kMax ? (a < b ? b : a) : (b < a ? b : a);
    }
  }
};

template <class F>
void decode_float_extremum(Decoder& d, Type type) {
  if (is_half(type)) return decode_half<HalfValue<F>, 2>(d, type, is_ieee_half(type));
  with_type(d, type, Floats{}, [&]<class T>() {
    d.elementwise(flushing_form<F, T, T, T>(d, Rounding::nearest), sizeof(T), {sizeof(T), sizeof(T)});
  });
}

template <bool kMax>
void decode_extremum(Decoder& d) {
  const Type type = d.take_type();
  if (!is_floating(type) && !is_half(type)) {
    with_type(d, type, Integers{}, [&]<class T>() { decode_as<Extremum<kMax, false>, T, T, T>(d); });
  } else if (d.take("NaN")) {
    decode_float_extremum<Extremum<kMax, true>>(d, type);
  } else {
    decode_float_extremum<Extremum<kMax, false>>(d, type);
  }
}

void decode_min(Decoder& d) { decode_extremum<false>(d); }
void decode_max(Decoder& d) { decode_extremum<true>(d); }
