// and, or, xor, not, cnot, shl, shr, shf, popc, clz, brev, bfind, bfe, bfi, prmt, lop3, bmsk, copysign.

struct And {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(a & b);
  }
};
struct Or {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(a | b);
  }
};
struct Xor {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(a ^ b);
  }
};
struct Not {
  template <class T>
  static T apply(T a) {
    return static_cast<T>(~a);
  }
};
struct LogicalNot {
  template <class T>
  static T apply(T a) {
    return a == 0 ? T{1} : T{0};
  }
};

/// A predicate operand, negated where the instruction says so.
Mask predicate_value(Warp& warp, const Step& step, std::uint32_t number, bool is_negated, Mask mask) {
  if (number == kNone) return is_negated ? kAllLanes : 0;
  warp.use_predicate(step, number, mask);
  return is_negated ? ~warp.predicate(number) : warp.predicate(number);
}

/// immediate: bit 0 and 1 negate the operands.
template <class F>
void combine_predicates(Warp& warp, const Step& step, Mask mask) {
  const Mask a = predicate_value(warp, step, step.source[0], (step.immediate & 1) != 0, mask);
  const Mask b = predicate_value(warp, step, step.source[1], (step.immediate & 2) != 0, mask);
  warp.define_predicate(step.target, mask, F::apply(a, b));
}

/// A constant has no number; it is the negation of false, or false itself.
std::uint32_t predicate_or_constant(Decoder& d, std::size_t index, bool& is_negated) {
  const auto* literal = std::get_if<Literal>(&d.operand(index).value);
  if (literal == nullptr) return d.predicate_source(index, is_negated);
  is_negated = literal->bits != 0;
  return kNone;
}

void invert_predicate(Warp& warp, const Step& step, Mask mask) {
  warp.define_predicate(step.target, mask,
                        ~predicate_value(warp, step, step.source[0], step.immediate != 0, mask));
}

template <class F>
void decode_logic(Decoder& d) {
  if (d.take("pred")) {
    bool is_a_negated = false, is_b_negated = false;
    d.step.target = d.predicate_target(0);
    d.step.source[0] = predicate_or_constant(d, 1, is_a_negated);
    d.step.source[1] = predicate_or_constant(d, 2, is_b_negated);
    d.step.immediate = (is_a_negated ? 1u : 0u) | (is_b_negated ? 2u : 0u);
    d.step.execute = &combine_predicates<F>;
    return;
  }
  with_type(d, d.take_type(), Words{}, [&]<class T>() { decode_as<F, T, T, T>(d); });
}

void decode_and(Decoder& d) { decode_logic<And>(d); }
void decode_or(Decoder& d) { decode_logic<Or>(d); }
void decode_xor(Decoder& d) { decode_logic<Xor>(d); }

void decode_not(Decoder& d) {
  if (d.take("pred")) {
    bool is_negated = false;
    d.step.target = d.predicate_target(0);
    d.step.source[0] = d.predicate_source(1, is_negated);
    d.step.immediate = is_negated ? 1 : 0;
    d.step.execute = &invert_predicate;
    return;
  }
  with_type(d, d.take_type(), Words{}, [&]<class T>() { decode_as<Not, T, T>(d); });
}

void decode_cnot(Decoder& d) {
  with_type(d, d.take_type(), Words{}, [&]<class T>() { decode_as<LogicalNot, T, T>(d); });
}

/// Amounts beyond the width shift everything out.
struct ShiftLeft {
  template <class T>
  static T apply(T a, std::uint32_t by) {
    constexpr std::uint32_t kBits = sizeof(T) * 8;
    return by >= kBits ? T{0} : static_cast<T>(static_cast<Wrapping<T>>(a) << (by % kBits));
  }
};
struct ShiftRight {
  template <class T>
  static T apply(T a, std::uint32_t by) {
    constexpr std::uint32_t kBits = sizeof(T) * 8;
    if constexpr (std::is_signed_v<T>)
      return static_cast<T>(a >> std::min(by, kBits - 1));
    else
      return by >= kBits ? T{0} : static_cast<T>(a >> (by % kBits));
  }
};

