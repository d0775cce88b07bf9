// A layer's weights as the CPU kernels read them: panels of outputs, padded with zeros, per group.
#pragma once

#include <cstddef>
#include <cstdint>

#include "perceptron/layer.hpp"
#include "perceptron/matrix.hpp"
#include "src/cpu/kernel_table.hpp"
#include "src/engine/device.hpp"

namespace perceptron::cpu {

/// Panel p holds outputs p·wide … of each input, wide = kPanelVectors · lanes; the last panel is one vector
/// wide where that holds the rest. Layers that the row_lane kernel may serve are widened to the accumulator's
/// type, since that kernel broadcasts single weights; all others keep the storage type, which halves what f16
/// streams.
class PackedLayer : public engine::ReadyLayer {
 public:
  PackedLayer(const Layer& layer, int lanes);

  std::size_t size_bytes() const override { return weights_.size_bytes() + bias_.size_bytes(); }

  std::int64_t groups() const { return groups_; }
  std::int64_t inputs() const { return inputs_; }
  std::int64_t outputs() const { return outputs_; }
  DType storage() const { return storage_; }
  DType packed_dtype() const { return weights_.dtype(); }
  const Activation& activation() const { return activation_; }
  bool serves_row_lane() const { return outputs_ <= row_lane_outputs(lanes_); }

  std::int64_t full_panel_width() const { return std::int64_t{kPanelVectors} * lanes_; }
  std::int64_t panels() const { return panels_; }
  /// Outputs of that panel, padding included: wide, or lanes in a narrow last panel.
  std::int64_t panel_width(std::int64_t panel) const { return std::int64_t{panel_vectors(panel)} * lanes_; }
  /// The same in vectors.
  int panel_vectors(std::int64_t panel) const {
    return outputs_ - panel * full_panel_width() > lanes_ ? kPanelVectors : 1;
  }
  const void* panel(std::int64_t group, std::int64_t panel) const {
    return static_cast<const std::byte*>(weights_.data()) + stored(group) * group_bytes_ +
           panel * panel_bytes_;
  }
  /// Of the accumulator's type, zeros where the layer has none, padded as the panels are.
  const void* bias(std::int64_t group) const {
    return static_cast<const std::byte*>(bias_.data()) + stored(group) * bias_bytes_;
  }

  /// The largest number of outputs that one panel, and so the row_lane kernel, holds.
  static std::int64_t row_lane_outputs(int lanes);

 private:
  template <class Packed>
  void pack(const Layer& layer);
  std::int64_t stored(std::int64_t group) const { return shared_ ? 0 : group; }

  Activation activation_;
  DType storage_;
  int lanes_;
  bool shared_;
  std::int64_t groups_;
  std::int64_t inputs_;
  std::int64_t outputs_;
  std::int64_t panels_;
  Matrix weights_;
  Matrix bias_;
  std::int64_t panel_bytes_;  ///< From one to the next; of a group all of them.
  std::int64_t group_bytes_;
  std::int64_t bias_bytes_;
};

}  // namespace perceptron::cpu
