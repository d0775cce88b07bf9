// libFuzzer target: headers of safetensors files. What is accepted tiles the data, and written again it reads
// the same; the names are then sorted into layers, which may only refuse.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "perceptron/error.hpp"
#include "src/files/model_layers.hpp"
#include "src/files/safetensors.hpp"

namespace {

using perceptron::files::SafetensorsHeader;
using perceptron::files::TensorEntry;

constexpr std::size_t kLengthBytes = perceptron::files::kSafetensorsLengthBytes;

SafetensorsHeader read(std::string_view bytes, std::uint64_t file_bytes) {
  const auto start = bytes.substr(0, kLengthBytes);
  const std::uint64_t length =
      perceptron::files::read_safetensors_length("fuzz", std::as_bytes(std::span(start)), file_bytes);
  return perceptron::files::read_safetensors_header("fuzz", bytes.substr(kLengthBytes, length), file_bytes);
}

void require(bool holds) {
  if (!holds) std::abort();
}

void sort_into_layers(const SafetensorsHeader& header) {
  try {
    const auto layers = perceptron::files::layers_of("fuzz", header);
    require(!layers.empty());
    for (const auto& layer : layers) require(layer.weight != nullptr);
  } catch (const perceptron::FormatError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SafetensorsHeader header;
  try {
    header = read({reinterpret_cast<const char*>(data), size}, size);
  } catch (const perceptron::FormatError&) {
    return 0;
  }
  std::uint64_t end = 0;
  for (const TensorEntry& tensor : header.tensors) {
    require(tensor.begin == end && tensor.end >= tensor.begin);
    end = tensor.end;
  }
  const std::string written = perceptron::files::safetensors_header_bytes(header);
  require(written.size() % kLengthBytes == 0);
  const SafetensorsHeader again = read(written, written.size() + end);
  require(again.tensors == header.tensors && again.metadata == header.metadata);
  sort_into_layers(header);
  return 0;
}
