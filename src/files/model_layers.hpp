// Which tensors of a safetensors file are which layer, by their names alone.
#pragma once

#include <string_view>
#include <vector>

#include "src/files/safetensors.hpp"

namespace perceptron::files {

/// The tensors of one layer; they live as long as the header that they come from.
struct LayerTensors {
  const TensorEntry* weight = nullptr;
  const TensorEntry* bias = nullptr;  ///< Null where the layer has none.
};

/// True where the file says that this library wrote it.
bool is_own_format(const SafetensorsHeader& header);

/// The layers in ascending order of their numbers N. Files of our own format have layers.N.weight and
/// layers.N.bias with N = 0, 1, 2, … without gaps. All others may have any common prefix and gaps, as PyTorch
/// writes a Sequential with activations in between. Throws FormatError that names missing and unknown
/// tensors.
std::vector<LayerTensors> layers_of(std::string_view name, const SafetensorsHeader& header);

}  // namespace perceptron::files
