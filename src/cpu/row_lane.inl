// Few outputs, many rows: lanes are rows, so that no lane idles. x comes transposed, weights are broadcast.
// Every output of every row is one chain of fused multiply-adds; outputs × row vectors chains are in flight.

template <class A, int kOutputs>
inline void row_lane_of(const RowLaneArguments<A>& arguments) {
  using V = Vector<A>;
  using Real = typename V::Real;
  // 12 × 2 accumulators fill the registers of AVX-512; one or two outputs need four vectors to hide the latency.
  constexpr int kRowVectors = kOutputs <= 2 ? kRowLaneVectors : 2;
  for (std::int64_t row = 0; row < arguments.rows; row += kRowVectors * V::kLanes) {
    const A* x = arguments.x + row;
    const A* w = arguments.weights;
    Real s[kOutputs][kRowVectors];
#pragma GCC unroll 16
    for (int o = 0; o < kOutputs; ++o) {
#pragma GCC unroll 4
      for (int v = 0; v < kRowVectors; ++v) s[o][v] = V::set(A{0});
    }
    for (std::int64_t k = 0; k < arguments.block_inputs; ++k) {
      Real inputs[kRowVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kRowVectors; ++v) inputs[v] = V::load(x + v * V::kLanes);
      x += arguments.rows;
#pragma GCC unroll 16
      for (int o = 0; o < kOutputs; ++o) {
        const Real weight = V::set(w[o]);
#pragma GCC unroll 4
        for (int v = 0; v < kRowVectors; ++v) s[o][v] = V::fma(inputs[v], weight, s[o][v]);
      }
      w += arguments.panel_width;
    }
#pragma GCC unroll 16
    for (int o = 0; o < kOutputs; ++o) {
      A* t = arguments.t + o * arguments.rows + row;
#pragma GCC unroll 4
      for (int v = 0; v < kRowVectors; ++v, t += V::kLanes) {
        V::store(arguments.first ? s[o][v] : V::load(t) + s[o][v], t);
      }
    }
  }
}

/// More outputs than the registers hold go in parts.
template <class A>
void row_lane(const RowLaneArguments<A>& arguments) {
  using Function = void (*)(const RowLaneArguments<A>&);
  static constexpr auto kByOutputs = []<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array<Function, sizeof...(kIndex)>{&row_lane_of<A, static_cast<int>(kIndex) + 1>...};
  }(std::make_index_sequence<static_cast<std::size_t>(kMostTileRows)>());
  RowLaneArguments<A> part = arguments;
  for (int output = 0; output < arguments.outputs; output += part.outputs) {
    part.outputs = std::min(kMostTileRows, arguments.outputs - output);
    part.weights = arguments.weights + output;
    part.t = arguments.t + output * arguments.rows;
    kByOutputs[static_cast<std::size_t>(part.outputs - 1)](part);
  }
}
