// Model::load and Model::save: a safetensors file whose tensors are layers and whose metadata names
// activations.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "perceptron/error.hpp"
#include "perceptron/model.hpp"
#include "src/engine/model_builder.hpp"
#include "src/files/byte_sink.hpp"
#include "src/files/byte_source.hpp"
#include "src/files/model_layers.hpp"
#include "src/files/refusal.hpp"
#include "src/files/safetensors.hpp"

namespace perceptron {

namespace {

using files::TensorEntry;

constexpr std::string_view kActivationsHint = "write --activations with one name per layer, for example";

/// "F32" of f32.
std::string tensor_type(DType dtype) {
  std::string name(to_string(dtype));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return name;
}

/// A model file that is open: its header, and its tensors on demand.
class TensorFile {
 public:
  explicit TensorFile(const std::filesystem::path& path)
      : source_(path, "a safetensors file"), name_(path.string()) {
    std::array<std::byte, files::kSafetensorsLengthBytes> start;
    const auto held = static_cast<std::size_t>(std::min<std::uint64_t>(start.size(), source_.size()));
    const std::span<std::byte> begin(start.data(), held);
    source_.read(0, begin);
    std::string text(files::read_safetensors_length(name_, begin, source_.size()), '\0');
    source_.read(start.size(), std::as_writable_bytes(std::span(text)));
    header_ = files::read_safetensors_header(name_, text, source_.size());
    data_offset_ = start.size() + text.size();
  }

  const std::string& name() const { return name_; }
  const files::SafetensorsHeader& header() const { return header_; }

  /// [outputs, inputs] or [groups, outputs, inputs].
  Matrix read_weight(const TensorEntry& tensor) const {
    const std::vector<std::int64_t>& shape = tensor.shape;
    if (shape.size() == 1) {
      refuse(tensor,
             fmt::format("a weight of shape {}; a layer with one output has [1,{}], and a normalisation "
                         "layer must be folded into the layer before it",
                         files::bracketed(shape), shape[0]));
    }
    if (shape.size() != 2 && shape.size() != 3) {
      refuse(tensor, fmt::format("a weight of shape {}; expected [outputs,inputs] or [groups,outputs,inputs]",
                                 files::bracketed(shape)));
    }
    if (std::find(shape.begin(), shape.end(), 0) != shape.end()) {
      refuse(tensor, fmt::format("a weight of shape {}; no dimension may be 0", files::bracketed(shape)));
    }
    const std::size_t last = shape.size() - 1;
    return read(tensor, Matrix(dtype_of(tensor), shape[last - 1], shape[last], last == 2 ? shape[0] : 1));
  }

  /// [outputs], with a leading axis of groups where the weight has one.
  Matrix read_bias(const TensorEntry& tensor, const TensorEntry& weight) const {
    const std::vector<std::int64_t> expected(weight.shape.begin(), weight.shape.end() - 1);
    if (tensor.shape != expected) {
      refuse(tensor, fmt::format("a bias of shape {}; expected {}, for the weight's shape is {}",
                                 files::bracketed(tensor.shape), files::bracketed(expected),
                                 files::bracketed(weight.shape)));
    }
    return read(tensor, Matrix(dtype_of(tensor), 1, expected.back(), expected.size() == 2 ? expected[0] : 1));
  }

 private:
  [[noreturn]] void refuse(const TensorEntry& tensor, std::string_view problem) const {
    files::refuse_content(name_, fmt::format("tensor {}: {}", tensor.name, problem));
  }

  DType dtype_of(const TensorEntry& tensor) const {
    for (std::size_t i = 0; i < kDTypes.size(); ++i) {
      if (tensor_type(static_cast<DType>(i)) == tensor.dtype) return static_cast<DType>(i);
    }
    refuse(tensor, fmt::format("dtype {}; weights and biases may be F64, F32, F16 or BF16", tensor.dtype));
  }

  Matrix read(const TensorEntry& tensor, Matrix matrix) const {
    source_.read(data_offset_ + tensor.begin, {static_cast<std::byte*>(matrix.data()), matrix.size_bytes()});
    return matrix;
  }

