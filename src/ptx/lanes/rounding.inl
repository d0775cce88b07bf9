// Roundings, and the modifiers that change what goes into or comes out of a floating-point operation: .ftz,
// .sat.

enum class Rounding : std::uint8_t { nearest, zero, down, up };

/// f32 and f64 need a stated rounding, unless the caller does without: the assembler may contract a·b + c
/// then, and bits would differ.
Rounding take_rounding(Decoder& d) {
  const int mode = d.take_one_of({"rn", "rz", "rm", "rp"});
  if (mode >= 0) return static_cast<Rounding>(mode);
  if (d.entry().rounding() == PtxRounding::stated) {
    d.refuse(
        "no rounding is stated, so that the assembler may contract it: reproducible arithmetic needs .rn");
  }
  return Rounding::nearest;
}

/// NaN results have one pattern, as on the GPU.
template <std::floating_point T>
constexpr T canonical(T value) {
  if constexpr (sizeof(T) == 4) {
    return value != value ? std::bit_cast<float>(0x7fffffffu) : value;
  } else {
    return value != value ? std::bit_cast<double>(std::uint64_t{0x7fffffffffffffff}) : value;
  }
}

/// PTX ISA, .ftz: subnormal f32 becomes a zero of its sign. Other types stay as they are.
template <class T>
T flushed(T a) {
  if constexpr (std::is_same_v<T, float>) {
    return std::fabs(a) < std::numeric_limits<float>::min() ? std::copysign(0.f, a) : a;
  } else {
    return a;
  }
}

template <class F>
struct Flushed {
  template <class... T>
  static auto apply(T... a) {
    return flushed(F::apply(flushed(a)...));
  }
};

/// PTX ISA, .sat: between 0 and 1; +0 for NaN.
template <class F>
struct Saturated {
  template <std::floating_point... T>
  static auto apply(T... a) {
    auto value = F::apply(a...);
    using Value = decltype(value);
    return value > Value{0} ? std::min(value, Value{1}) : Value{0};
  }
};

/// The same under another rounding of the host's unit; the memory barriers keep the arithmetic inside.
template <int kMode, Execute kExecute>
void under_rounding(Warp& warp, const Step& step, Mask mask) {
  std::fesetround(kMode);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  kExecute(warp, step, mask);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::fesetround(FE_TONEAREST);
}

template <class F, class T, class... S>
Execute rounded(Rounding rounding) {
  switch (rounding) {
    case Rounding::nearest: break;
    case Rounding::zero: return &under_rounding<FE_TOWARDZERO, &elementwise<F, T, S...>>;
    case Rounding::down: return &under_rounding<FE_DOWNWARD, &elementwise<F, T, S...>>;
    case Rounding::up: return &under_rounding<FE_UPWARD, &elementwise<F, T, S...>>;
  }
  return &elementwise<F, T, S...>;
}

bool is_floating(Type type) { return type == Type::f32 || type == Type::f64; }

/// F under the instruction's .ftz, which f32 alone has.
template <class F, class T, class... S>
Execute flushing_form(Decoder& d, Rounding rounding) {
  if (std::is_same_v<T, float> && d.take_inexact("ftz")) return rounded<Flushed<F>, T, S...>(rounding);
  return rounded<F, T, S...>(rounding);
}

/// The same where there is .sat too.
template <class F, class T, class... S>
Execute clamping_form(Decoder& d, Rounding rounding) {
  if constexpr (std::is_same_v<T, float>) {
    if (d.take("sat")) return flushing_form<Saturated<F>, T, S...>(d, rounding);
  }
  return flushing_form<F, T, S...>(d, rounding);
}
