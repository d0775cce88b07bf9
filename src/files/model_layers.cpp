// From tensor names to layers; see model_layers.hpp.
#include "src/files/model_layers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "src/files/refusal.hpp"

namespace perceptron::files {

namespace {

constexpr std::string_view kOwnPrefix = "layers.";

/// PREFIX N .weight or PREFIX N .bias; the prefix is empty or ends with a dot.
struct LayerName {
  std::string_view prefix;
  std::size_t number = 0;
  bool is_bias = false;
};

std::optional<LayerName> parse_name(std::string_view name) {
  const bool is_bias = name.ends_with(".bias");
  if (!is_bias && !name.ends_with(".weight")) return std::nullopt;
  const std::string_view stem = name.substr(0, name.rfind('.'));
  const std::size_t dot = stem.rfind('.');
  const std::string_view digits = stem.substr(dot == stem.npos ? 0 : dot + 1);
  constexpr std::size_t kMostDigits = 9;
  if (digits.size() > kMostDigits || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  LayerName result{.prefix = stem.substr(0, stem.size() - digits.size()), .is_bias = is_bias};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result.number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return result;
}

/// Throws where tensors are left that belong to no layer; a misread model would give wrong answers in
/// silence.
void refuse_unknown(std::string_view name, const std::vector<std::string_view>& unknown,
                    std::string_view prefix) {
  if (unknown.empty()) return;
  constexpr std::size_t kMostNamed = 5;
  const auto last = unknown.begin() + static_cast<std::ptrdiff_t>(std::min(unknown.size(), kMostNamed));
  refuse_content(name, fmt::format("{} {} to no layer: {}{}; expected {}N.weight and {}N.bias with "
                                   "N = 0, 1, 2, … and nothing else",
                                   unknown.size(), unknown.size() == 1 ? "tensor belongs" : "tensors belong",
                                   fmt::join(unknown.begin(), last, ", "),
                                   unknown.size() > kMostNamed ? ", …" : "", prefix, prefix));
}

}  // namespace

bool is_own_format(const SafetensorsHeader& header) {
  const auto format = header.metadata.find("format");
  return format != header.metadata.end() && format->second == "perceptron";
}

std::vector<LayerTensors> layers_of(std::string_view name, const SafetensorsHeader& header) {
  std::optional<std::string_view> prefix;
  if (is_own_format(header)) prefix = kOwnPrefix;
  std::map<std::size_t, LayerTensors> numbered;
  std::vector<std::string_view> unknown;
  for (const TensorEntry& tensor : header.tensors) {
    const std::optional<LayerName> layer = parse_name(tensor.name);
    if (layer && !prefix) prefix = layer->prefix;
    if (layer && layer->prefix == prefix) {
      (layer->is_bias ? numbered[layer->number].bias : numbered[layer->number].weight) = &tensor;
    } else {
      unknown.push_back(tensor.name);
    }
  }
  const std::string_view common = prefix.value_or(kOwnPrefix);
  refuse_unknown(name, unknown, common);
  if (numbered.empty()) refuse_content(name, fmt::format("no tensors; expected {}0.weight", common));
  std::vector<LayerTensors> layers;
  for (const auto& [number, layer] : numbered) {
    const std::size_t expected = is_own_format(header) ? layers.size() : number;
    if (number != expected || layer.weight == nullptr) {
      refuse_content(name, fmt::format("tensor {}{}.weight is missing", common, expected));
    }
    layers.push_back(layer);
  }
  return layers;
}

}  // namespace perceptron::files
