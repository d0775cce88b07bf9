// Moving vectors of accumulators between registers and memory of any storage type, for the current
// HWY_TARGET. Included inside the target's region after highway_lane.inl; scalar_vector.inl says the same for
// one lane.

template <class A>
struct Vector : SimdLane<A> {
  using Real = typename SimdLane<A>::Real;
  using Tag = typename SimdLane<A>::Tag;
  static constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));

  static Real load(const A* from) { return hn::LoadU(Tag(), from); }
  static void store(Real v, A* to) { hn::StoreU(v, Tag(), to); }
  /// Stores the first `count` < kLanes lanes and touches no byte behind them.
  static void store_first(Real v, A* to, int count) {
    hn::BlendedStore(v, hn::FirstN(Tag(), static_cast<size_t>(count)), Tag(), to);
  }

  // f16 and bf16 are only ever widened to f32, which is exact.
  static Real load(const Float16* from) { return widened(Tag(), from); }
  static Real load(const BFloat16* from) { return widened(Tag(), from); }

  /// kLanes rows of kColumns elements without gaps to one vector per column.
  template <int kColumns>
  [[gnu::always_inline]] static void load_interleaved(const A* from, Real (&to)[kColumns]) {
    if constexpr (kColumns == 1) to[0] = load(from);
    if constexpr (kColumns == 2) hn::LoadInterleaved2(Tag(), from, to[0], to[1]);
    if constexpr (kColumns == 3) hn::LoadInterleaved3(Tag(), from, to[0], to[1], to[2]);
    if constexpr (kColumns == 4) hn::LoadInterleaved4(Tag(), from, to[0], to[1], to[2], to[3]);
  }

  /// The way back.
  template <int kColumns>
  [[gnu::always_inline]] static void store_interleaved(const Real (&v)[kColumns], A* to) {
    if constexpr (kColumns == 2) hn::StoreInterleaved2(v[0], v[1], Tag(), to);
    if constexpr (kColumns == 3) hn::StoreInterleaved3(v[0], v[1], v[2], Tag(), to);
    if constexpr (kColumns == 4) hn::StoreInterleaved4(v[0], v[1], v[2], v[3], Tag(), to);
  }

  /// kLanes vectors in, their transpose out.
  [[gnu::always_inline]] static void transpose(Real (&v)[kLanes]) {
    transpose_within_blocks(v);
    transpose_blocks(v);
  }

  /// A vector of two rows of kHalf elements, and the way back.
  static constexpr int kHalf = kLanes == 16 ? 8 : 0;
  template <class Storage>
  [[gnu::always_inline]] static Real load_halves(const Storage* lower, const Storage* upper) {
    const hn::Half<Tag> half;
    return hn::Combine(Tag(), widened(half, upper), widened(half, lower));
  }
  [[gnu::always_inline]] static void store_lower(Real v, A* to) {
    hn::StoreU(hn::LowerHalf(v), hn::Half<Tag>(), to);
  }
  [[gnu::always_inline]] static void store_upper(Real v, A* to) {
    const hn::Half<Tag> half;
    hn::StoreU(hn::UpperHalf(half, v), half, to);
  }

  /// Vector r of rows r and r + kHalf in, vector c of column c out; and the way back.
  [[gnu::always_inline]] static void transpose_halves(Real (&v)[8]) {
    transpose_within_blocks(v);
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) {
      const Real a = v[c], b = v[4 + c];
      v[c] = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(b), a);
      v[4 + c] = hn::OddEvenBlocks(b, hn::SwapAdjacentBlocks(a));
    }
  }

 private:
  template <class D>
  static hn::Vec<D> widened(D d, const A* from) {
    return hn::LoadU(d, from);
  }
  template <class D>
  static hn::Vec<D> widened(D d, const Float16* from) {
    const hn::Rebind<hwy::float16_t, D> half;
    return hn::PromoteTo(d, hn::LoadU(half, reinterpret_cast<const hwy::float16_t*>(from)));
  }
  template <class D>
  static hn::Vec<D> widened(D d, const BFloat16* from) {
    const hn::Rebind<uint16_t, D> half;
    const hn::RebindToUnsigned<D> word;
    return hn::BitCast(
        d, hn::ShiftLeft<16>(hn::PromoteTo(word, hn::LoadU(half, reinterpret_cast<const uint16_t*>(from)))));
  }

  // Swaps rows and columns inside each 16-byte block; v[g + c] then holds, per block b, column c of block b
  // of the rows g … g+kPerBlock−1.
  template <int kCount>
  [[gnu::always_inline]] static void transpose_within_blocks(Real (&v)[kCount]) {
    constexpr int kPerBlock = static_cast<int>(16 / sizeof(A));
#pragma GCC unroll 16
    for (int g = 0; g < kCount; g += kPerBlock) {
      if constexpr (sizeof(A) == 8) {
        const Real lower = hn::InterleaveLower(Tag(), v[g], v[g + 1]);
        v[g + 1] = hn::InterleaveUpper(Tag(), v[g], v[g + 1]);
        v[g] = lower;
      } else {
        const hn::Repartition<double, Tag> pair;
        const auto low01 = hn::BitCast(pair, hn::InterleaveLower(Tag(), v[g], v[g + 1]));
        const auto high01 = hn::BitCast(pair, hn::InterleaveUpper(Tag(), v[g], v[g + 1]));
        const auto low23 = hn::BitCast(pair, hn::InterleaveLower(Tag(), v[g + 2], v[g + 3]));
        const auto high23 = hn::BitCast(pair, hn::InterleaveUpper(Tag(), v[g + 2], v[g + 3]));
        v[g] = hn::BitCast(Tag(), hn::InterleaveLower(pair, low01, low23));
        v[g + 1] = hn::BitCast(Tag(), hn::InterleaveUpper(pair, low01, low23));
        v[g + 2] = hn::BitCast(Tag(), hn::InterleaveLower(pair, high01, high23));
        v[g + 3] = hn::BitCast(Tag(), hn::InterleaveUpper(pair, high01, high23));
      }
    }
  }

  // Swaps blocks between vectors, so that v[b·kPerBlock + c] holds that column of all rows.
  [[gnu::always_inline]] static void transpose_blocks(Real (&v)[kLanes]) {
    constexpr int kPerBlock = static_cast<int>(16 / sizeof(A));
    constexpr int kBlocks = kLanes / kPerBlock;
    if constexpr (kBlocks == 2) {
#pragma GCC unroll 16
      for (int c = 0; c < kPerBlock; ++c) {
        const Real a = v[c], b = v[kPerBlock + c];
        v[c] = hn::ConcatLowerLower(Tag(), b, a);
        v[kPerBlock + c] = hn::ConcatUpperUpper(Tag(), b, a);
      }
    } else if constexpr (kBlocks == 4) {
#pragma GCC unroll 16
      for (int c = 0; c < kPerBlock; ++c) {
        const Real a = v[c], b = v[kPerBlock + c], e = v[2 * kPerBlock + c], f = v[3 * kPerBlock + c];
        const Real lower_ae = hn::ConcatLowerLower(Tag(), e, a), upper_ae = hn::ConcatUpperUpper(Tag(), e, a);
        const Real lower_bf = hn::ConcatLowerLower(Tag(), f, b), upper_bf = hn::ConcatUpperUpper(Tag(), f, b);
        v[c] = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(lower_bf), lower_ae);
        v[kPerBlock + c] = hn::OddEvenBlocks(lower_bf, hn::SwapAdjacentBlocks(lower_ae));
        v[2 * kPerBlock + c] = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(upper_bf), upper_ae);
        v[3 * kPerBlock + c] = hn::OddEvenBlocks(upper_bf, hn::SwapAdjacentBlocks(upper_ae));
      }
    }
  }
};

