// `perceptron inspect`: what a model file holds, layer by layer, without running it.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "perceptron/model.hpp"
#include "src/cli/counted.hpp"
#include "src/cli/exit_code.hpp"
#include "src/cli/verbs.hpp"

namespace perceptron::cli {
namespace {

using Json = nlohmann::ordered_json;

struct InspectOptions {
  std::filesystem::path model;
  std::optional<std::string> activations;
  bool is_json = false;
};

constexpr const char* kInspectExamples = R"(Examples:
  perceptron inspect model.safetensors
  perceptron inspect model.safetensors --json
  perceptron inspect state_dict.safetensors --activations relu,relu,softmax)";

struct NonFinite {
  std::int64_t nan = 0;
  std::int64_t infinite = 0;

  std::int64_t count() const { return nan + infinite; }
};

NonFinite count_non_finite(const ConstMatrixView& view) {
  NonFinite found;
  visit_dtype(view.dtype, [&]<class T>(T) {
    for (std::int64_t index = 0; index < view.groups * view.rows; ++index) {
      const auto* row = static_cast<const T*>(view.element(index / view.rows, index % view.rows));
      for (std::int64_t column = 0; column < view.columns; ++column) {
        const auto value = static_cast<double>(row[column]);
        if (std::isnan(value)) ++found.nan;
        if (std::isinf(value)) ++found.infinite;
      }
    }
  });
  return found;
}

std::int64_t elements(const ConstMatrixView& view) { return view.groups * view.rows * view.columns; }

struct LayerFacts {
  Layer layer;
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  NonFinite weight;
  NonFinite bias;
};

LayerFacts examine(const Layer& layer) {
  LayerFacts facts{layer, elements(layer.weight), 0, count_non_finite(layer.weight), {}};
  facts.bytes = facts.parameters * static_cast<std::int64_t>(size_of(layer.weight.dtype));
  if (!layer.has_bias()) return facts;
  facts.parameters += elements(layer.bias);
  facts.bytes += elements(layer.bias) * static_cast<std::int64_t>(size_of(layer.bias.dtype));
  facts.bias = count_non_finite(layer.bias);
  return facts;
}

std::string shape_text(const ConstMatrixView& weight) {
  return weight.groups > 1 ? fmt::format("[{}, {}, {}]", weight.groups, weight.rows, weight.columns)
                           : fmt::format("[{}, {}]", weight.rows, weight.columns);
}

std::string non_finite_text(const LayerFacts& facts) {
  const NonFinite total{facts.weight.nan + facts.bias.nan, facts.weight.infinite + facts.bias.infinite};
  if (total.count() == 0) return "none";
  return fmt::format("{} ({} NaN, {} infinite; {} of them in the bias)", total.count(), total.nan,
                     total.infinite, facts.bias.count());
}

constexpr char kRow[] = "{:<6} {:<20} {:<6} {:<6} {:<20} {:>12} {:>14}  {}\n";

void print_text(const InspectOptions& options, const Model& model, const std::vector<LayerFacts>& layers) {
  std::int64_t bytes = 0;
  for (const LayerFacts& facts : layers) bytes += facts.bytes;
  const std::string groups = model.groups() > 1 ? fmt::format("{} groups, ", model.groups()) : "";
  fmt::print("{}: {}, {}{}, {}, {}, {}, {}\n\n", options.model.string(),
             counted(static_cast<std::int64_t>(layers.size()), "layer"), groups,
             counted(model.inputs(), "input"), counted(model.outputs(), "output"), to_string(model.dtype()),
             counted(model.parameter_count(), "parameter"), counted(bytes, "byte"));
  fmt::print(kRow, "layer", "weight", "dtype", "bias", "activation", "parameters", "bytes", "non-finite");
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const LayerFacts& facts = layers[index];
    const Layer& layer = facts.layer;
    fmt::print(kRow, index, shape_text(layer.weight), to_string(layer.weight.dtype),
               layer.has_bias() ? to_string(layer.bias.dtype) : "none", to_string(layer.activation),
               facts.parameters, facts.bytes, non_finite_text(facts));
  }
}

Json to_value(const NonFinite& found) { return {{"nan", found.nan}, {"infinite", found.infinite}}; }

Json to_value(const ConstMatrixView& view, const NonFinite& non_finite, bool is_bias) {
  Json shape = Json::array();
  if (view.groups > 1) shape.push_back(view.groups);
  if (!is_bias) shape.push_back(view.rows);
  shape.push_back(view.columns);
  return {{"shape", shape}, {"dtype", to_string(view.dtype)}, {"non_finite", to_value(non_finite)}};
}

void print_json(const InspectOptions& options, const Model& model, const std::vector<LayerFacts>& layers) {
  Json list = Json::array();
  std::int64_t bytes = 0, non_finite = 0;
  for (const LayerFacts& facts : layers) {
    const Layer& layer = facts.layer;
    bytes += facts.bytes;
    non_finite += facts.weight.count() + facts.bias.count();
    list.push_back({{"weight", to_value(layer.weight, facts.weight, false)},
                    {"bias", layer.has_bias() ? to_value(layer.bias, facts.bias, true) : Json(nullptr)},
                    {"activation", to_string(layer.activation)},
                    {"parameters", facts.parameters},
                    {"bytes", facts.bytes}});
  }
  const Json json = {{"model", options.model.string()},
                     {"groups", model.groups()},
                     {"inputs", model.inputs()},
                     {"outputs", model.outputs()},
                     {"dtype", to_string(model.dtype())},
                     {"parameters", model.parameter_count()},
                     {"bytes", bytes},
                     {"non_finite", non_finite},
                     {"layers", list}};
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

int inspect(const InspectOptions& options) {
  const Model model = options.activations
                          ? Model::load(options.model, parse_activations(*options.activations))
                          : Model::load(options.model);
  std::vector<LayerFacts> layers;
  for (std::size_t index = 0; index < model.layer_count(); ++index)
    layers.push_back(examine(model.layer(index)));
  if (options.is_json) {
    print_json(options, model, layers);
  } else {
    print_text(options, model, layers);
  }
  return kDone;
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  CLI::App* verb = app.add_subcommand("inspect", "Show a model's layers, parameters and non-finite weights");
  auto options = std::make_shared<InspectOptions>();
  verb->add_option("MODEL", options->model, "Safetensors file")->required();
  verb->add_option("--activations", options->activations, "One per layer; instead of the file's");
  verb->add_flag("--json", options->is_json, "Print JSON");
  verb->footer(kInspectExamples);
  verb->callback([options, &action] { action = [options] { return inspect(*options); }; });
}

}  // namespace perceptron::cli
