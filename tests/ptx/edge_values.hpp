// Operands at the edges of each type: zeros, ends of the range, subnormals, NaN, neighbours of powers of two,
// widths of shifts; and a few without any pattern.
#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace perceptron::ptx {

/// The 16-bit floats as registers hold them.
struct HalfBits16 {
  std::uint16_t bits;
};
struct BrainBits16 {
  std::uint16_t bits;
};

/// The same, but those at the edges alone, for instructions of several operands.
struct HalfEdges16 {
  std::uint16_t bits;
};
struct BrainEdges16 {
  std::uint16_t bits;
};

template <std::floating_point T>
std::vector<T> edge_values_of() {
  using Limits = std::numeric_limits<T>;
  const T epsilon = Limits::epsilon();
  const T wide = std::ldexp(T{1}, Limits::digits - 1);  // From here on all values are integers.
  std::vector<T> values{T{0},
                        Limits::denorm_min(),
                        3 * Limits::denorm_min(),
                        Limits::min() - Limits::denorm_min(),
                        Limits::min(),
                        std::sqrt(Limits::min()),
                        static_cast<T>(0.1),
                        T{0.5},
                        1 - epsilon / 2,
                        T{1},
                        1 + epsilon,
                        1 + std::sqrt(epsilon),
                        T{1.5},
                        T{2.5},
                        T{3},
                        T{255.5},
                        T{32767.5},
                        T{65536},
                        T{2147483648},
                        T{4294967296},
                        wide / 2 - T{0.5},
                        wide + 1,
                        T{9223372036854775808.0},
                        T{18446744073709551616.0},
                        std::sqrt(Limits::max()),
                        Limits::max(),
                        Limits::infinity()};
  const std::size_t positive = values.size();
  for (std::size_t index = 0; index < positive; ++index) values.push_back(-values[index]);
  values.push_back(Limits::quiet_NaN());
  values.push_back(Limits::signaling_NaN());
  std::mt19937_64 random(7);
  for (int index = 0; index < 6; ++index) {
    values.push_back(static_cast<T>(std::ldexp(static_cast<double>(random() >> 11), index * 4 - 60)));
  }
  return values;
}

template <std::integral T>
std::vector<T> edge_values_of() {
  std::vector<T> values;
  for (const std::uint64_t value : {0ull,
                                    1ull,
                                    2ull,
                                    3ull,
                                    5ull,
                                    7ull,
                                    8ull,
                                    15ull,
                                    16ull,
                                    17ull,
                                    24ull,
                                    30ull,
                                    31ull,
                                    32ull,
                                    33ull,
                                    63ull,
                                    64ull,
                                    65ull,
                                    127ull,
                                    128ull,
                                    255ull,
                                    256ull,
                                    0x7fffull,
                                    0x8000ull,
                                    0xffffull,
                                    0x10000ull,
                                    0x12345678ull,
                                    0x7fffffffull,
                                    0x80000000ull,
                                    0x80000001ull,
                                    0xa5a5c3c3ull,
                                    0xffffffffull,
                                    0x100000000ull,
                                    0x123456789abcdefull,
                                    0x7fffffffffffffffull,
                                    0x8000000000000000ull,
                                    0xfedcba9876543210ull,
                                    0xfffffffffffffff0ull,
                                    0xfffffffffffffffeull,
                                    0xffffffffffffffffull}) {
    const T narrow = static_cast<T>(value);
    bool is_there = false;
    for (const T other : values) is_there = is_there || other == narrow;
    if (!is_there) values.push_back(narrow);
  }
  return values;
}

template <class T>
requires std::same_as<T, HalfBits16> || std::same_as<T, BrainBits16> std::vector<T> edge_values_of() {
  std::vector<T> values;
  for (unsigned bits = 0; bits <= 0xffff; ++bits) values.push_back({static_cast<std::uint16_t>(bits)});
  return values;
}

/// Zeros, the ends of the subnormals and of the range, values about 1, the middle of two above, and powers
/// whose products lie in the middle of two.
template <class T>
requires std::same_as<T, HalfEdges16> || std::same_as<T, BrainEdges16> std::vector<T> edge_values_of() {
  constexpr int kFraction = std::same_as<T, HalfEdges16> ? 10 : 7;
  constexpr int kBias = std::same_as<T, HalfEdges16> ? 15 : 127;
  constexpr int kNormal = 1 << kFraction, kInfinity = (2 * kBias + 1) << kFraction;
  constexpr int kOne = kBias << kFraction, kMiddle = 1 << (kFraction / 2);
  std::vector<T> values;
  for (const int bits : {0,
                         1,
                         2,
                         3,
                         kNormal / 2 + 1,
                         kNormal - 1,
                         kNormal,
                         kNormal + 1,
                         kOne - 1,
                         kOne,
                         kOne + 1,
                         kOne + kMiddle / 2,
                         kOne + kMiddle,
                         kOne + kMiddle + (kBias / 3 << kFraction),
                         kOne + kNormal / 2,
                         kOne - (kBias / 2 << kFraction) + 5,
                         kOne + kNormal,
                         kOne + (kFraction << kFraction) + 1,
                         kOne + ((kFraction + 1) << kFraction),
                         kInfinity - kNormal + 3,
                         kInfinity - 1,
                         kInfinity,
                         kInfinity + 1,
                         0x7fff}) {
    values.push_back({static_cast<std::uint16_t>(bits)});
    values.push_back({static_cast<std::uint16_t>(bits | 0x8000)});
  }
  return values;
}

}  // namespace perceptron::ptx
