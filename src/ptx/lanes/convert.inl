// cvt: between integers, floats, f16 and bf16.

/// Integers to integers: truncated or extended; `sat` clamps.
template <bool kSaturates, class D>
struct Resize {
  template <class S>
  static D apply(S a) {
    if constexpr (kSaturates) {
      using Limits = std::numeric_limits<D>;
      if (std::cmp_less(a, Limits::min())) return Limits::min();
      if (std::cmp_greater(a, Limits::max())) return Limits::max();
    }
    return static_cast<D>(a);
  }
};

/// A value of type S in the low bits of a slot becomes D, and D is extended to the slot of its register.
template <bool kSaturates, class Extended, class D, class S>
struct ResizeWithin {
  template <class Source>
  static Extended apply(Source a) {
    return static_cast<Extended>(Resize<kSaturates, D>::apply(static_cast<S>(a)));
  }
};

template <class D>
struct Cast {
  template <class S>
  static D apply(S a) {
    return canonical(static_cast<D>(a));
  }
};

enum class Integral : std::uint8_t { nearest, zero, down, up };

template <Integral kMode, class T>
T to_integral(T a) {
  switch (kMode) {
    case Integral::nearest: {  // Ties to even, whatever the host's mode.
      const T whole = std::floor(a), rest = a - whole;
      const bool is_odd = std::fmod(whole, T{2}) != 0;
      const T result = rest > T{0.5} || (rest == T{0.5} && is_odd) ? whole + 1 : whole;
      return std::copysign(result, a);
    }
    case Integral::zero: return std::trunc(a);
    case Integral::down: return std::floor(a);
    case Integral::up: return std::ceil(a);
  }
  return a;
}

/// PTX ISA, cvt: clamps to the integer's range; NaN gives 0, or 2^(bits−1) from f64 or to 64 bits.
template <Integral kMode, class D>
struct ToInteger {
  template <class S>
  static D apply(S a) {
    if (a != a) {
      const bool is_zero = sizeof(S) < 8 && sizeof(D) < 8;
      return is_zero ? D{0} : static_cast<D>(std::make_unsigned_t<D>{1} << (sizeof(D) * 8 - 1));
    }
    const S whole = to_integral<kMode>(a);
    // 2^bits is exact in S, the highest integer need not be.
    const S limit = std::ldexp(S{1}, std::numeric_limits<D>::digits);
    if (whole >= limit) return std::numeric_limits<D>::max();
    if (whole < (std::is_signed_v<D> ? -limit : S{0})) return std::numeric_limits<D>::min();
    return static_cast<D>(whole);
  }
};

/// A narrow integer in a 32-bit register is sign- or zero-extended to it.
template <class Extended, class F>
struct ExtendedTo {
  template <class S>
  static Extended apply(S a) {
    return static_cast<Extended>(F::apply(a));
  }
};

template <Integral kMode>
struct ToIntegral {
  template <class T>
  static T apply(T a) {
    return canonical(to_integral<kMode>(a));
  }
};

struct Same {
  template <class T>
  static T apply(T a) {
    return a;
  }
};

template <class H, class S>
struct Narrow {
  static std::uint16_t apply(S a) { return HalfBits<H>::narrow(static_cast<double>(a)); }
};
/// The neighbour nearer to 0 where rounding to nearest went away from it.
template <class H>
struct NarrowTowardZero {
  static std::uint16_t apply(float a) {
    const std::uint16_t bits = HalfBits<H>::narrow(static_cast<double>(a));
    const bool is_too_far = std::fabs(HalfBits<H>::widen(bits)) > std::fabs(a);
    return static_cast<std::uint16_t>(bits - (is_too_far ? 1 : 0));
  }
};
template <class H, class D>
struct Widen {
  static D apply(std::uint16_t a) { return static_cast<D>(HalfBits<H>::widen(a)); }
};
/// cvt.rn.bf16x2.f32 d, a, b: a becomes the upper half.
template <class H>
struct NarrowPair {
  static std::uint32_t apply(float a, float b) {
    return std::uint32_t{HalfBits<H>::narrow(a)} << 16 | HalfBits<H>::narrow(b);
  }
};

/// Integers to halves, in one rounding: those of 64 bits are the sum of two doubles.
template <class H>
struct NarrowInteger {
  template <class S>
  static std::uint16_t apply(S a) {
    const S low = static_cast<S>(a & static_cast<S>(0xffff));
    return HalfBits<H>::narrow(sum_to_odd(static_cast<double>(a - low), static_cast<double>(low)));
  }
};
/// F of what a half becomes as float.
template <class H, class F>
struct OfWidened {
  static auto apply(std::uint16_t a) { return F::apply(HalfBits<H>::widen(a)); }
};
template <class H, class F>
struct NarrowAgain {
  static std::uint16_t apply(std::uint16_t a) {
    return HalfBits<H>::narrow(static_cast<double>(F::apply(HalfBits<H>::widen(a))));
  }
};

