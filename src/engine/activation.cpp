// Reading and printing activations: "relu", "leaky_relu=0.1", "relu,leaky_relu=0.1,softmax".
#include "perceptron/activation.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "perceptron/error.hpp"

namespace perceptron {
namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string shortest(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

ActivationKind parse_kind(std::string_view name) {
  const auto found = std::ranges::find(kActivations, name, &ActivationTraits::name);
  if (found != kActivations.end()) return static_cast<ActivationKind>(found - kActivations.begin());
  std::string names;
  for (const auto& entry : kActivations) {
    names += names.empty() ? "" : ", ";
    names += entry.name;
    if (entry.has_parameter) names += "[=a]";
  }
  throw InvalidArgument("unknown activation " + quoted(name) + "; expected one of: " + names);
}

double parse_parameter(std::string_view name, std::string_view digits) {
  double value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (status != std::errc{} || end != digits.data() + digits.size()) {
    throw InvalidArgument("activation " + std::string(name) + ": the parameter " + quoted(digits) +
                          " is not a decimal number in the range of f64");
  }
  return value;
}

}  // namespace

void check(const Activation& activation) {
  if (static_cast<std::size_t>(activation.kind) >= kActivations.size()) {
    throw InvalidArgument("activation " + std::to_string(static_cast<int>(activation.kind)) +
                          ": no value of ActivationKind");
  }
  const auto& [name, has_parameter, default_parameter] = traits(activation.kind);
  const auto refuse = [&, &activation_name = name](const std::string& expected) {
    throw InvalidArgument("activation " + std::string(activation_name) + ": " + expected + ", found " +
                          shortest(activation.parameter));
  };
  if (!has_parameter && activation.parameter != 0) refuse("takes no parameter");
  const auto narrowed = static_cast<float>(activation.parameter);
  if (!std::isfinite(narrowed)) refuse("the parameter must be finite as an f32");
  if (activation.kind == ActivationKind::hard_sigmoid && !(narrowed > 0)) {
    refuse("the parameter must be above 0 as an f32");
  }
}

Activation Activation::parse(std::string_view text) {
  const auto equals = text.find('=');
  Activation activation = parse_kind(text.substr(0, equals));
  if (equals == std::string_view::npos) return activation;
  const auto& [name, has_parameter, default_parameter] = traits(activation.kind);
  if (!has_parameter) {
    throw InvalidArgument("activation " + std::string(name) + " takes no parameter, found " + quoted(text));
  }
  activation.parameter = parse_parameter(name, text.substr(equals + 1));
  check(activation);
  return activation;
}

std::string to_string(const Activation& activation) {
  std::string text(to_string(activation.kind));
  if (activation.parameter == traits(activation.kind).default_parameter) return text;
  return text + "=" + shortest(activation.parameter);
}

std::vector<Activation> parse_activations(std::string_view text) {
  std::vector<Activation> activations;
  for (std::size_t start = 0; start <= text.size();) {
    const auto comma = std::min(text.find(',', start), text.size());
    activations.push_back(Activation::parse(text.substr(start, comma - start)));
    start = comma + 1;
  }
  return activations;
}

}  // namespace perceptron
