// The family row_dot as planning and launching see it: its shapes, what they cost in shared memory, their
// entries. row_dot.cuh holds the kernel. CUDA-free.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/candidate.hpp"

namespace perceptron::kernels::row_dot {

inline constexpr int kThreads = 128;

/// A block computes rows × outputs elements of y; each thread of it rows_per_thread rows, with all outputs.
struct Shape {
  int outputs = 0;
  int rows_per_thread = 0;
  int stage_bytes = 0;                ///< Of a row of x: that many are staged at a time.
  int padding_bytes = 0;              ///< Behind them in shared memory.
  int blocks_per_multiprocessor = 1;  ///< For which the registers are limited.
  bool single_stage = false;          ///< Takes only rows of at most stage_bytes.

  constexpr int rows() const { return kThreads * rows_per_thread; }
  constexpr int staged_row_bytes() const { return stage_bytes + padding_bytes; }
};

/// Every shape stages 16 KB of x at a time, twice.
constexpr int x_stage_bytes(Shape shape) { return shape.rows() * shape.staged_row_bytes(); }
constexpr int weight_stage_bytes(Shape shape, int storage_bytes) {
  return shape.stage_bytes / storage_bytes * shape.outputs * accumulator_bytes(storage_bytes);
}
constexpr int totals_bytes(Shape shape, int storage_bytes) {
  return shape.rows() * shape.outputs * accumulator_bytes(storage_bytes);
}
constexpr int shared_bytes(Shape shape, int storage_bytes) {
  return 2 * (x_stage_bytes(shape) + weight_stage_bytes(shape, storage_bytes)) +
         totals_bytes(shape, storage_bytes);
}

// Estimates all: never measured on a GPU.
inline constexpr Shape k128x1{1, 1, 128, 16, 5};
inline constexpr Shape k128x4{4, 1, 128, 16, 5};
inline constexpr Shape k256x8{8, 2, 64, 16, 4};
inline constexpr Shape k256x16{16, 2, 64, 16, 3};
/// Rows of at most 32 bytes: 16-byte reads of 32-byte rows meet two by two in the banks, which is left so.
inline constexpr Shape k512x4{4, 4, 32, 0, 4, true};

/// The policies 128x1, 128x4, 256x8, 256x16 and 512x4, rows × outputs.
std::span<const Candidate> candidates();

}  // namespace perceptron::kernels::row_dot
