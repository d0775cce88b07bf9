// Arithmetic in f16 and bf16, alone and packed in pairs: widened to double, computed there and rounded once.

/// The 16-bit formats in registers: bits.
template <class H>
struct HalfBits {
  static constexpr bool kIsIeee = std::is_same_v<H, Float16>;
  static constexpr std::uint16_t kLeastNormal = kIsIeee ? 0x0400 : 0x0080;
  static constexpr std::uint16_t kOne = kIsIeee ? 0x3c00 : 0x3f80;

  static float widen(std::uint16_t bits) { return canonical(static_cast<float>(H::from_bits(bits))); }
  /// Rounded once, to nearest; one pattern of NaN.
  static std::uint16_t narrow(double value) { return value != value ? std::uint16_t{0x7fff} : H(value).bits; }
};

bool is_single_half(Type type) { return type == Type::f16 || type == Type::bf16; }
bool is_half_pair(Type type) { return type == Type::f16x2 || type == Type::bf16x2; }
bool is_half(Type type) { return is_single_half(type) || is_half_pair(type); }

/// a + b rounded to odd: of the two doubles around a sum that is none, the one whose last bit is set.
/// Rounding that once more, to 51 bits or fewer, gives what rounding the exact sum does (Boldo and Melquiond,
/// "Emulation of FMA and correctly rounded sums", 2008). The error of a sum is a double itself (Knuth's
/// TwoSum).
double sum_to_odd(double a, double b) {
  const double sum = a + b;
  const double of_b = sum - a;
  const double error = (a - (sum - of_b)) + (b - of_b);
  const auto bits = std::bit_cast<std::uint64_t>(sum);
  if (!std::isfinite(sum) || error == 0 || (bits & 1) != 0) return sum;
  // The neighbour on the other side of the exact sum is odd.
  const bool grows = (error > 0) == (sum > 0);
  return std::bit_cast<double>(grows ? bits + 1 : bits - 1);
}

/// Products of two have 22 bits at most, sums of them round to odd.
struct HalfAdd {
  static double apply(double a, double b) { return sum_to_odd(a, b); }
};
struct HalfSub {
  static double apply(double a, double b) { return sum_to_odd(a, -b); }
};
struct HalfMul {
  static double apply(double a, double b) { return a * b; }
};
struct HalfFma {
  static double apply(double a, double b, double c) { return sum_to_odd(a * b, c); }
};

/// PTX ISA, .relu: 0 for what is negative; NaN stays.
template <class F>
struct Rectified {
  template <class... T>
  static auto apply(T... a) {
    const auto value = F::apply(a...);
    return value > 0 || value != value ? value : 0;
  }
};

/// A function of doubles or floats on values of the format H, which takes and gives bits.
template <class F>
struct HalfValue {
  template <class H, class... T>
  static std::uint16_t apply(T... a) {
    return HalfBits<H>::narrow(F::apply(static_cast<double>(HalfBits<H>::widen(a))...));
  }
};

/// .ftz of f16, as of f32.
template <class F>
struct FlushedHalf {
  template <class H>
  static std::uint16_t flush(std::uint16_t bits) {
    return (bits & 0x7fff) < HalfBits<H>::kLeastNormal ? static_cast<std::uint16_t>(bits & 0x8000) : bits;
  }
  template <class H, class... T>
  static std::uint16_t apply(T... a) {
    return flush<H>(F::template apply<H>(flush<H>(a)...));
  }
};

/// Of single halves and of pairs, element by element.
template <class F, class H>
struct Single {
  template <class... T>
  static std::uint16_t apply(T... a) {
    return F::template apply<H>(a...);
  }
};
template <class F, class H>
struct Paired {
  template <class... T>
  static std::uint32_t apply(T... a) {
    const std::uint32_t low = F::template apply<H>(static_cast<std::uint16_t>(a)...);
    const std::uint32_t high = F::template apply<H>(static_cast<std::uint16_t>(a >> 16)...);
    return high << 16 | low;
  }
};

template <class F, class W, int kSources>
void decode_sources(Decoder& d) {
  if constexpr (kSources == 1) decode_as<F, W, W>(d);
  if constexpr (kSources == 2) decode_as<F, W, W, W>(d);
  if constexpr (kSources == 3) decode_as<F, W, W, W, W>(d);
}

bool is_ieee_half(Type type) { return type == Type::f16 || type == Type::f16x2; }

/// F::apply<H>() of 16-bit elements, under the instruction's .ftz, which most have of f16 alone.
template <class F, int kSources>
void decode_half(Decoder& d, Type type, bool may_flush) {
  const auto decode = [&]<class Form>() {
    if (type == Type::f16) return decode_sources<Single<Form, Float16>, std::uint16_t, kSources>(d);
    if (type == Type::bf16) return decode_sources<Single<Form, BFloat16>, std::uint16_t, kSources>(d);
    if (type == Type::f16x2) return decode_sources<Paired<Form, Float16>, std::uint32_t, kSources>(d);
    decode_sources<Paired<Form, BFloat16>, std::uint32_t, kSources>(d);
  };
  if (may_flush && d.take_inexact("ftz"))
    decode.template operator()<FlushedHalf<F>>();
  else
    decode.template operator()<F>();
}

/// add, sub, mul and fma: rounded to nearest; .sat of f16, and .relu of fma.
template <class F, int kSources>
void decode_half_arithmetic(Decoder& d, Type type) {
  if (take_rounding(d) != Rounding::nearest) d.refuse("16-bit floats round to nearest alone: expected .rn");
  const bool is_ieee = is_ieee_half(type);
  if (is_ieee && d.take("sat")) return decode_half<HalfValue<Saturated<F>>, kSources>(d, type, is_ieee);
  if (kSources == 3 && d.take("relu"))
    return decode_half<HalfValue<Rectified<F>>, kSources>(d, type, is_ieee);
  decode_half<HalfValue<F>, kSources>(d, type, is_ieee);
}

/// The sign bit alone: 0x8000 flipped or cleared, NaN or not.
template <std::uint16_t kKept, std::uint16_t kFlipped>
struct HalfBitsChanged {
  template <class H>
  static std::uint16_t apply(std::uint16_t a) {
    return static_cast<std::uint16_t>((a & kKept) ^ kFlipped);
  }
};
using HalfNegate = HalfBitsChanged<0xffff, 0x8000>;
using HalfAbsolute = HalfBitsChanged<0x7fff, 0>;
