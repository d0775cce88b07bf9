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

/// kLanes rows of up to kLanes columns. Where y is of the accumulator's type its rows are stored as vectors.
template <class A, class Storage>
inline void narrow_transposed_block(const A* from, const CopyArguments& arguments, Storage* to) {
  using V = Vector<A>;
  typename V::Real block[V::kLanes];
  const std::int64_t columns = arguments.columns;
#pragma GCC unroll 16
  for (int c = 0; c < V::kLanes; ++c) {
    block[c] = V::load(from + std::min<std::int64_t>(c, columns - 1) * arguments.from_stride);
  }
  V::transpose(block);
  if constexpr (std::same_as<A, Storage>) {
#pragma GCC unroll 16
    for (int r = 0; r < V::kLanes; ++r) {
      if (columns == V::kLanes) {
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

template <class A, class Storage>
void narrow_transposed(const CopyArguments& arguments) {
  using V = Vector<A>;
  const A* from = static_cast<const A*>(arguments.from);
  Storage* to = static_cast<Storage*>(arguments.to);
  std::int64_t r = 0;
  if (arguments.columns <= V::kLanes) {
    for (; r + V::kLanes <= arguments.rows; r += V::kLanes) {
      narrow_transposed_block(from + r, arguments, to + r * arguments.to_stride);
    }
  }
  for (; r < arguments.rows; ++r) {
    for (std::int64_t c = 0; c < arguments.columns; ++c) {
      to[r * arguments.to_stride + c] = static_cast<Storage>(from[c * arguments.from_stride + r]);
    }
  }
}
