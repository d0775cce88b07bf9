// The register tile: kRows rows × kVectors vectors of outputs as an outer product, lanes are outputs.
// On AVX-512 12 × 2 accumulators, two vectors of weights and one broadcast fill 27 of 32 registers; one k step is
// 24 fused multiply-adds for 14 loads. On AVX2 (16 registers) the rows are at most 6.

template <class A, class W, int kRows, int kVectors>
void tile_of(const TileArguments<A>& arguments) {
  using V = Vector<A>;
  using Real = typename V::Real;
  // With each step, one cache line of x, as many lines of what comes next are asked for.
  constexpr std::int64_t kStep = 64 / sizeof(A);
  const A* x = arguments.x;
  const W* w = static_cast<const W*>(arguments.weights);
  RowPrefetcher ahead(arguments.upcoming);
  Real s[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) s[r][v] = V::set(A{0});
  }
  for (std::int64_t first = 0; first < arguments.block_inputs; first += kStep) {
    ahead.ask(kRows);
    const std::int64_t end = std::min(first + kStep, arguments.block_inputs);
    for (std::int64_t k = first; k < end; ++k) {
      Real weights[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) weights[v] = V::load(w + v * V::kLanes);
      w += kVectors * V::kLanes;
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        const Real input = V::set(x[r * kPanelStride<A> + k]);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) s[r][v] = V::fma(input, weights[v], s[r][v]);
      }
    }
  }
  A* t = arguments.t;
  if (!arguments.first) {
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) s[r][v] = V::load(t + (r * kVectors + v) * V::kLanes) + s[r][v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) V::store(s[r][v], t + (r * kVectors + v) * V::kLanes);
  }
}

/// Splits the rows into register tiles of nearly equal height.
template <class A, class W>
void tile(const TileArguments<A>& arguments) {
  constexpr int kMost = kMostTileRows;
  using Function = void (*)(const TileArguments<A>&);
  static constexpr auto kByRows = []<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array<std::array<Function, 2>, kMost>{
        {{&tile_of<A, W, static_cast<int>(kIndex) + 1, 1>, &tile_of<A, W, static_cast<int>(kIndex) + 1, 2>}...}};
  }(std::make_index_sequence<static_cast<std::size_t>(kMost)>());
  TileArguments<A> part = arguments;
  int tiles = (arguments.rows + kMost - 1) / kMost;
  for (int row = 0; row < arguments.rows; row += part.rows, --tiles) {
    part.rows = (arguments.rows - row + tiles - 1) / tiles;
    part.x = arguments.x + row * kPanelStride<A>;
    part.upcoming = advanced(arguments.upcoming, row * arguments.block_inputs * static_cast<std::int64_t>(sizeof(A)));
    part.t = arguments.t + static_cast<std::int64_t>(row) * arguments.vectors * Vector<A>::kLanes;
    kByRows[static_cast<std::size_t>(part.rows - 1)][static_cast<std::size_t>(arguments.vectors - 1)](part);
  }
}
