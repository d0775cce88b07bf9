// Several consecutive elements of storage that one load moves, widened one by one where they are used.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "kernels/epilogue/convert.cuh"

namespace perceptron::kernels {

/// kBytes bytes, aligned to as many: 16, 8 or 4, or one element of two bytes.
template <Element S, int kBytes = 16>
class alignas(kBytes) StoredVector {
 public:
  using A = AccumulatorOf<S>;
  static constexpr int kSize = kBytes / static_cast<int>(sizeof(S));

  /// Loads 16 bytes of global memory that are read once: they give way to others in the caches.
  static __device__ StoredVector streamed(const S* from) {
    static_assert(kBytes == 16);
    return std::bit_cast<StoredVector>(__ldcs(reinterpret_cast<const uint4*>(from)));
  }

  /// All elements, exactly.
  __device__ void widen(A (&to)[kSize]) const {
#pragma unroll
    for (int i = 0; i < kSize; ++i) to[i] = (*this)[i];
  }

  /// Element i, exactly; i is a constant once loops are unrolled.
  __device__ A operator[](int i) const {
    if constexpr (std::is_same_v<Word, S>) {
      return words_[i];
    } else if constexpr (sizeof(Word) == sizeof(S)) {
      return widened(S::from_bits(words_[i]));
    } else {
      const std::uint32_t pair = words_[i / 2];
      return widened(S::from_bits(static_cast<std::uint16_t>(i % 2 == 0 ? pair : pair >> 16)));
    }
  }

 private:
  using Bits16 = std::conditional_t<kBytes == 2, std::uint16_t, std::uint32_t>;
  using Word = std::conditional_t<sizeof(S) == 2, Bits16, S>;

  Word words_[kBytes / sizeof(Word)];
};

/// Accumulators that lie 16 bytes together in shared memory.
template <class A>
struct alignas(16) AccumulatorVector {
  static constexpr int kSize = 16 / static_cast<int>(sizeof(A));
  A at[kSize];
};

}  // namespace perceptron::kernels
