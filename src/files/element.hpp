// The element types that files hold, as one list, and their conversion into storage dtypes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "perceptron/dtype.hpp"

namespace perceptron::files {

enum class ElementType : std::uint8_t { f64, f32, f16, u8, i8, i16, i32, i64, bf16 };

/// exponent_bits: of the narrowest IEEE-like format whose largest exponent is enough. significand_bits: those
/// of the largest magnitude; −2ⁿ has one bit, so signed integers need one less than their width.
struct ElementTraits {
  std::string_view name;
  std::string_view npy;  ///< As numpy's dtype.str; empty where numpy has no such type.
  std::size_t bytes;
  int exponent_bits;
  int significand_bits;
};

/// Indexed by ElementType.
inline constexpr std::array<ElementTraits, 9> kElementTypes{{
    {"f64", "<f8", 8, 11, 53},
    {"f32", "<f4", 4, 8, 24},
    {"f16", "<f2", 2, 5, 11},
    {"u8", "|u1", 1, 4, 8},
    {"i8", "|i1", 1, 4, 7},
    {"i16", "<i2", 2, 5, 15},
    {"i32", "<i4", 4, 6, 31},
    {"i64", "<i8", 8, 7, 63},
    {"bf16", "", 2, 8, 8},
}};

constexpr const ElementTraits& traits(ElementType type) {
  return kElementTypes[static_cast<std::size_t>(type)];
}

/// True where every value of `from` is a value of `to`.
constexpr bool converts_exactly(ElementType from, DType to) {
  return traits(from).exponent_bits <= traits(to).exponent_bits &&
         traits(from).significand_bits <= traits(to).significand_bits;
}

/// The dtype with the same storage, if any.
std::optional<DType> same_dtype(ElementType type);
ElementType element_of(DType dtype);

/// Writes `count` values of another type to `to`, each rounded once (nearest, ties to even, overflow to
/// infinity) under the caller's control word, which must be the contract's. Buffers do not overlap; `from` is
/// aligned for its type.
void convert(ElementType from_type, const void* from, DType to_type, void* to, std::size_t count);

}  // namespace perceptron::files
