// Few outputs, many rows: lanes are rows, so that no lane idles. Every output of a row is one chain of fused
// multiply-adds over inputs that were transposed in registers; weights are broadcast from memory.

template <class A>
using RowLane = void (*)(const RowLaneArguments<A>&);

template <class A>
[[gnu::always_inline]] inline void add_to_sums(typename Vector<A>::Real s, A* t, bool first) {
  Vector<A>::store(first ? s : Vector<A>::load(t) + s, t);
}

/// s[o] += the products of one input of a vector of rows.
template <class A, int kOutputs>
[[gnu::always_inline]] inline void multiply_add(typename Vector<A>::Real input, const A* weights,
                                                typename Vector<A>::Real (&s)[kOutputs]) {
#pragma GCC unroll 16
  for (int o = 0; o < kOutputs; ++o) s[o] = Vector<A>::fma(input, Vector<A>::set(weights[o]), s[o]);
}

/// kLanes rows × kLanes inputs in, one vector per input out. The block below is brought near meanwhile.
template <class A, class Storage>
[[gnu::always_inline]] inline void load_transposed(const Storage* x, std::int64_t stride,
                                                   typename Vector<A>::Real (&to)[Vector<A>::kLanes]) {
#pragma GCC unroll 16
  for (int r = 0; r < Vector<A>::kLanes; ++r) to[r] = Vector<A>::load(x + r * stride);
#pragma GCC unroll 16
  for (int r = 0; r < Vector<A>::kLanes; ++r) {
    __builtin_prefetch(x + (r + kRowLaneVectors * Vector<A>::kLanes) * stride);
  }
  Vector<A>::transpose(to);
}

/// kLanes rows of up to kHalf inputs.
template <class A, class Storage>
[[gnu::always_inline]] inline void load_transposed_halves(const Storage* x, std::int64_t stride, A* columns) {
  using V = Vector<A>;
  typename V::Real inputs[V::kHalf];
#pragma GCC unroll 8
  for (int r = 0; r < V::kHalf; ++r) inputs[r] = V::load_halves(x + r * stride, x + (r + V::kHalf) * stride);
  V::transpose_halves(inputs);
#pragma GCC unroll 8
  for (int k = 0; k < V::kHalf; ++k) V::store(inputs[k], columns + k * V::kLanes);
}

/// The last inputs, fewer than a vector: that which ends with them, of which the rest was summed before. A
/// row that has no more is read together with the begin of the next.
template <class A, class Storage, int kOutputs>
[[gnu::always_inline]] inline void add_last_inputs(const RowLaneArguments<A>& arguments, std::int64_t row,
                                                   typename Vector<A>::Real (&s)[kOutputs]) {
  using V = Vector<A>;
  const std::int64_t remainder = arguments.block_inputs % V::kLanes;
  if (remainder == 0) return;
  const bool is_whole_row = arguments.is_first_block && arguments.block_inputs < V::kLanes;
  const std::int64_t first = is_whole_row ? 0 : arguments.block_inputs - V::kLanes;
  const Storage* x = static_cast<const Storage*>(arguments.x) + row * arguments.x_stride + first;
  alignas(64) A columns[V::kLanes * V::kLanes];
  if (V::kHalf > 0 && is_whole_row && arguments.block_inputs <= V::kHalf) {
    if constexpr (V::kHalf > 0) load_transposed_halves<A>(x, arguments.x_stride, columns);
  } else {
    typename V::Real inputs[V::kLanes];
    load_transposed<A>(x, arguments.x_stride, inputs);
#pragma GCC unroll 16
    for (int k = 0; k < V::kLanes; ++k) V::store(inputs[k], columns + k * V::kLanes);
  }
  for (std::int64_t k = arguments.block_inputs - remainder; k < arguments.block_inputs; ++k) {
    multiply_add<A>(V::load(columns + (k - first) * V::kLanes), arguments.weights + k * arguments.panel_width,
                    s);
  }
}