using AllIntegers = TypeList<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t,
                             std::int32_t, std::uint64_t, std::int64_t>;

/// Narrow integers are converted within registers of any width, so that slots follow the registers.
void decode_integer_conversion(Decoder& d, Type to, Type from, bool saturates) {
  with_type(d, from, AllIntegers{}, [&]<class S>() {
    with_type(d, to, AllIntegers{}, [&]<class D>() {
      bool is_wide = false;
      const auto* name = std::get_if<Name>(&d.operand(1).value);
      if (name != nullptr && d.entry().is_register(name->text))
        d.register_of(d.operand(1), is_wide);
      else
        is_wide = sizeof(S) > 4;
      bool is_target_wide = false;
      d.register_of(d.operand(0), is_target_wide);
      // A narrower value in a wider register is sign- or zero-extended to it.
      using Extended = std::conditional_t<std::is_signed_v<D>, std::int64_t, std::uint64_t>;
      using Short = std::conditional_t<std::is_signed_v<D>, std::int32_t, std::uint32_t>;
      const auto decode = [&]<class Source>() {
        if (is_target_wide) {
          if (saturates)
            decode_as<ResizeWithin<true, Extended, D, S>, Extended, Source>(d);
          else
            decode_as<ResizeWithin<false, Extended, D, S>, Extended, Source>(d);
        } else {
          if (saturates)
            decode_as<ResizeWithin<true, Short, D, S>, Short, Source>(d);
          else
            decode_as<ResizeWithin<false, Short, D, S>, Short, Source>(d);
        }
      };
      if (is_wide)
        decode.template operator()<std::uint64_t>();
      else
        decode.template operator()<std::uint32_t>();
    });
  });
}

Integral take_integral(Decoder& d) {
  const int mode = d.take_one_of({"rni", "rzi", "rmi", "rpi"});
  if (mode < 0) d.refuse("expected .rni, .rzi, .rmi or .rpi");
  return static_cast<Integral>(mode);
}

template <class F0, class F1, class F2, class F3, class D, class S>
void decode_mode(Decoder& d, Integral mode) {
  switch (mode) {
    case Integral::nearest: return decode_as<F0, D, S>(d);
    case Integral::zero: return decode_as<F1, D, S>(d);
    case Integral::down: return decode_as<F2, D, S>(d);
    case Integral::up: return decode_as<F3, D, S>(d);
  }
}

/// By the mode, under the instruction's .ftz, which changes f32 alone.
template <class F0, class F1, class F2, class F3, class D, class S>
void decode_by_mode(Decoder& d, Integral mode) {
  if ((std::is_same_v<D, float> || std::is_same_v<S, float>)&&d.take_inexact("ftz"))
    return decode_mode<Flushed<F0>, Flushed<F1>, Flushed<F2>, Flushed<F3>, D, S>(d, mode);
  decode_mode<F0, F1, F2, F3, D, S>(d, mode);
}

template <class H>
void decode_half_narrowing(Decoder& d, Type from) {
  if (is_floating(from)) {
    if (from == Type::f32) d.take_inexact("ftz");  // Subnormals of f32 round to 0 in f16 anyway.
    if (from == Type::f32 && d.take("rz")) return decode_as<NarrowTowardZero<H>, std::uint16_t, float>(d);
    if (!d.take("rn")) d.refuse("expected .rn, or .rz from .f32");
    return with_type(d, from, Floats{}, [&]<class S>() { decode_as<Narrow<H, S>, std::uint16_t, S>(d); });
  }
  if (!d.take("rn")) d.refuse("expected .rn");
  with_type(d, from, Integers{}, [&]<class S>() { decode_as<NarrowInteger<H>, std::uint16_t, S>(d); });
}

template <class H>
void decode_half_widening(Decoder& d, Type to) {
  if (is_floating(to)) {
    return with_type(d, to, Floats{}, [&]<class D>() { decode_as<Widen<H, D>, D, std::uint16_t>(d); });
  }
  const Integral mode = take_integral(d);
  with_type(d, to, AllIntegers{}, [&]<class D>() {
    using Short = std::conditional_t<std::is_signed_v<D>, std::int32_t, std::uint32_t>;
    using Extended = std::conditional_t<(sizeof(D) < 4), Short, D>;
    decode_by_mode<OfWidened<H, ExtendedTo<Extended, ToInteger<Integral::nearest, D>>>,
                   OfWidened<H, ExtendedTo<Extended, ToInteger<Integral::zero, D>>>,
                   OfWidened<H, ExtendedTo<Extended, ToInteger<Integral::down, D>>>,
                   OfWidened<H, ExtendedTo<Extended, ToInteger<Integral::up, D>>>, Extended, std::uint16_t>(
        d, mode);
  });
}

