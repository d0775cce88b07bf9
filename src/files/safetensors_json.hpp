// The JSON text of a safetensors header, event by event: nothing but the format's own structure gets through,
// and a key that appears twice is seen, which a parser into maps would hide.
#pragma once

#include <string_view>

#include "src/files/safetensors.hpp"

namespace perceptron::files {

/// Tensors in the order of the text; offsets and shapes are not yet checked against each other. `name` stands
/// in front of every message. Throws FormatError.
SafetensorsHeader parse_safetensors_json(std::string_view name, std::string_view text);

}  // namespace perceptron::files
