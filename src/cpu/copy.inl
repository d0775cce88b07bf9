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

/// One kLanes × kLanes block: rows of Storage in, columns of A out. Rows past the last repeat it.
template <class A, class Storage>
inline void widen_transposed_block(const Storage* from, const CopyArguments& arguments, A* to) {
  using V = Vector<A>;
  typename V::Real block[V::kLanes];
#pragma GCC unroll 16
  for (int r = 0; r < V::kLanes; ++r) {
    block[r] = V::load(from + std::min<std::int64_t>(r, arguments.rows - 1) * arguments.from_stride);
  }
  V::transpose(block);
#pragma GCC unroll 16
  for (int c = 0; c < V::kLanes; ++c) V::store(block[c], to + c * arguments.to_stride);
}

/// Whole blocks by registers, the columns that remain one element at a time.
template <class A, class Storage>
void widen_transposed(const CopyArguments& arguments) {
  using V = Vector<A>;
  for (std::int64_t first = 0; first < arguments.to_stride; first += V::kLanes) {
    CopyArguments part = arguments;
    const std::int64_t skipped = std::min(first, arguments.rows - 1);
    part.rows = arguments.rows - skipped;
    const Storage* from = static_cast<const Storage*>(arguments.from) + skipped * arguments.from_stride;
    A* to = static_cast<A*>(arguments.to) + first;
    std::int64_t c = 0;
    for (; c + V::kLanes <= arguments.columns; c += V::kLanes) {
      widen_transposed_block<A>(from + c, part, to + c * arguments.to_stride);
    }
    for (; c < arguments.columns; ++c) {
      for (int r = 0; r < V::kLanes; ++r) {
        const std::int64_t row = std::min<std::int64_t>(r, part.rows - 1);
        to[c * arguments.to_stride + r] = static_cast<A>(from[row * arguments.from_stride + c]);
      }
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

template <class A, class Storage>
void narrow_transposed(const CopyArguments& arguments) {
  for (std::int64_t r = 0; r < arguments.rows; ++r) {
    const A* from = static_cast<const A*>(arguments.from) + r;
    Storage* to = static_cast<Storage*>(arguments.to) + r * arguments.to_stride;
    for (std::int64_t c = 0; c < arguments.columns; ++c) to[c] = static_cast<Storage>(from[c * arguments.from_stride]);
  }
}
