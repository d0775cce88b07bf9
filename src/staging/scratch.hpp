// What the layers of a stack hand on inside the device, for a chunk of rows, and the stack's launches over
// it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/engine/device.hpp"
#include "src/staging/accelerator.hpp"

namespace perceptron::staging {

/// Bytes per row, all groups together.
struct ScratchSizes {
  explicit ScratchSizes(const std::vector<Layer>& layers);

  std::size_t row_bytes() const { return hidden[0] + hidden[1] + sums; }

  /// Outputs of the layers 0, 2, … and of the layers 1, 3, … without the last layer.
  std::array<std::size_t, 2> hidden{};
  /// Sums of softmax layers, of their accumulator's type.
  std::size_t sums = 0;
};

class Scratch {
 public:
  Scratch() = default;
  Scratch(Accelerator& accelerator, const ScratchSizes& sizes, std::int64_t rows, Queue queue = {});

  /// All layers over x, `rows` rows at a time where something lies between. Device memory; returns at once.
  void enqueue(Queue queue, const engine::ReadyLayers& layers, const ConstMatrixView& x,
               const MatrixView& y) const;

 private:
  void enqueue_chunk(Queue queue, const engine::ReadyLayers& layers, const ConstMatrixView& x,
                     const MatrixView& y) const;

  std::int64_t rows_ = 0;  ///< 0: nothing lies between.
  DeviceBuffer hidden_[2], sums_;
};

}  // namespace perceptron::staging