/// kGroups vectors of rows at a time, so that with few outputs enough chains are in flight.
template <class A, class Storage, int kOutputs>
void row_lane_of(const RowLaneArguments<A>& arguments) {
  using V = Vector<A>;
  constexpr int kGroups = kOutputs <= 3 ? kRowLaneVectors : 1;
  constexpr std::int64_t kBlockLines =
      std::max<int>(1, V::kLanes * V::kLanes * static_cast<int>(sizeof(Storage)) / 64);
  RowPrefetcher ahead(arguments.upcoming);
  for (std::int64_t row = 0; row < arguments.rows; row += kGroups * V::kLanes) {
    typename V::Real s[kGroups][kOutputs];
#pragma GCC unroll 16
    for (int o = 0; o < kGroups * kOutputs; ++o) s[o / kOutputs][o % kOutputs] = V::set(A{0});
    for (std::int64_t first = 0; first + V::kLanes <= arguments.block_inputs; first += V::kLanes) {
#pragma GCC unroll 2
      for (int g = 0; g < kGroups; ++g) {
        ahead.ask(kBlockLines);
        typename V::Real inputs[V::kLanes];
        load_transposed<A>(
            static_cast<const Storage*>(arguments.x) + (row + g * V::kLanes) * arguments.x_stride + first,
            arguments.x_stride, inputs);
#pragma GCC unroll 16
        for (int k = 0; k < V::kLanes; ++k) {
          multiply_add<A>(inputs[k], arguments.weights + (first + k) * arguments.panel_width, s[g]);
        }
      }
    }
#pragma GCC unroll 2
    for (int g = 0; g < kGroups; ++g) {
      add_last_inputs<A, Storage>(arguments, row + g * V::kLanes, s[g]);
#pragma GCC unroll 16
      for (int o = 0; o < kOutputs; ++o) {
        add_to_sums<A>(s[g][o], arguments.t + o * arguments.t_stride + row + g * V::kLanes,
                       arguments.is_first_block);
      }
    }
  }
}

/// For what is too small or ragged for the above: x was transposed into memory.
template <class A, int kOutputs>
void row_lane_transposed_of(const RowLaneArguments<A>& arguments) {
  using V = Vector<A>;
  for (std::int64_t row = 0; row < arguments.rows; row += V::kLanes) {
    typename V::Real s[kOutputs];
#pragma GCC unroll 16
    for (int o = 0; o < kOutputs; ++o) s[o] = V::set(A{0});
    for (std::int64_t k = 0; k < arguments.block_inputs; ++k) {
      multiply_add<A>(V::load(static_cast<const A*>(arguments.x) + k * arguments.x_stride + row),
                      arguments.weights + k * arguments.panel_width, s);
    }
#pragma GCC unroll 16
    for (int o = 0; o < kOutputs; ++o) {
      add_to_sums<A>(s[o], arguments.t + o * arguments.t_stride + row, arguments.is_first_block);
    }
  }
}

/// Few inputs too: rows lie in memory one after another, so a vector load and a shuffle bring one input of
/// kLanes rows. At most kSumBlock inputs: one block.
template <class A, int kInputs, int kOutputs>
void row_lane_interleaved_of(const RowLaneArguments<A>& arguments) {
  using V = Vector<A>;
  for (std::int64_t row = 0; row < arguments.rows; row += V::kLanes) {
    typename V::Real inputs[kInputs], s[kOutputs];
    V::load_interleaved(static_cast<const A*>(arguments.x) + row * kInputs, inputs);
#pragma GCC unroll 16
    for (int o = 0; o < kOutputs; ++o) s[o] = V::set(A{0});
#pragma GCC unroll 4
    for (int k = 0; k < kInputs; ++k)
      multiply_add<A>(inputs[k], arguments.weights + k * arguments.panel_width, s);
#pragma GCC unroll 16
    for (int o = 0; o < kOutputs; ++o) V::store(s[o], arguments.t + o * arguments.t_stride + row);
  }
}

/// Calls the kernel for the number of outputs; more than registers hold go in parts.
template <class A>
inline void by_outputs(const std::array<RowLane<A>, kMostRowLaneOutputs>& kernels,
                       const RowLaneArguments<A>& arguments) {
  RowLaneArguments<A> part = arguments;
  for (int output = 0; output < arguments.outputs; output += part.outputs) {
    part.outputs = std::min(kMostRowLaneOutputs, arguments.outputs - output);
    part.weights = arguments.weights + output;
    part.t = arguments.t + output * arguments.t_stride;
    kernels[static_cast<std::size_t>(part.outputs - 1)](part);
    part.upcoming = {};
  }
}

using EveryOutputs = std::make_index_sequence<static_cast<std::size_t>(kMostRowLaneOutputs)>;

template <class A, class Storage>
void row_lane(const RowLaneArguments<A>& arguments) {
  static constexpr auto kKernels = []<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array<RowLane<A>, kMostRowLaneOutputs>{
        &row_lane_of<A, Storage, static_cast<int>(kIndex) + 1>...};
  }
  (EveryOutputs());
  by_outputs<A>(kKernels, arguments);
}

template <class A>
void row_lane_transposed(const RowLaneArguments<A>& arguments) {
  static constexpr auto kKernels = []<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array<RowLane<A>, kMostRowLaneOutputs>{
        &row_lane_transposed_of<A, static_cast<int>(kIndex) + 1>...};
  }
  (EveryOutputs());
  by_outputs<A>(kKernels, arguments);
}

template <class A, int kInputs>
void row_lane_interleaved(const RowLaneArguments<A>& arguments) {
  static constexpr auto kKernels = []<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array<RowLane<A>, kMostRowLaneOutputs>{
        &row_lane_interleaved_of<A, kInputs, static_cast<int>(kIndex) + 1>...};
  }
  (EveryOutputs());
  by_outputs<A>(kKernels, arguments);
}
