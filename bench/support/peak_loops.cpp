// Compiled with the flags of PERCEPTRON_PEAK_TARGET and with contraction, which makes a·b + c one instruction
// where the target has it. Nothing of the standard library with a body is used: the linker might keep this
// target's instance of it for the whole program.
#include "bench/support/peak_loops.hpp"

namespace perceptron::bench::PERCEPTRON_PEAK_TARGET {
namespace {

constexpr std::size_t kVectorBytes = PERCEPTRON_PEAK_VECTOR_BYTES;
/// Chains enough to cover 4 cycles of latency on two units with some to spare, few enough for 16 registers.
constexpr std::size_t kChains = 12;

using F32 = float __attribute__((vector_size(kVectorBytes)));
using F64 = double __attribute__((vector_size(kVectorBytes)));
using Words = std::size_t __attribute__((vector_size(kVectorBytes), may_alias));

/// Tells the compiler that the value is needed and may have changed.
template <class Vector>
inline void keep(Vector& value) {
#if defined(__x86_64__)
  asm volatile("" : "+x"(value));
#else
  asm volatile("" : "+w"(value));
#endif
}

template <class Vector, class T>
double multiply_add(std::size_t turns) {
  Vector sums[kChains];
  Vector factor = Vector{} + static_cast<T>(0.999), addend = Vector{} + static_cast<T>(0.001);
  keep(factor);
  keep(addend);
  for (std::size_t chain = 0; chain < kChains; ++chain) sums[chain] = Vector{} + static_cast<T>(chain);
  for (std::size_t turn = 0; turn < turns; ++turn) {
    for (std::size_t chain = 0; chain < kChains; ++chain) sums[chain] = sums[chain] * factor + addend;
  }
  for (Vector& sum : sums) keep(sum);
  return static_cast<double>(turns) * static_cast<double>(kChains * kVectorBytes / sizeof(T));
}

std::size_t read(const void* from, std::size_t bytes) {
  const auto* vectors = static_cast<const Words*>(from);
  Words sums[4] = {};
  for (std::size_t vector = 0; vector < bytes / kVectorBytes; vector += 4) {
    for (std::size_t part = 0; part < 4; ++part) sums[part] ^= vectors[vector + part];
  }
  const Words all = (sums[0] ^ sums[1]) ^ (sums[2] ^ sums[3]);
  return all[0] ^ all[1];
}

}  // namespace

PeakLoops peak_loops() {
  return {static_cast<int>(kVectorBytes / sizeof(float)), &multiply_add<F32, float>,
          &multiply_add<F64, double>, &read};
}

}  // namespace perceptron::bench::PERCEPTRON_PEAK_TARGET
