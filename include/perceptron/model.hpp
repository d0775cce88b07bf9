// A stack of layers that owns its weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "perceptron/export.hpp"
#include "perceptron/layer.hpp"

namespace perceptron {

/// Immutable after construction; copies share the weights; any number of threads may read it.
class PERCEPTRON_API Model {
 public:
  /// Copies the layers. Throws InvalidArgument, naming the layer and both shapes, where a view is null or has
  /// stride < columns, inputs or outputs are 0, a layer's inputs differ from the outputs before it, dtypes or
  /// groups differ between layers, or a bias does not fit.
  explicit Model(std::span<const Layer> layers);
  Model(std::initializer_list<Layer> layers);

  /// Reads a safetensors file: tensors layers.N.weight [outputs, inputs] or [groups, outputs, inputs] and
  /// optional layers.N.bias, with "activations" in its metadata. A PyTorch Sequential state_dict (0.weight,
  /// 0.bias, 2.weight, …) is read too when `activations`, one per layer, is given; it overrides the metadata.
  /// Throws FileError where the file cannot be read, FormatError with path and tensor name or byte offset
  /// where its content is wrong, InvalidArgument on activations that do not fit.
  static Model load(const std::filesystem::path& path, std::span<const Activation> activations = {});

  /// Writes the same format beside `path` and renames it, so that `path` is never half-written.
  void save(const std::filesystem::path& path) const;

  std::size_t layer_count() const;
  /// Views of the model's own memory, valid as long as any copy of the model. Throws InvalidArgument where
  /// there is no such layer.
  Layer layer(std::size_t index) const;
  /// All of them, the first one first.
  std::vector<Layer> layers() const;
  std::int64_t inputs() const;
  std::int64_t outputs() const;
  std::int64_t groups() const;
  DType dtype() const;
  /// Weights and biases, counted in elements.
  std::int64_t parameter_count() const;

 private:
  friend class ModelBuilder;
  struct State;
  explicit Model(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace perceptron
