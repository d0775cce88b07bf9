// .approx and .full: the true value in double precision, rounded to the type. No document gives the bits of a
// GPU, which may be off by the error that the PTX ISA states (src/ptx/README.md). ex2, lg2, sin, cos, tanh,
// rsqrt; of rcp, sqrt and div those forms alone.

struct Exponential2 {
  static float apply(float a) { return canonical(static_cast<float>(std::exp2(static_cast<double>(a)))); }
  static double apply(double a) { return std::exp2(a); }
};
struct Logarithm2 {
  static float apply(float a) { return canonical(static_cast<float>(std::log2(static_cast<double>(a)))); }
};
struct Sine {
  static float apply(float a) { return canonical(static_cast<float>(std::sin(static_cast<double>(a)))); }
};
struct Cosine {
  static float apply(float a) { return canonical(static_cast<float>(std::cos(static_cast<double>(a)))); }
};
struct HyperbolicTangent {
  static float apply(float a) { return canonical(static_cast<float>(std::tanh(static_cast<double>(a)))); }
  static double apply(double a) { return std::tanh(a); }
};
struct ReciprocalRoot {
  static float apply(float a) { return canonical(static_cast<float>(1 / std::sqrt(static_cast<double>(a)))); }
  static double apply(double a) {
    return canonical(static_cast<double>(1 / std::sqrt(static_cast<long double>(a))));
  }
};

/// PTX ISA, div.approx.f32, computed as a·(1/b): a large divisor has a reciprocal of 0.
struct ApproximateDivide {
  static float apply(float a, float b) {
    const float size = std::fabs(b);
    if (size > 0x1p126f && std::isfinite(size)) return canonical(a * std::copysign(0.f, b));
    return canonical(a / b);
  }
};

/// PTX ISA, rcp and rsqrt.approx.ftz.f64: of the upper 32 bits of a, with 20 bits of fraction; the lower 32
/// are 0. Subnormals are zeros; the one NaN is 0x7fffffff00000000.
template <class F>
struct Gross {
  static constexpr std::uint64_t kUpper = 0xffffffff00000000, kNan = 0x7fffffff00000000;
  static double flush(double a) { return std::fabs(a) < 0x1p-1022 ? std::copysign(0.0, a) : a; }
  static double apply(double a) {
    const double upper = std::bit_cast<double>(std::bit_cast<std::uint64_t>(flush(a)) & kUpper);
    const double value = flush(F::apply(upper));
    if (a != a || value != value) return std::bit_cast<double>(kNan);
    const auto bits = std::bit_cast<std::uint64_t>(value);
    return std::bit_cast<double>((bits + 0x7fffffff + (bits >> 32 & 1)) & kUpper);
  }
};

template <class F, int kSources>
void decode_approximation(Decoder& d, Type type) {
  if (type != Type::f32) d.refuse("this approximation is known of f32 alone");
  if (d.take_inexact("ftz")) return decode_sources<Flushed<F>, float, kSources>(d);
  decode_sources<F, float, kSources>(d);
}

template <class F>
void decode_gross(Decoder& d) {
  if (!d.take_inexact("ftz")) d.refuse("expected .approx.ftz.f64");
  decode_as<Gross<F>, double, double>(d);
}

void require_approx(Decoder& d) {
  if (!d.take_inexact("approx")) d.refuse("expected .approx");
}

template <class F>
void decode_function(Decoder& d) {
  require_approx(d);
  decode_approximation<F, 1>(d, d.take_type());
}
void decode_lg2(Decoder& d) { decode_function<Logarithm2>(d); }
void decode_sin(Decoder& d) { decode_function<Sine>(d); }
void decode_cos(Decoder& d) { decode_function<Cosine>(d); }

/// Of 16-bit floats too.
template <class F>
void decode_half_function(Decoder& d) {
  require_approx(d);
  const Type type = d.take_type();
  if (is_half(type)) return decode_half<HalfValue<F>, 1>(d, type, true);
  decode_approximation<F, 1>(d, type);
}
void decode_ex2(Decoder& d) { decode_half_function<Exponential2>(d); }
void decode_tanh(Decoder& d) { decode_half_function<HyperbolicTangent>(d); }

void decode_rsqrt(Decoder& d) {
  require_approx(d);
  const Type type = d.take_type();
  if (type != Type::f64) return decode_approximation<ReciprocalRoot, 1>(d, type);
  if (d.take_inexact("ftz")) return decode_as<Gross<ReciprocalRoot>, double, double>(d);
  decode_as<ReciprocalRoot, double, double>(d);
}
