#include "src/cpu/packed_layer.hpp"

#include <algorithm>

namespace perceptron::cpu {

std::int64_t PackedLayer::row_lane_outputs(int lanes) {
  return std::min<std::int64_t>(kRowLaneOutputs, std::int64_t{kPanelVectors} * lanes);
}

PackedLayer::PackedLayer(const Layer& layer, int lanes)
    : activation_(layer.activation),
      storage_(layer.weight.dtype),
      lanes_(lanes),
      shared_(layer.weight.group_stride == 0 && (!layer.has_bias() || layer.bias.group_stride == 0)),
      groups_(layer.groups()),
      inputs_(layer.inputs()),
      outputs_(layer.outputs()),
      panels_((outputs_ + full_panel_width() - 1) / full_panel_width()) {
  const DType accumulator = accumulator_of(storage_);
  const std::int64_t stored_groups = shared_ ? 1 : groups_;
  const std::int64_t padded = (panels() - 1) * full_panel_width() + panel_width(panels() - 1);
  weights_ = Matrix(serves_row_lane() ? accumulator : storage_, 1, padded * inputs_, stored_groups);
  bias_ = Matrix(accumulator, 1, padded, stored_groups);
  const auto weight_bytes = static_cast<std::int64_t>(size_of(weights_.dtype()));
  panel_bytes_ = full_panel_width() * inputs_ * weight_bytes;
  group_bytes_ = padded * inputs_ * weight_bytes;
  bias_bytes_ = padded * static_cast<std::int64_t>(size_of(accumulator));
  visit_dtype(weights_.dtype(), [&]<class Packed>(Packed) { pack<Packed>(layer); });
}

template <class Packed>
void PackedLayer::pack(const Layer& layer) {
  const auto copy_panel = [&]<class Stored>(Stored, std::int64_t group, std::int64_t index) {
    auto* to = static_cast<Packed*>(const_cast<void*>(panel(group, index)));
    const std::int64_t width = panel_width(index);
    const std::int64_t first = index * full_panel_width();
    const std::int64_t count = std::min(width, outputs_ - first);
    for (std::int64_t o = 0; o < count; ++o) {
      const auto* from = static_cast<const Stored*>(layer.weight.element(group, first + o));
      for (std::int64_t k = 0; k < inputs_; ++k) to[k * width + o] = static_cast<Packed>(from[k]);
    }
  };
  for (std::int64_t group = 0; group < (shared_ ? 1 : groups_); ++group) {
    visit_dtype(storage_, [&]<class Stored>(Stored stored) {
      if constexpr (std::same_as<Stored, Packed> || accumulator_of(kDTypeOf<Stored>) == kDTypeOf<Packed>) {
        for (std::int64_t index = 0; index < panels(); ++index) copy_panel(stored, group, index);
      }
    });
    if (!layer.has_bias()) continue;
    // A stored −0 counts as +0, as the contract has it.
    const MatrixView packed_bias = bias_.view();
    visit_dtype(bias_.dtype(), [&]<class A>(A) {
      visit_dtype(layer.bias.dtype, [&]<class Stored>(Stored) {
        const auto* from = static_cast<const Stored*>(layer.bias.element(group, 0));
        std::transform(
            from, from + outputs_, static_cast<A*>(packed_bias.element(group, 0)),
            [](Stored value) { return static_cast<A>(value) == 0 ? A{0} : static_cast<A>(value); });
      });
    });
  }
}

}  // namespace perceptron::cpu
