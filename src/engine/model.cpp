#include "perceptron/model.hpp"

#include <fmt/format.h>

#include <utility>

#include "perceptron/error.hpp"
#include "src/engine/checks.hpp"
#include "src/engine/model_builder.hpp"

namespace perceptron {

struct Model::State {
  std::vector<OwnedLayer> layers;
};

Layer OwnedLayer::view() const {
  Layer layer{weight.view(), {}, activation};
  if (!bias.empty()) layer.bias = bias.view();
  return layer;
}

Model ModelBuilder::build(std::vector<OwnedLayer> layers) {
  std::vector<Layer> views;
  views.reserve(layers.size());
  for (const OwnedLayer& layer : layers) views.push_back(layer.view());
  engine::check_stack(views);
  return Model(std::make_shared<const Model::State>(Model::State{std::move(layers)}));
}

Model::Model(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Model::Model(std::initializer_list<Layer> layers) : Model(std::span(layers.begin(), layers.size())) {}

Model::Model(std::span<const Layer> layers) {
  engine::check_stack({layers.begin(), layers.end()});
  State state;
  for (const Layer& layer : layers) {
    OwnedLayer owned{copy(layer.weight), {}, layer.activation};
    if (layer.has_bias()) owned.bias = copy(layer.bias);
    state.layers.push_back(std::move(owned));
  }
  state_ = std::make_shared<const State>(std::move(state));
}

std::size_t Model::layer_count() const { return state_->layers.size(); }
Layer Model::layer(std::size_t index) const {
  if (index < layer_count()) return state_->layers[index].view();
  throw InvalidArgument(
      fmt::format("layer {} of a model that has {}: they count from 0", index, layer_count()));
}

std::vector<Layer> Model::layers() const {
  std::vector<Layer> layers;
  for (std::size_t index = 0; index < layer_count(); ++index) layers.push_back(layer(index));
  return layers;
}
std::int64_t Model::inputs() const { return state_->layers.front().weight.columns(); }
std::int64_t Model::outputs() const { return state_->layers.back().weight.rows(); }
std::int64_t Model::groups() const { return state_->layers.front().weight.groups(); }
DType Model::dtype() const { return state_->layers.front().weight.dtype(); }

std::int64_t Model::parameter_count() const {
  std::int64_t count = 0;
  for (const OwnedLayer& layer : state_->layers) {
    count += layer.weight.rows() * layer.weight.columns() * layer.weight.groups();
    if (!layer.bias.empty()) count += layer.bias.columns() * layer.bias.groups();
  }
  return count;
}

}  // namespace perceptron
