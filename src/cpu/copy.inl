// Rows of x into panels of accumulators, and finished accumulators into rows of y.

template <class A, class Storage>
void widen(const CopyArguments& arguments) {
  using V = Vector<A>;
  for (std::int64_t r = 0; r < arguments.rows; ++r) {
    const Storage* from = static_cast<const Storage*>(arguments.from) + r * arguments.from_stride;
    A* to = static_cast<A*>(arguments.to) + r * arguments.to_stride;
    std::int64_t c = 0;
    for (; c + V::kLanes <= arguments.columns; c += V::kLanes) V::store(V::load(from + c), to + c);
    for (; c < arguments.columns; ++c) to[c] = static_cast<A>(from[c]);
  }
}

/// Missing rows repeat the last. For small or ragged rests, one element at a time.
template <class A, class Storage>
void widen_transposed(const CopyArguments& arguments) {
  const Storage* from = static_cast<const Storage*>(arguments.from);
  A* to = static_cast<A*>(arguments.to);
  for (std::int64_t c = 0; c < arguments.columns; ++c) {
    for (std::int64_t r = 0; r < arguments.to_stride; ++r) {
      const std::int64_t row = std::min(r, arguments.rows - 1);
      to[c * arguments.to_stride + r] = static_cast<A>(from[row * arguments.from_stride + c]);
    }
  }
}

template <class A, class Storage>
void narrow(const CopyArguments& arguments) {
  using V = Vector<A>;
  for (std::int64_t r = 0; r < arguments.rows; ++r) {
    const A* from = static_cast<const A*>(arguments.from) + r * arguments.from_stride;
    Storage* to = static_cast<Storage*>(arguments.to) + r * arguments.to_stride;
    std::int64_t c = 0;
    if constexpr (std::same_as<A, Storage>) {
      std::copy_n(from, arguments.columns, to);
      c = arguments.columns;
    } else if constexpr (requires { store_rounded(V::load(from), to); }) {
      for (; c + V::kLanes <= arguments.columns; c += V::kLanes) store_rounded(V::load(from + c), to + c);
    }
    for (; c < arguments.columns; ++c) to[c] = static_cast<Storage>(from[c]);
  }
}

/// kLanes rows of up to kHalf columns, each stored with what lies behind it.
template <class A>
inline void store_transposed_halves(const A* from, const CopyArguments& arguments, A* to) {
  using V = Vector<A>;
  typename V::Real block[V::kHalf];
#pragma GCC unroll 8
  for (int c = 0; c < V::kHalf; ++c) {
    block[c] = V::load(from + std::min<std::int64_t>(c, arguments.columns - 1) * arguments.from_stride);
  }
  V::transpose_halves(block);
#pragma GCC unroll 8
  for (int r = 0; r < V::kHalf; ++r) V::store_lower(block[r], to + r * arguments.to_stride);
#pragma GCC unroll 8
  for (int r = 0; r < V::kHalf; ++r) V::store_upper(block[r], to + (r + V::kHalf) * arguments.to_stride);
}

/// kLanes rows of up to kLanes columns. Where y is of the accumulator's type its rows are stored as vectors,
/// whole ones where what lies behind a row is stored after it.
template <class A, class Storage>
inline void narrow_transposed_block(const A* from, const CopyArguments& arguments, Storage* to,
                                    bool is_followed) {
  using V = Vector<A>;
  const std::int64_t columns = arguments.columns;
  if constexpr (std::same_as<A, Storage> && V::kHalf > 0) {
    if (is_followed && columns <= V::kHalf) return store_transposed_halves(from, arguments, to);
  }
  typename V::Real block[V::kLanes];
#pragma GCC unroll 16
  for (int c = 0; c < V::kLanes; ++c) {
    block[c] = V::load(from + std::min<std::int64_t>(c, columns - 1) * arguments.from_stride);
  }
  V::transpose(block);
  if constexpr (std::same_as<A, Storage>) {
#pragma GCC unroll 16
    for (int r = 0; r < V::kLanes; ++r) {
      if (columns == V::kLanes || is_followed) {
        V::store(block[r], to + r * arguments.to_stride);
      } else {
        V::store_first(block[r], to + r * arguments.to_stride, static_cast<int>(columns));
      }
    }
  } else {
    alignas(64) A rows[V::kLanes * V::kLanes];
    for (int r = 0; r < V::kLanes; ++r) V::store(block[r], rows + r * V::kLanes);
    narrow<A, Storage>({rows, V::kLanes, to, arguments.to_stride, V::kLanes, columns});
  }
}

/// Rows of kColumns without gaps, whole vectors of them; returns how many.
template <class A, int kColumns>
std::int64_t interleave(const CopyArguments& arguments) {
  using V = Vector<A>;
  const A* from = static_cast<const A*>(arguments.from);
  A* to = static_cast<A*>(arguments.to);
  std::int64_t r = 0;
  for (; r + V::kLanes <= arguments.rows; r += V::kLanes) {
    typename V::Real columns[kColumns];
#pragma GCC unroll 4
    for (int c = 0; c < kColumns; ++c) columns[c] = V::load(from + c * arguments.from_stride + r);
    V::store_interleaved(columns, to + r * kColumns);
  }
  return r;
}

template <class A, class Storage>
void narrow_transposed(const CopyArguments& arguments) {
  using V = Vector<A>;
  const A* from = static_cast<const A*>(arguments.from);
  Storage* to = static_cast<Storage*>(arguments.to);
  const bool has_gaps = arguments.to_stride != arguments.columns;
  std::int64_t r = 0;
  if constexpr (std::same_as<A, Storage>) {
    if (!has_gaps && arguments.columns == 2) r = interleave<A, 2>(arguments);
    if (!has_gaps && arguments.columns == 3) r = interleave<A, 3>(arguments);
    if (!has_gaps && arguments.columns == 4) r = interleave<A, 4>(arguments);
  }
  if (arguments.columns <= V::kLanes) {
    for (; r + V::kLanes <= arguments.rows; r += V::kLanes) {
      const bool is_followed = !has_gaps && r + 2 * V::kLanes <= arguments.rows;
      narrow_transposed_block(from + r, arguments, to + r * arguments.to_stride, is_followed);
    }
  }
  for (; r < arguments.rows; ++r) {
    for (std::int64_t c = 0; c < arguments.columns; ++c) {
      to[r * arguments.to_stride + c] = static_cast<Storage>(from[c * arguments.from_stride + r]);
    }
  }
}