template <class H>
void decode_half_conversion(Decoder& d, Type half, Type to, Type from) {
  if (to != from) return to == half ? decode_half_narrowing<H>(d, from) : decode_half_widening<H>(d, to);
  decode_by_mode<NarrowAgain<H, ToIntegral<Integral::nearest>>, NarrowAgain<H, ToIntegral<Integral::zero>>,
                 NarrowAgain<H, ToIntegral<Integral::down>>, NarrowAgain<H, ToIntegral<Integral::up>>,
                 std::uint16_t, std::uint16_t>(d, take_integral(d));
}

void decode_saturation(Decoder& d) {
  const int mode = d.take_one_of({"rni", "rzi", "rmi", "rpi"});
  if (mode < 0)
    return d.elementwise(flushing_form<Saturated<Same>, float, float>(d, Rounding::nearest), 4, {4});
  decode_by_mode<Saturated<ToIntegral<Integral::nearest>>, Saturated<ToIntegral<Integral::zero>>,
                 Saturated<ToIntegral<Integral::down>>, Saturated<ToIntegral<Integral::up>>, float, float>(
      d, static_cast<Integral>(mode));
}

void decode_float_conversion(Decoder& d, Type to, Type from) {
  if (to == from) {
    const Integral mode = take_integral(d);
    with_type(d, to, Floats{}, [&]<class T>() {
      decode_by_mode<ToIntegral<Integral::nearest>, ToIntegral<Integral::zero>, ToIntegral<Integral::down>,
                     ToIntegral<Integral::up>, T, T>(d, mode);
    });
  } else if (to == Type::f64) {
    if (d.take_inexact("ftz")) return decode_as<Flushed<Cast<double>>, double, float>(d);
    decode_as<Cast<double>, double, float>(d);
  } else {
    const Rounding rounding = take_rounding(d);
    d.elementwise(flushing_form<Cast<float>, float, double>(d, rounding), 4, {8});
  }
}

/// PTX ISA, cvt: integers are clamped with or without .sat.
void decode_float_to_integer(Decoder& d, Type to, Type from) {
  const Integral mode = take_integral(d);
  with_type(d, from, Floats{}, [&]<class S>() {
    with_type(d, to, AllIntegers{}, [&]<class D>() {
      using Short = std::conditional_t<std::is_signed_v<D>, std::int32_t, std::uint32_t>;
      using Extended = std::conditional_t<(sizeof(D) < 4), Short, D>;
      decode_by_mode<ExtendedTo<Extended, ToInteger<Integral::nearest, D>>,
                     ExtendedTo<Extended, ToInteger<Integral::zero, D>>,
                     ExtendedTo<Extended, ToInteger<Integral::down, D>>,
                     ExtendedTo<Extended, ToInteger<Integral::up, D>>, Extended, S>(d, mode);
    });
  });
}

void decode_integer_to_float(Decoder& d, Type to, Type from) {
  const Rounding rounding = take_rounding(d);
  with_type(d, to, Floats{}, [&]<class D>() {
    with_type(d, from, Integers{}, [&]<class S>() {
      d.elementwise(flushing_form<Cast<D>, D, S>(d, rounding), sizeof(D), {sizeof(S)});
    });
  });
}

void decode_cvt(Decoder& d) {
  const bool saturates = d.take("sat");
  const Type from = d.take_type();
  if (is_half_pair(from)) d.refuse("packed 16-bit sources are not known");
  const bool is_pair = d.instruction().modifiers.size() > 1 && d.operand_count() == 3;
  const Type to = d.take_type();
  if (is_pair) {
    if (!d.take("rn") || from != Type::f32) d.refuse("expected .rn and .f32");
    if (to == Type::f16x2) return decode_as<NarrowPair<Float16>, std::uint32_t, float, float>(d);
    if (to == Type::bf16x2) return decode_as<NarrowPair<BFloat16>, std::uint32_t, float, float>(d);
    d.refuse("expected .f16x2 or .bf16x2");
  }
  if (is_single_half(to) || is_single_half(from)) {
    if (saturates) d.refuse("saturation is not known for 16-bit floats");
    if (is_single_half(to) && is_single_half(from) && to != from)
      d.refuse("16-bit floats become one another by way of .f32 alone");
    if (to == Type::f16 || from == Type::f16) return decode_half_conversion<Float16>(d, Type::f16, to, from);
    return decode_half_conversion<BFloat16>(d, Type::bf16, to, from);
  }
  if (is_floating(to) && is_floating(from)) {
    if (saturates && (to != Type::f32 || from != Type::f32))
      d.refuse("saturation to 0 … 1 is known of f32 alone");
    if (saturates) return decode_saturation(d);
    return decode_float_conversion(d, to, from);
  }
  if (is_floating(from)) return decode_float_to_integer(d, to, from);
  if (is_floating(to)) return decode_integer_to_float(d, to, from);
  decode_integer_conversion(d, to, from, saturates);
}