void decode_shl(Decoder& d) {
  with_type(d, d.take_type(), Words{}, [&]<class T>() { decode_as<ShiftLeft, T, T, std::uint32_t>(d); });
}
void decode_shr(Decoder& d) {
  with_type(d, d.take_type(), Integers{}, [&]<class T>() { decode_as<ShiftRight, T, T, std::uint32_t>(d); });
}

/// A window of 32 bits into b:a.
template <bool kLeft, bool kClamps>
struct FunnelShift {
  static std::uint32_t apply(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    const std::uint32_t by = kClamps ? std::min(c, 32u) : c & 31;
    const std::uint64_t both = std::uint64_t{b} << 32 | a;
    return static_cast<std::uint32_t>(kLeft ? (both << by) >> 32 : both >> by);
  }
};

void decode_shf(Decoder& d) {
  const int direction = d.take_one_of({"l", "r"});
  const int mode = d.take_one_of({"clamp", "wrap"});
  if (direction < 0 || mode < 0 || d.take_type() != Type::b32)
    d.refuse("expected .l or .r, .clamp or .wrap, .b32");
  using W = std::uint32_t;
  if (direction == 0 && mode == 0) decode_as<FunnelShift<true, true>, W, W, W, W>(d);
  if (direction == 0 && mode == 1) decode_as<FunnelShift<true, false>, W, W, W, W>(d);
  if (direction == 1 && mode == 0) decode_as<FunnelShift<false, true>, W, W, W, W>(d);
  if (direction == 1 && mode == 1) decode_as<FunnelShift<false, false>, W, W, W, W>(d);
}

struct PopulationCount {
  template <class T>
  static std::uint32_t apply(T a) {
    return static_cast<std::uint32_t>(std::popcount(a));
  }
};
struct LeadingZeros {
  template <class T>
  static std::uint32_t apply(T a) {
    return static_cast<std::uint32_t>(std::countl_zero(a));
  }
};
struct ReverseBits {
  template <class T>
  static T apply(T a) {
    T result = 0;
    for (unsigned bit = 0; bit < sizeof(T) * 8; ++bit) result = static_cast<T>(result << 1 | (a >> bit & 1));
    return result;
  }
};
/// The highest bit that is no copy of the sign; all ones where there is none.
template <bool kAsShift>
struct FindBit {
  template <class T>
  static std::uint32_t apply(T a) {
    using U = std::make_unsigned_t<T>;
    const auto bits = static_cast<U>(a < 0 ? ~a : a);
    if (bits == 0) return ~0u;
    const auto zeros = static_cast<std::uint32_t>(std::countl_zero(bits));
    return kAsShift ? zeros : static_cast<std::uint32_t>(sizeof(T) * 8 - 1) - zeros;
  }
};

using LongWords = TypeList<std::uint32_t, std::uint64_t>;
using LongIntegers = TypeList<std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;

void decode_popc(Decoder& d) {
  with_type(d, d.take_type(), LongWords{},
            [&]<class T>() { decode_as<PopulationCount, std::uint32_t, T>(d); });
}
void decode_clz(Decoder& d) {
  with_type(d, d.take_type(), LongWords{}, [&]<class T>() { decode_as<LeadingZeros, std::uint32_t, T>(d); });
}
void decode_brev(Decoder& d) {
  with_type(d, d.take_type(), LongWords{}, [&]<class T>() { decode_as<ReverseBits, T, T>(d); });
}
void decode_bfind(Decoder& d) {
  const bool as_shift = d.take("shiftamt");
  with_type(d, d.take_type(), LongIntegers{}, [&]<class T>() {
    if (as_shift)
      decode_as<FindBit<true>, std::uint32_t, T>(d);
    else
      decode_as<FindBit<false>, std::uint32_t, T>(d);
  });
}

