// Copies from global to shared memory that pass by the registers: cp.async. Bytes past source_bytes become
// zeros and are not read; no byte is read where it is 0, whatever the address.
#pragma once

#include <cstdint>

namespace perceptron::ptx {

/// kBytes is 4, 8 or 16; both addresses are multiples of it; source_bytes ≤ kBytes.
template <int kBytes>
__device__ void copy_async(void* shared, const void* global, int source_bytes) {
  static_assert(kBytes == 4 || kBytes == 8 || kBytes == 16);
  const auto to = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
  const auto from = __cvta_generic_to_global(global);
  if constexpr (kBytes == 16) {
    // Past L1: the bytes go to shared memory and are not read again from here.
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(source_bytes)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(to), "l"(from), "n"(kBytes),
                 "r"(source_bytes)
                 : "memory");
  }
}

/// Waits for all copies of this thread; a barrier then shows them to the others.
__device__ inline void wait_for_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }

}  // namespace perceptron::ptx
