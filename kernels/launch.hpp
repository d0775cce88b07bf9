// How a kernel is started: one description for the GPU and for the PTX machine. CUDA-free.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace perceptron::kernels {

struct Extent {
  std::uint32_t x = 1, y = 1, z = 1;

  constexpr std::uint64_t count() const { return std::uint64_t{x} * y * z; }
  constexpr bool operator==(const Extent&) const = default;
};

/// The bytes of what an entry takes: of our own one struct. Fixed storage: a launch allocates nothing.
class ArgumentBytes {
 public:
  ArgumentBytes() = default;
  template <class T>
  requires std::is_trivially_copyable_v<T>
  explicit ArgumentBytes(const T& arguments) : size_(sizeof(T)) {
    static_assert(sizeof(T) <= kCapacity);
    std::memcpy(bytes_.data(), &arguments, sizeof(T));
  }
  /// Of an entry that takes them one by one, laid out as its parameters are; at most kCapacity.
  explicit ArgumentBytes(std::span<const std::byte> bytes) : size_(bytes.size()) {
    assert(size_ <= kCapacity);
    std::memcpy(bytes_.data(), bytes.data(), size_);
  }

  std::span<const std::byte> bytes() const { return std::span(bytes_).first(size_); }

  static constexpr std::size_t kCapacity = 256;

 private:
  alignas(16) std::array<std::byte, kCapacity> bytes_{};
  std::size_t size_ = 0;
};

/// What a grid may have of blocks along x, and along each of y and z.
inline constexpr std::int64_t kLargestGridX = 0x7FFFFFFF, kLargestGridYZ = 65535;

/// Blocks along one direction for `count` pieces of work. Where that is more than the limit, each block does
/// several.
constexpr std::uint32_t blocks(std::int64_t count, std::int64_t limit) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 1, limit));
}

struct Launch {
  std::string_view family;  ///< Whose image holds the entry (kernels/images.hpp).
  std::string_view entry;   ///< Static storage: the name of an extern "C" kernel.
  Extent grid, block;
  std::uint32_t shared_bytes = 0;  ///< Dynamic shared memory per block.
  ArgumentBytes arguments;
};

}  // namespace perceptron::kernels
