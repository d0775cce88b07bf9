// The register tile: rows × vectors of outputs as an outer product, lanes are outputs.
// On AVX-512 10 × 2 accumulators, two vectors of weights and one broadcast fill 23 of 32 registers; one k
// step is 20 fused multiply-adds for 12 loads. On AVX2 (16 registers) the rows are at most 6.
// What takes sums by reference is always inlined: left to itself, GCC 12 stored a single row's sums in every
// step, and 1x784x128 took 4.0 µs instead of 3.6.

/// One instance. A single row takes the vectors of kRowPanels panels, or of half as many, so that 8 or 4
/// chains hide the latency of one another and the weights come in as fast as the second-level cache gives
/// them.
struct TileShape {
  int rows;
  int vectors;
  TileEnd end;
};

template <class A, TileShape kShape>
using TileSums = typename Vector<A>::Real[kShape.rows][kShape.vectors];

/// s ← the products of one block of inputs, from `first` on. Lines of what comes next are asked for as the
/// same number of lines of x is used up.
template <class A, class W, TileShape kShape>
[[gnu::always_inline]] inline void sum_block(const TileArguments<A>& arguments, std::int64_t first,
                                             RowPrefetcher& ahead, TileSums<A, kShape>& s) {
  using V = Vector<A>;
#pragma GCC unroll 16
  for (int r = 0; r < kShape.rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kShape.vectors; ++v) s[r][v] = V::set(A{0});
  }
  constexpr std::int64_t kWidth = std::min(kShape.vectors, kPanelVectors) * V::kLanes;
  constexpr std::int64_t kStep = kShape.rows == 1 ? kSumBlock : 64 / sizeof(A);
  // Every third row: the two behind it are reached by index registers that all share.
  constexpr int kBases = (kShape.rows + 2) / 3;
  const A* base[kBases];
#pragma GCC unroll 16
  for (int b = 0; b < kBases; ++b) base[b] = arguments.x + 3 * b * arguments.x_stride;
  const W* w = static_cast<const W*>(arguments.weights) + first * kWidth;
  const std::int64_t last = std::min(first + kSumBlock, arguments.block_inputs);
  for (std::int64_t step = first; step < last; step += kStep) {
    ahead.ask(kShape.rows);
    const std::int64_t end = std::min(step + kStep, last);
    for (std::int64_t k = step; k < end; ++k) {
      typename V::Real weights[kShape.vectors];
#pragma GCC unroll 8
      for (int v = 0; v < kShape.vectors; ++v) {
        weights[v] = V::load(w + v / kPanelVectors * arguments.panel_stride + v % kPanelVectors * V::kLanes);
      }
      w += kWidth;
#pragma GCC unroll 16
      for (int r = 0; r < kShape.rows; ++r) {
        const typename V::Real input = V::set(base[r / 3][r % 3 * arguments.x_stride + k]);
#pragma GCC unroll 8
        for (int v = 0; v < kShape.vectors; ++v) s[r][v] = V::fma(input, weights[v], s[r][v]);
      }
    }
  }
}

/// y ← f(s + bias). The commonest activations are applied where the sums are, in registers; their formulas
/// are the same. Whether all columns are there is asked once: asked per vector, rows of 32 inputs took 3 %
/// longer.
template <class A, TileShape kShape>
[[gnu::always_inline]] inline void finish_tile(const TileArguments<A>& arguments, TileSums<A, kShape>& s) {
  using V = Vector<A>;
  constexpr auto kKind = kShape.end == TileEnd::relu ? ActivationKind::relu : ActivationKind::identity;
  A* const y = arguments.y;
  const std::int64_t y_stride = arguments.y_stride, columns = arguments.columns;
#pragma GCC unroll 8
  for (int v = 0; v < kShape.vectors; ++v) {
    const typename V::Real bias = V::load(arguments.bias + v * V::kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kShape.rows; ++r) {
      s[r][v] = Formula<kKind>::template apply<V>(s[r][v] + bias, V::set(A{0}));
    }
  }
  if (columns >= kShape.vectors * V::kLanes) {
#pragma GCC unroll 16
    for (int r = 0; r < kShape.rows; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < kShape.vectors; ++v) V::store(s[r][v], y + r * y_stride + v * V::kLanes);
    }
    return;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kShape.rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kShape.vectors; ++v) {
      A* const to = y + r * y_stride + v * V::kLanes;
      const std::int64_t rest = columns - v * V::kLanes;
      if (rest >= V::kLanes) {
        V::store(s[r][v], to);
      } else if (rest > 0) {
        V::store_first(s[r][v], to, static_cast<int>(rest));
      }
    }
  }
}