/// PTX ISA, bfe: position and length are bytes; what lies beyond the top is the sign.
struct ExtractField {
  template <class T>
  static T apply(T a, std::uint32_t position, std::uint32_t length) {
    constexpr std::uint32_t kTop = sizeof(T) * 8 - 1;
    const std::uint32_t first = position & 0xff, count = length & 0xff;
    if (count == 0) return 0;
    using U = std::make_unsigned_t<T>;
    const auto bits = static_cast<U>(a);
    const bool sign = std::is_signed_v<T> && (bits >> std::min(first + count - 1, kTop) & 1) != 0;
    const U field = first > kTop ? 0 : static_cast<U>(bits >> first);
    const std::uint32_t kept = first > kTop ? 0 : std::min(count, kTop - first + 1);
    const U mask = kept > kTop ? static_cast<U>(~U{0}) : static_cast<U>((U{1} << kept) - 1);
    return static_cast<T>(sign ? (field & mask) | static_cast<U>(~mask) : field & mask);
  }
};
struct InsertField {
  template <class T>
  static T apply(T a, T b, std::uint32_t position, std::uint32_t length) {
    constexpr std::uint32_t kBits = sizeof(T) * 8;
    const std::uint32_t first = position & 0xff, count = length & 0xff;
    if (first >= kBits || count == 0) return b;
    const T ones = count >= kBits ? static_cast<T>(~T{0}) : static_cast<T>((T{1} << count) - 1);
    const T mask = static_cast<T>(ones << first);
    return static_cast<T>((b & ~mask) | (static_cast<T>(a << first) & mask));
  }
};

void decode_bfe(Decoder& d) {
  with_type(d, d.take_type(), LongIntegers{},
            [&]<class T>() { decode_as<ExtractField, T, T, std::uint32_t, std::uint32_t>(d); });
}
void decode_bfi(Decoder& d) {
  with_type(d, d.take_type(), LongWords{},
            [&]<class T>() { decode_as<InsertField, T, T, T, std::uint32_t, std::uint32_t>(d); });
}

/// Bytes of b:a by selector nibbles, whose top bit replicates the byte's sign.
struct Permute {
  static std::uint32_t apply(std::uint32_t a, std::uint32_t b, std::uint32_t selector) {
    const std::uint64_t both = std::uint64_t{b} << 32 | a;
    std::uint32_t result = 0;
    for (unsigned index = 0; index < 4; ++index) {
      const std::uint32_t nibble = selector >> (4 * index) & 15;
      const auto byte = static_cast<std::uint32_t>(both >> (8 * (nibble & 7)) & 0xff);
      const std::uint32_t value = (nibble & 8) == 0 ? byte : (byte & 0x80) != 0 ? 0xffu : 0u;
      result |= value << (8 * index);
    }
    return result;
  }
};
/// The modes: which byte of b:a each result byte is, by the low two bits of the selector.
enum class PermuteMode : std::uint8_t { forward, backward, replicate8, clamp_left, clamp_right, replicate16 };

template <PermuteMode kMode>
struct PermuteBy {
  static std::uint32_t apply(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    const std::uint32_t s = c & 3;
    std::uint32_t selector = 0;
    for (std::uint32_t i = 0; i < 4; ++i) {
      std::uint32_t byte = 0;
      switch (kMode) {
        case PermuteMode::forward: byte = s + i; break;
        case PermuteMode::backward: byte = (s - i) & 7; break;
        case PermuteMode::replicate8: byte = s; break;
        case PermuteMode::clamp_left: byte = std::max(i, s); break;
        case PermuteMode::clamp_right: byte = std::min(i, s); break;
        case PermuteMode::replicate16: byte = (s & 1) * 2 + (i & 1); break;
      }
      selector |= byte << (4 * i);
    }
    return Permute::apply(a, b, selector);
  }
};

