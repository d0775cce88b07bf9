// cvt: between integers, floats, f16 and bf16.

/// The 16-bit formats in registers: bits.
template <class H>
struct HalfBits {
  static float widen(std::uint16_t bits) { return canonical(static_cast<float>(H::from_bits(bits))); }
  /// Rounded once, to nearest; one pattern of NaN.
  static std::uint16_t narrow(double value) { return value != value ? std::uint16_t{0x7fff} : H(value).bits; }
};

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

/// PTX ISA, .sat: between 0 and 1; +0 for NaN.
template <class F>
struct Saturated {
  template <std::floating_point T>
  static T apply(T a) {
    const T value = F::apply(a);
    return value > T{0} ? std::min(value, T{1}) : T{0};
  }
};

template <class H, class S>
struct Narrow {
  static std::uint16_t apply(S a) { return HalfBits<H>::narrow(static_cast<double>(a)); }
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
void decode_by_mode(Decoder& d, Integral mode) {
  switch (mode) {
    case Integral::nearest: return decode_as<F0, D, S>(d);
    case Integral::zero: return decode_as<F1, D, S>(d);
    case Integral::down: return decode_as<F2, D, S>(d);
    case Integral::up: return decode_as<F3, D, S>(d);
  }
}

template <class H>
void decode_half_conversion(Decoder& d, Type half, Type to, Type from) {
  if (to == half && from == half) d.refuse("rounding to integral values is not known for this type");
  if (to == half) {
    if (!d.take("rn")) d.refuse("expected .rn");
    with_type(d, from, Floats{}, [&]<class S>() { decode_as<Narrow<H, S>, std::uint16_t, S>(d); });
  } else {
    with_type(d, to, Floats{}, [&]<class D>() { decode_as<Widen<H, D>, D, std::uint16_t>(d); });
  }
}

void decode_saturation(Decoder& d) {
  const int mode = d.take_one_of({"rni", "rzi", "rmi", "rpi"});
  if (mode < 0) return decode_as<Saturated<Same>, float, float>(d);
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
    decode_as<Cast<double>, double, float>(d);
  } else {
    d.elementwise(rounded<Cast<float>, float, double>(take_rounding(d)), 4, {8});
  }
}

void decode_cvt(Decoder& d) {
  const bool saturates = d.take("sat");
  const Type from = d.take_type();
  if (from == Type::f16x2 || from == Type::bf16x2) d.refuse("packed 16-bit sources are not known");
  const bool is_pair = d.instruction().modifiers.size() > 1 && d.operand_count() == 3;
  const Type to = d.take_type();
  if (is_pair) {
    if (!d.take("rn") || from != Type::f32) d.refuse("expected .rn and .f32");
    if (to == Type::f16x2) return decode_as<NarrowPair<Float16>, std::uint32_t, float, float>(d);
    if (to == Type::bf16x2) return decode_as<NarrowPair<BFloat16>, std::uint32_t, float, float>(d);
    d.refuse("expected .f16x2 or .bf16x2");
  }
  const auto is_half = [](Type type) { return type == Type::f16 || type == Type::bf16; };
  if (is_half(to) || is_half(from)) {
    if (saturates) d.refuse("saturation is not known for 16-bit floats");
    if (to == Type::f16 || from == Type::f16) return decode_half_conversion<Float16>(d, Type::f16, to, from);
    return decode_half_conversion<BFloat16>(d, Type::bf16, to, from);
  }
  if (is_floating(to) && is_floating(from)) {
    if (saturates && (to != Type::f32 || from != Type::f32))
      d.refuse("saturation to 0 … 1 is known of f32 alone");
    if (saturates) return decode_saturation(d);
    return decode_float_conversion(d, to, from);
  }
  if (is_floating(from)) {
    const Integral mode = take_integral(d);
    with_type(d, from, Floats{}, [&]<class S>() {
      with_type(
          d, to,
          TypeList<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>{},
          [&]<class D>() {
            using Short = std::conditional_t<std::is_signed_v<D>, std::int32_t, std::uint32_t>;
            using Extended = std::conditional_t<(sizeof(D) < 4), Short, D>;
            decode_by_mode<ExtendedTo<Extended, ToInteger<Integral::nearest, D>>,
                           ExtendedTo<Extended, ToInteger<Integral::zero, D>>,
                           ExtendedTo<Extended, ToInteger<Integral::down, D>>,
                           ExtendedTo<Extended, ToInteger<Integral::up, D>>, Extended, S>(d, mode);
          });
    });
  } else if (is_floating(to)) {
    const Rounding rounding = take_rounding(d);
    with_type(d, to, Floats{}, [&]<class D>() {
      with_type(d, from, Integers{},
                [&]<class S>() { d.elementwise(rounded<Cast<D>, D, S>(rounding), sizeof(D), {sizeof(S)}); });
    });
  } else {
    decode_integer_conversion(d, to, from, saturates);
  }
}