template <class A, TileShape kShape>
[[gnu::always_inline]] inline void add_totals(const A* t, TileSums<A, kShape>& s) {
  using V = Vector<A>;
#pragma GCC unroll 16
  for (int r = 0; r < kShape.rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kShape.vectors; ++v)
      s[r][v] = V::load(t + (r * kShape.vectors + v) * V::kLanes) + s[r][v];
  }
}

template <class A, TileShape kShape>
[[gnu::always_inline]] inline void store_totals(const TileSums<A, kShape>& s, A* t) {
  using V = Vector<A>;
#pragma GCC unroll 16
  for (int r = 0; r < kShape.rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kShape.vectors; ++v) V::store(s[r][v], t + (r * kShape.vectors + v) * V::kLanes);
  }
}

/// Block after block; the totals wait in t meanwhile, which is in the first-level cache.
template <class A, class W, TileShape kShape>
void tile_of(const TileArguments<A>& arguments) {
  RowPrefetcher ahead(arguments.upcoming);
  TileSums<A, kShape> s;
  for (std::int64_t first = 0;; first += kSumBlock) {
    sum_block<A, W, kShape>(arguments, first, ahead, s);
    if (first > 0 || !arguments.is_first_block) add_totals<A, kShape>(arguments.t, s);
    if (first + kSumBlock >= arguments.block_inputs) break;
    store_totals<A, kShape>(s, arguments.t);
  }
  if constexpr (kShape.end == TileEnd::sums) {
    store_totals<A, kShape>(s, arguments.t);
  } else {
    finish_tile<A, kShape>(arguments, s);
  }
}

template <class A>
using Tile = void (*)(const TileArguments<A>&);

/// Splits the rows into register tiles of nearly equal height.
template <class A, class W, TileEnd kEnd>
void tile(const TileArguments<A>& arguments) {
  constexpr int kMost = kMostTileRows;
  static constexpr auto kByRows = []<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array<std::array<Tile<A>, 2>, kMost>{
        {{&tile_of<A, W, TileShape{static_cast<int>(kIndex) + 1, 1, kEnd}>,
          &tile_of<A, W, TileShape{static_cast<int>(kIndex) + 1, 2, kEnd}>}...}};
  }
  (std::make_index_sequence<static_cast<std::size_t>(kMost)>());
  if (arguments.vectors == kPanelVectors * kRowPanels) {
    return tile_of<A, W, TileShape{1, kPanelVectors * kRowPanels, kEnd}>(arguments);
  }
  if (arguments.vectors > kPanelVectors) {
    return tile_of<A, W, TileShape{1, kPanelVectors * kRowPanels / 2, kEnd}>(arguments);
  }
  int most = arguments.vectors == 1 ? std::min(kMost, kMostNarrowTileRows) : kMost;
  if (share_sets(arguments.x_stride * static_cast<std::int64_t>(sizeof(A)))) most = std::min(most, kWays);
  const auto kernel = [&](int rows) {
    return kByRows[static_cast<std::size_t>(rows - 1)][static_cast<std::size_t>(arguments.vectors - 1)];
  };
  if (arguments.rows <= most) return kernel(arguments.rows)(arguments);
  TileArguments<A> part = arguments;
  int tiles = (arguments.rows + most - 1) / most;
  for (int row = 0; row < arguments.rows; row += part.rows, --tiles) {
    part.rows = (arguments.rows - row + tiles - 1) / tiles;
    part.x = arguments.x + row * arguments.x_stride;
    if (row > 0) {
      part.upcoming =
          advanced(arguments.upcoming, row * arguments.block_inputs * static_cast<std::int64_t>(sizeof(A)));
    }
    part.t = arguments.t + static_cast<std::int64_t>(row) * arguments.vectors * Vector<A>::kLanes;
    part.y = arguments.y + row * arguments.y_stride;
    kernel(part.rows)(part);
  }
}
