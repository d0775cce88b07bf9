// dp4a, dp2a.

/// dp4a: c plus the products of a's and b's four bytes.
template <class A, class B>
struct DotOfBytes {
  static std::uint32_t apply(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    for (int shift = 0; shift < 32; shift += 8) {
      const int product = int{static_cast<A>(a >> shift)} * int{static_cast<B>(b >> shift)};
      c += static_cast<std::uint32_t>(product);
    }
    return c;
  }
};

/// dp2a: c plus the products of a's halves and two bytes of b, from bit kShift on.
template <int kShift>
struct DotOfHalves {
  template <class A, class B>
  struct Of {
    static std::uint32_t apply(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
      for (int half = 0; half < 2; ++half) {
        const auto product =
            std::int64_t{static_cast<A>(a >> 16 * half)} * static_cast<B>(b >> (kShift + 8 * half));
        c += static_cast<std::uint32_t>(product);
      }
      return c;
    }
  };
};

/// The operation for the two types of what a and b hold, by their signs.
template <template <class, class> class Dot, class Signed, class Unsigned>
void decode_dot(Decoder& d) {
  const Type b = d.take_type(), a = d.take_type();
  const auto is_word = [](Type type) { return type == Type::u32 || type == Type::s32; };
  if (!is_word(a) || !is_word(b)) d.refuse("expected .u32 or .s32 twice");
  using W = std::uint32_t;
  const auto decode = [&]<class A>() {
    if (b == Type::u32)
      decode_as<Dot<A, std::uint8_t>, W, W, W, W>(d);
    else
      decode_as<Dot<A, std::int8_t>, W, W, W, W>(d);
  };
  if (a == Type::u32)
    decode.template operator()<Unsigned>();
  else
    decode.template operator()<Signed>();
}

void decode_dp4a(Decoder& d) { decode_dot<DotOfBytes, std::int8_t, std::uint8_t>(d); }

void decode_dp2a(Decoder& d) {
  const int part = d.take_one_of({"lo", "hi"});
  if (part < 0) d.refuse("expected .lo or .hi");
  if (part == 0)
    decode_dot<DotOfHalves<0>::Of, std::int16_t, std::uint16_t>(d);
  else
    decode_dot<DotOfHalves<16>::Of, std::int16_t, std::uint16_t>(d);
}
