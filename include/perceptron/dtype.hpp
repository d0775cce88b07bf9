// Storage types and the two kinds of arithmetic. A new dtype is added to the lists of this file; everything
// else loops over them.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "perceptron/export.hpp"
#include "perceptron/float16.hpp"

namespace perceptron {

/// How the elements of a matrix are stored. Sums of f64 are kept in f64, of all others in f32.
enum class DType : std::uint8_t { f64, f32, f16, bf16 };

struct DTypeTraits {
  DType dtype;
  std::string_view name;
  std::size_t bytes;
  int exponent_bits;
  int significand_bits;  ///< The implicit bit included.
};

/// Indexed by DType.
inline constexpr std::array<DTypeTraits, 4> kDTypes{{
    {DType::f64, "f64", 8, 11, 53},
    {DType::f32, "f32", 4, 8, 24},
    {DType::f16, "f16", 2, 5, 11},
    {DType::bf16, "bf16", 2, 8, 8},
}};

constexpr const DTypeTraits& traits(DType dtype) { return kDTypes[static_cast<std::size_t>(dtype)]; }
constexpr std::size_t size_of(DType dtype) { return traits(dtype).bytes; }
constexpr std::string_view to_string(DType dtype) { return traits(dtype).name; }

/// The type in which sums and activations of this storage type are computed.
constexpr DType accumulator_of(DType dtype) { return dtype == DType::f64 ? DType::f64 : DType::f32; }

/// True where every value of `from` is a value of `to`.
constexpr bool widens_exactly(DType from, DType to) {
  return traits(from).exponent_bits <= traits(to).exponent_bits &&
         traits(from).significand_bits <= traits(to).significand_bits;
}

/// The dtype of that name; throws InvalidArgument with the list of names.
PERCEPTRON_API DType parse_dtype(std::string_view name);

/// Maps a C++ element type to its DType.
template <class T>
inline constexpr DType kDTypeOf = DType{};
template <>
inline constexpr DType kDTypeOf<double> = DType::f64;
template <>
inline constexpr DType kDTypeOf<float> = DType::f32;
template <>
inline constexpr DType kDTypeOf<Float16> = DType::f16;
template <>
inline constexpr DType kDTypeOf<BFloat16> = DType::bf16;

template <class T>
concept Element = std::same_as<T, double> || std::same_as<T, float> || std::same_as<T, Float16> ||
    std::same_as<T, BFloat16>;

/// The one place where a runtime dtype becomes a type: calls visitor with a value of the element type.
template <class Visitor>
constexpr decltype(auto) visit_dtype(DType dtype, Visitor&& visitor) {
  switch (dtype) {
    case DType::f64: return visitor(double{});
    case DType::f32: return visitor(float{});
    case DType::f16: return visitor(Float16{});
    case DType::bf16: break;
  }
  return visitor(BFloat16{});
}

/// reproducible: one answer, bit for bit, on every device. tensor: tensor cores, inside a proved interval.
enum class Arithmetic : std::uint8_t { reproducible, tensor };

constexpr std::string_view to_string(Arithmetic arithmetic) {
  return arithmetic == Arithmetic::reproducible ? "reproducible" : "tensor";
}

/// The contract's block length: inputs are summed in blocks of this many consecutive ones.
inline constexpr std::int64_t kSumBlock = 256;

/// How many partial sums softmax keeps: it fixes the order of the additions.
inline constexpr std::int64_t kSoftmaxPartials = 32;

}  // namespace perceptron
