// Reproducible values for large inputs: each is a function of a seed and of its place alone, the same on host
// and device, so that a check of any element needs nobody else's.
#pragma once

#include <cstdint>

namespace perceptron::cuda {

struct ElementPlace {
  std::int64_t group = 0, row = 0, column = 0;
};

/// A bijection of 64 bits in which every input bit reaches every output bit: the finalizer of SplitMix64
/// (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
constexpr std::uint64_t mixed(std::uint64_t bits) {
  bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
  return bits ^ bits >> 31;
}

/// The bits so far and one coordinate more. The step is odd, so that a counter of zeros does not stay zero.
constexpr std::uint64_t mixed_in(std::uint64_t bits, std::int64_t coordinate) {
  constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15;
  return mixed(bits + kStep + static_cast<std::uint64_t>(coordinate));
}

/// The value at that place, uniform among the multiples of 2^(1 − significand_bits) in [−1, 1): each is exact
/// in a type of that many significand bits, the implicit one included, so that storing it rounds nothing.
constexpr double random_element(std::uint64_t seed, const ElementPlace& place, int significand_bits) {
  std::uint64_t bits = mixed_in(seed, 0);
  bits = mixed_in(bits, place.group);
  bits = mixed_in(bits, place.row);
  bits = mixed_in(bits, place.column);
  const double steps = static_cast<double>(std::int64_t{1} << (significand_bits - 1));
  return static_cast<double>(bits >> (64 - significand_bits)) / steps - 1;
}

}  // namespace perceptron::cuda