void decode_prmt(Decoder& d) {
  const int mode = d.take_one_of({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"});
  if (d.take_type() != Type::b32) d.refuse("expected .b32");
  using W = std::uint32_t;
  switch (mode) {
    case 0: return decode_as<PermuteBy<PermuteMode::forward>, W, W, W, W>(d);
    case 1: return decode_as<PermuteBy<PermuteMode::backward>, W, W, W, W>(d);
    case 2: return decode_as<PermuteBy<PermuteMode::replicate8>, W, W, W, W>(d);
    case 3: return decode_as<PermuteBy<PermuteMode::clamp_left>, W, W, W, W>(d);
    case 4: return decode_as<PermuteBy<PermuteMode::clamp_right>, W, W, W, W>(d);
    case 5: return decode_as<PermuteBy<PermuteMode::replicate16>, W, W, W, W>(d);
    default: return decode_as<Permute, W, W, W, W>(d);
  }
}

/// The table's bit i is the result where a, b, c have the bits of i, a's the highest.
void lookup(Warp& warp, const Step& step, Mask mask) {
  for (int index = 0; index < 3; ++index) warp.use(step, step.source[index], mask);
  const std::uint32_t* a = warp.row<std::uint32_t>(step.source[0]);
  const std::uint32_t* b = warp.row<std::uint32_t>(step.source[1]);
  const std::uint32_t* c = warp.row<std::uint32_t>(step.source[2]);
  std::uint32_t* target = warp.row<std::uint32_t>(step.target);
  for_each_lane(mask, [&](int lane) {
    std::uint32_t result = 0;
    for (unsigned index = 0; index < 8; ++index) {
      if ((step.immediate >> index & 1) == 0) continue;
      result |= ((index & 4) != 0 ? a[lane] : ~a[lane]) & ((index & 2) != 0 ? b[lane] : ~b[lane]) &
                ((index & 1) != 0 ? c[lane] : ~c[lane]);
    }
    target[lane] = result;
  });
  warp.define(step.target, mask);
}

void decode_lop3(Decoder& d) {
  if (d.take_type() != Type::b32) d.refuse("expected .b32");
  const auto* table = std::get_if<Literal>(&d.operand(4).value);
  if (table == nullptr) d.invalid("expected a constant table");
  d.step.target = d.target(0, 4);
  for (std::size_t index = 0; index < 3; ++index) d.step.source[index] = d.source(index + 1, 4);
  d.step.immediate = table->bits;
  d.step.execute = &lookup;
}

template <bool kClamps>
struct MakeMask {
  static std::uint32_t apply(std::uint32_t a, std::uint32_t b) {
    const std::uint32_t first = kClamps ? a : a & 31, count = kClamps ? b : b & 31;
    if (first >= 32) return 0;
    const std::uint64_t ones = count >= 32 ? 0xffffffffu : (std::uint64_t{1} << count) - 1;
    return static_cast<std::uint32_t>(ones << first);
  }
};

void decode_bmsk(Decoder& d) {
  const int mode = d.take_one_of({"clamp", "wrap"});
  if (mode < 0 || d.take_type() != Type::b32) d.refuse("expected .clamp or .wrap, .b32");
  using W = std::uint32_t;
  if (mode == 0)
    decode_as<MakeMask<true>, W, W, W>(d);
  else
    decode_as<MakeMask<false>, W, W, W>(d);
}

/// copysign d, a, b: b's magnitude with a's sign.
struct CopySign {
  template <class T>
  static T apply(T a, T b) {
    constexpr Slot<T> kSign = Slot<T>{1} << (sizeof(T) * 8 - 1);
    return std::bit_cast<T>((std::bit_cast<Slot<T>>(a) & kSign) | (std::bit_cast<Slot<T>>(b) & ~kSign));
  }
};

void decode_copysign(Decoder& d) {
  with_type(d, d.take_type(), Floats{}, [&]<class T>() { decode_as<CopySign, T, T, T>(d); });
}