  files::ByteSource source_;
  std::string name_;
  files::SafetensorsHeader header_;
  std::uint64_t data_offset_ = 0;
};

/// "relu,relu,softmax" for three layers.
std::string example_activations(std::size_t layers) {
  std::string example;
  for (std::size_t i = 1; i < std::min<std::size_t>(layers, 4); ++i) example += "relu,";
  return example + (layers > 4 ? "…," : "") + "identity";
}

std::vector<Activation> stored_activations(const TensorFile& file, std::size_t layers) {
  const auto& metadata = file.header().metadata;
  const auto text = metadata.find("activations");
  if (text == metadata.end()) {
    files::refuse_content(file.name(), fmt::format("layers: {}, activations in __metadata__: none; {} {}",
                                                   layers, kActivationsHint, example_activations(layers)));
  }
  if (!files::is_own_format(file.header())) {
    files::refuse_content(
        file.name(), fmt::format("__metadata__ has activations, but not \"format\": \"perceptron\"; {} {}",
                                 kActivationsHint, example_activations(layers)));
  }
  std::vector<Activation> activations;
  try {
    activations = parse_activations(text->second);
  } catch (const InvalidArgument& error) {
    files::refuse_content(file.name(), fmt::format("activations in __metadata__: {}", error.what()));
  }
  if (activations.size() == layers) return activations;
  files::refuse_content(file.name(), fmt::format("layers: {}, activations in __metadata__: {}: {}", layers,
                                                 activations.size(), text->second));
}

std::vector<Activation> activations_for(const TensorFile& file, std::size_t layers,
                                        std::span<const Activation> given) {
  if (given.empty()) return stored_activations(file, layers);
  if (given.size() == layers) return {given.begin(), given.end()};
  throw InvalidArgument(fmt::format("{}: layers: {}, activations given: {}; {} {}", file.name(), layers,
                                    given.size(), kActivationsHint, example_activations(layers)));
}

/// What save writes, in the order in which it is written.
struct SavedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  ConstMatrixView view;

  std::uint64_t bytes() const {
    return static_cast<std::uint64_t>(view.groups * view.rows * view.columns) * size_of(view.dtype);
  }
};

std::vector<SavedTensor> saved_tensors(const Model& model) {
  std::vector<SavedTensor> tensors;
  for (std::size_t i = 0; i < model.layer_count(); ++i) {
    const Layer layer = model.layer(i);
    std::vector<std::int64_t> shape{layer.outputs(), layer.inputs()};
    if (layer.groups() != 1) shape.insert(shape.begin(), layer.groups());
    tensors.push_back({fmt::format("layers.{}.weight", i), shape, layer.weight});
    shape.pop_back();
    if (layer.has_bias()) tensors.push_back({fmt::format("layers.{}.bias", i), shape, layer.bias});
  }
  // Wide elements first, so that every tensor starts at a multiple of its element's size.
  std::stable_sort(tensors.begin(), tensors.end(), [](const SavedTensor& a, const SavedTensor& b) {
    return size_of(a.view.dtype) > size_of(b.view.dtype);
  });
  return tensors;
}

files::SafetensorsHeader header_of(const Model& model, const std::vector<SavedTensor>& tensors) {
  files::SafetensorsHeader header;
  std::string& activations = header.metadata["activations"];
  header.metadata["format"] = "perceptron";
  for (std::size_t i = 0; i < model.layer_count(); ++i) {
    activations += (i == 0 ? "" : ",") + to_string(model.layer(i).activation);
  }
  std::uint64_t begin = 0;
  for (const SavedTensor& tensor : tensors) {
    header.tensors.push_back(
        {tensor.name, tensor_type(tensor.view.dtype), tensor.shape, begin, begin + tensor.bytes()});
    begin += tensor.bytes();
  }
  return header;
}

}  // namespace

Model Model::load(const std::filesystem::path& path, std::span<const Activation> activations) {
  const TensorFile file(path);
  const std::vector<files::LayerTensors> tensors = files::layers_of(file.name(), file.header());
  const std::vector<Activation> per_layer = activations_for(file, tensors.size(), activations);
  std::vector<OwnedLayer> layers;
  for (const files::LayerTensors& tensor : tensors) {
    OwnedLayer layer{file.read_weight(*tensor.weight), {}, per_layer[layers.size()]};
    if (tensor.bias != nullptr) layer.bias = file.read_bias(*tensor.bias, *tensor.weight);
    layers.push_back(std::move(layer));
  }
  try {
    return ModelBuilder::build(std::move(layers));
  } catch (const InvalidArgument& error) {
    files::refuse_content(file.name(), error.what());
  }
}

void Model::save(const std::filesystem::path& path) const {
  const std::vector<SavedTensor> tensors = saved_tensors(*this);
  const files::SafetensorsHeader header = header_of(*this, tensors);
  const std::string start = files::safetensors_header_bytes(header);
  files::ByteSink sink(path, start.size() + header.tensors.back().end);
  sink.write(0, std::as_bytes(std::span(start)));
  std::uint64_t offset = start.size();
  for (const SavedTensor& tensor : tensors) {
    // A model's own tensors are contiguous.
    sink.write(offset, {static_cast<const std::byte*>(tensor.view.data), tensor.bytes()});
    offset += tensor.bytes();
  }
  sink.finish();
}

}  // namespace perceptron
