// dp4a.

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

void decode_dp4a(Decoder& d) {
  const Type b = d.take_type(), a = d.take_type();
  const auto is_word = [](Type type) { return type == Type::u32 || type == Type::s32; };
  if (!is_word(a) || !is_word(b)) d.refuse("expected .u32 or .s32 twice");
  using W = std::uint32_t;
  const auto decode = [&]<class A>() {
    if (b == Type::u32)
      decode_as<DotOfBytes<A, std::uint8_t>, W, W, W, W>(d);
    else
      decode_as<DotOfBytes<A, std::int8_t>, W, W, W, W>(d);
  };
  if (a == Type::u32)
    decode.template operator()<std::uint8_t>();
  else
    decode.template operator()<std::int8_t>();
}