// Rounds the lanes of v once to the storage type; needs FloatEnvironment's nearest mode, which every kernel
// runs in.
inline void store_rounded(Vector<double>::Real v, float* to) {
  const hn::Rebind<float, Vector<double>::Tag> half;
  hn::StoreU(hn::DemoteTo(half, v), half, to);
}
inline void store_rounded(Vector<float>::Real v, Float16* to) {
  const hn::Rebind<hwy::float16_t, Vector<float>::Tag> half;
  hn::StoreU(hn::DemoteTo(half, v), half, reinterpret_cast<hwy::float16_t*>(to));
}
inline void store_rounded(Vector<float>::Real v, BFloat16* to) {
  const hn::RebindToUnsigned<Vector<float>::Tag> word;
  const hn::Rebind<uint16_t, Vector<float>::Tag> half;
  const auto bits = hn::BitCast(word, v);
  const auto last_bit = hn::And(hn::ShiftRight<16>(bits), hn::Set(word, 1U));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(last_bit, hn::Set(word, 0x7FFFU))));
  const auto quiet = hn::Or(hn::ShiftRight<16>(bits), hn::Set(word, 0x40U));
  const auto is_nan = hn::RebindMask(word, hn::Ne(v, v));
  const auto result = hn::IfThenElse(is_nan, quiet, rounded);
  hn::StoreU(hn::TruncateTo(half, result), half, reinterpret_cast<uint16_t*>(to));
}
