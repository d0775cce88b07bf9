// Conversions between element types: one loop per pair of types; see element.hpp.
#include "src/files/element.hpp"

#include <cstring>
#include <type_traits>

namespace perceptron::files {

namespace {

/// A double that rounds to any narrower format as `value` itself would. Where 53 bits do not suffice, the
/// last bit kept is set if any bit is dropped (round to odd), so that no tie appears that was none.
double widened(std::int64_t value) {
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  if (value < -kExact || value > kExact) {
    const bool drops = (value & 0x7FF) != 0;
    value = (value & ~std::int64_t{0x7FF}) | (drops ? 0x800 : 0);
  }
  return static_cast<double>(value);
}
double widened(double value) { return value; }

template <class To, class From>
void convert_all(const From* from, To* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if constexpr (std::is_floating_point_v<To>) {
      to[i] = static_cast<To>(from[i]);
    } else if constexpr (std::is_integral_v<From>) {
      to[i] = To(widened(std::int64_t{from[i]}));
    } else {
      to[i] = To(widened(double{from[i]}));
    }
  }
}

template <class Visitor>
void visit_element(ElementType type, Visitor&& visitor) {
  switch (type) {
    case ElementType::f64: return visitor(double{});
    case ElementType::f32: return visitor(float{});
    case ElementType::f16: return visitor(Float16{});
    case ElementType::u8: return visitor(std::uint8_t{});
    case ElementType::i8: return visitor(std::int8_t{});
    case ElementType::i16: return visitor(std::int16_t{});
    case ElementType::i32: return visitor(std::int32_t{});
    case ElementType::i64: return visitor(std::int64_t{});
    case ElementType::bf16: return visitor(BFloat16{});
  }
}

}  // namespace

std::optional<DType> same_dtype(ElementType type) {
  for (std::size_t i = 0; i < kDTypes.size(); ++i) {
    if (kDTypes[i].name == traits(type).name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

ElementType element_of(DType dtype) {
  std::size_t i = 0;
  while (kElementTypes[i].name != to_string(dtype)) ++i;
  return static_cast<ElementType>(i);
}

void convert(ElementType from_type, const void* from, DType to_type, void* to, std::size_t count) {
  if (same_dtype(from_type) == to_type) {
    if (count > 0) std::memcpy(to, from, count * size_of(to_type));
    return;
  }
  visit_element(from_type, [&](auto from_element) {
    visit_dtype(to_type, [&](auto to_element) {
      convert_all(static_cast<const decltype(from_element)*>(from), static_cast<decltype(to_element)*>(to),
                  count);
    });
  });
}

}  // namespace perceptron::files
