// The kernels of one target and the table of them. Included inside the target's namespace and region, after
// the vocabulary (Vector) and the formulas.

#include "src/cpu/prefetch.inl"

#include "src/cpu/tile.inl"

#include "src/cpu/row_lane.inl"

#include "src/cpu/finish.inl"

#include "src/cpu/copy.inl"

template <class A, ActivationKind kKind>
constexpr void (*finish_of())(const FinishArguments<A>&) {
  if constexpr (kKind == ActivationKind::softmax) {
    return nullptr;
  } else {
    return &finish<A, kKind>;
  }
}

template <class A, class Storage>
constexpr void add_storage(Kernels<A>& table) {
  constexpr auto kIndex = index_of(kDTypeOf<Storage>);
  table.narrow[kIndex] = &narrow<A, Storage>;
  table.narrow_transposed[kIndex] = &narrow_transposed<A, Storage>;
  if constexpr (accumulator_of(kDTypeOf<Storage>) == kDTypeOf<A>) {
    table.tile[static_cast<std::size_t>(TileEnd::sums)][kIndex] = &tile<A, Storage, TileEnd::sums>;
    table.tile[static_cast<std::size_t>(TileEnd::identity)][kIndex] = &tile<A, Storage, TileEnd::identity>;
    table.tile[static_cast<std::size_t>(TileEnd::relu)][kIndex] = &tile<A, Storage, TileEnd::relu>;
    table.row_lane[kIndex] = &row_lane<A, Storage>;
    table.widen[kIndex] = &widen<A, Storage>;
    table.widen_transposed[kIndex] = &widen_transposed<A, Storage>;
  }
}

template <class A>
constexpr Kernels<A> make_kernels() {
  Kernels<A> table{};
  table.lanes = Vector<A>::kLanes;
  table.row_lane_transposed = &row_lane_transposed<A>;
  table.row_lane_interleaved = {&row_lane_interleaved<A, 1>, &row_lane_interleaved<A, 2>,
                                &row_lane_interleaved<A, 3>, &row_lane_interleaved<A, 4>};
  table.row_softmax = &row_softmax<A>;
  [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    table.finish = {finish_of<A, static_cast<ActivationKind>(kIndex)>()...};
  }
  (std::make_index_sequence<kActivations.size()>());
  for (std::size_t dtype = 0; dtype < kDTypes.size(); ++dtype) {
    visit_dtype(static_cast<DType>(dtype), [&]<class Storage>(Storage) { add_storage<A, Storage>(table); });
  }
  return table;
}

constexpr KernelTable kTable{kTargetName, make_kernels<float>(), make_kernels<double>()};
