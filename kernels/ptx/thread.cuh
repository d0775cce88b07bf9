// The special registers of the thread's place in its block, for kernels that must not keep what they derive
// from them.
#pragma once

namespace perceptron::ptx {

/// threadIdx.x, read anew at every call. What is derived from it is derived anew too, and occupies no
/// register in between.
__device__ inline int thread_x() {
  unsigned thread;
  asm volatile("mov.u32 %0, %%tid.x;" : "=r"(thread));
  __builtin_assume(thread < 1024);  // Divisions by powers of two become shifts.
  return static_cast<int>(thread);
}

/// threadIdx.y, likewise.
__device__ inline int thread_y() {
  unsigned thread;
  asm volatile("mov.u32 %0, %%tid.y;" : "=r"(thread));
  __builtin_assume(thread < 1024);
  return static_cast<int>(thread);
}

}  // namespace perceptron::ptx
