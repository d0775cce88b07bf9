// The eighteen activations as values: their names, their parameters, how they are read and printed.
// What each computes stands beside its name; limits, methods and formulas are in kernels/epilogue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "perceptron/export.hpp"

namespace perceptron {

enum class ActivationKind : std::uint8_t {
  identity,      ///< z
  step,          ///< 1 where z > 0, else 0
  sigmoid,       ///< 1 / (1 + e⁻ᶻ)
  tanh,          ///< tanh z
  relu,          ///< z where z > 0, else 0
  leaky_relu,    ///< z where z > 0, else a·z
  elu,           ///< z where z > 0, else a·(eᶻ − 1)
  selu,          ///< 1.0507009873554805 · (z where z > 0, else 1.6732632423543772·(eᶻ − 1))
  gelu,          ///< z/2 · erfc(−z/√2)
  gelu_tanh,     ///< z/2 · (1 + tanh(√(2/π)·(z + 0.044715 z³)))
  silu,          ///< z / (1 + e⁻ᶻ)
  softplus,      ///< max(z, 0) + log(1 + e^−|z|)
  softsign,      ///< z / (1 + |z|)
  hard_sigmoid,  ///< a·z + ½, at least 0 and at most 1; ONNX has a = 0.2
  hard_tanh,     ///< z, at least −1 and at most 1
  hard_swish,    ///< z · hard_sigmoid(z) with a = 1/6
  mish,          ///< z · tanh(softplus(z))
  softmax,  ///< e^(zⱼ − m) / Σₖ e^(zₖ − m) over the row, m its largest z; every other one is of one element
};

struct ActivationTraits {
  std::string_view name;
  bool has_parameter = false;
  double default_parameter = 0;
};

/// Indexed by ActivationKind.
inline constexpr std::array kActivations{
    ActivationTraits{"identity"},       ActivationTraits{"step"},
    ActivationTraits{"sigmoid"},        ActivationTraits{"tanh"},
    ActivationTraits{"relu"},           ActivationTraits{"leaky_relu", true, 0.01},
    ActivationTraits{"elu", true, 1.0}, ActivationTraits{"selu"},
    ActivationTraits{"gelu"},           ActivationTraits{"gelu_tanh"},
    ActivationTraits{"silu"},           ActivationTraits{"softplus"},
    ActivationTraits{"softsign"},       ActivationTraits{"hard_sigmoid", true, 1.0 / 6},
    ActivationTraits{"hard_tanh"},      ActivationTraits{"hard_swish"},
    ActivationTraits{"mish"},           ActivationTraits{"softmax"},
};
static_assert(kActivations.size() == static_cast<std::size_t>(ActivationKind::softmax) + 1);
static_assert(kActivations.back().name == "softmax");

constexpr const ActivationTraits& traits(ActivationKind kind) {
  return kActivations[static_cast<std::size_t>(kind)];
}
constexpr std::string_view to_string(ActivationKind kind) { return traits(kind).name; }

/// A kind and its parameter `a`, which is rounded to the accumulator type where it is used. Kinds without a
/// parameter keep 0.
struct PERCEPTRON_API Activation {
  ActivationKind kind = ActivationKind::identity;
  double parameter = 0;

  constexpr Activation() = default;
  constexpr Activation(ActivationKind of) : kind(of), parameter(traits(of).default_parameter) {}
  constexpr Activation(ActivationKind of, double a) : kind(of), parameter(a) {}

  /// Reads "relu" or "leaky_relu=0.1". Throws InvalidArgument: an unknown name (lists all names), a parameter
  /// that check() refuses or that is no number. parse(to_string(f)) == f for every f that check() accepts.
  static Activation parse(std::string_view text);

  bool operator==(const Activation&) const = default;
};

/// Throws InvalidArgument where the parameter cannot work: any but 0 where the kind takes none, one that is
/// not finite as an f32, one for hard_sigmoid that is not above 0 as an f32.
PERCEPTRON_API void check(const Activation& activation);

/// The name; then "=a" in the shortest form that reads back the same, where a is not the default.
PERCEPTRON_API std::string to_string(const Activation& activation);

/// Reads "relu,leaky_relu=0.1,softmax", one per layer. Errors as Activation::parse.
PERCEPTRON_API std::vector<Activation> parse_activations(std::string_view text);

/// The one place where a runtime kind becomes a constant: calls visitor with a std::integral_constant of it.
template <std::size_t kIndex = 0, class Visitor>
constexpr decltype(auto) visit_activation(ActivationKind kind, Visitor&& visitor) {
  constexpr auto kKind = static_cast<ActivationKind>(kIndex);
  if constexpr (kIndex + 1 < kActivations.size()) {
    if (kind != kKind) return visit_activation<kIndex + 1>(kind, std::forward<Visitor>(visitor));
  }
  return visitor(std::integral_constant<ActivationKind, kKind>{});
}

}  // namespace perceptron
