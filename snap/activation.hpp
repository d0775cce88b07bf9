// The eighteen activations as values: their names, their parameters, how they are read and printed.
// What each computes is the table in the numeric contract; the formulas are in kernels/epilogue.
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
  identity,
  step,
  sigmoid,
  tanh,
  relu,
  leaky_relu,
  elu,
  selu,
  gelu,
  gelu_tanh,
  silu,
  softplus,
  softsign,
  hard_sigmoid,
  hard_tanh,
  hard_swish,
  mish,
  softmax,  ///< Over the whole row; every other one is of a single element.
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
