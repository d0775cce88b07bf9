// How a stage of x and of the weights reaches shared memory: requested while the stage before it is computed,
// landed after it. x lands as it is stored, the weights as accumulators.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/epilogue/stored_vector.cuh"
#include "kernels/ptx/async_copy.cuh"
#include "kernels/ptx/thread.cuh"
#include "kernels/row_dot/row_dot.hpp"

namespace perceptron::kernels::row_dot {

/// How the dynamic shared memory of a block is divided.
template <class A, Shape kShape, int kStorageBytes>
class SharedStages {
 public:
  __device__ SharedStages() {
    extern __shared__ __align__(16) unsigned char bytes[];
    bytes_ = bytes;
  }

  __device__ unsigned char* x(int buffer) const { return bytes_ + buffer * x_stage_bytes(kShape); }
  __device__ A* weight(int buffer) const {
    return at(2 * x_stage_bytes(kShape) + buffer * weight_stage_bytes(kShape, kStorageBytes));
  }
  __device__ A* totals() const {
    return at(2 * (x_stage_bytes(kShape) + weight_stage_bytes(kShape, kStorageBytes)));
  }

 private:
  __device__ A* at(int offset) const { return reinterpret_cast<A*>(bytes_ + offset); }

  unsigned char* bytes_;
};

/// Walks the stages of all tiles of a block within one group: the inputs of a tile, then the next tile.
template <Element S, Shape kShape>
class Staging {
 public:
  using A = AccumulatorOf<S>;
  using Shared = SharedStages<A, kShape, sizeof(S)>;
  static constexpr int kStageInputs = kShape.stage_bytes / static_cast<int>(sizeof(S));

  __device__ Staging(const LinearArguments& p, std::int64_t group)
      : p_(p),
        x_(static_cast<const S*>(p.x) + group * p.x_group_stride),
        weight_(static_cast<const S*>(p.weight) + group * p.weight_group_stride),
        x_stride_(p.rows > 1 ? p.x_stride : 0),
        first_row_(std::int64_t{blockIdx.x} * kShape.rows()) {}

  __device__ bool has_more() const { return first_row_ < p_.rows; }

  /// Requests the next stage, which there is, into a buffer that nobody reads any more.
  __device__ void request(const Shared& shared, int buffer) {
    const int inputs = static_cast<int>(std::min<std::int64_t>(kStageInputs, p_.inputs - first_input_));
    request_x(shared.x(buffer), inputs);
    request_weight(inputs);
    first_input_ += kStageInputs;
    if (!kShape.single_stage && first_input_ < p_.inputs) return;
    first_input_ = 0;
    first_row_ += std::int64_t{gridDim.x} * kShape.rows();
  }

  /// Completes the latest request; a barrier then shows it to the other threads.
  __device__ void land(const Shared& shared, int buffer) {
    if (has_piece()) {
      A* to = shared.weight(buffer) + thread() * WeightPiece::kSize;
#pragma unroll
      for (int i = 0; i < WeightPiece::kSize; ++i) to[i] = weight_piece_[i];
    }
    ptx::wait_for_copies();
  }

 private:
  /// The weights of a stage, inputs × outputs of the shape, one piece per thread.
  using WeightPiece = StoredVector<S, std::min<int>(16, kShape.outputs * sizeof(S))>;
  static constexpr int kPiecesPerInput = kShape.outputs / WeightPiece::kSize;
  static constexpr int kWeightPieces = kStageInputs * kPiecesPerInput;
  static_assert(kWeightPieces <= kThreads);

  static __device__ int thread() { return ptx::thread_x(); }
  static __device__ bool has_piece() { return thread() < kWeightPieces; }

  __device__ void request_x(unsigned char* stage, int inputs) const {
    if (p_.x_vector_bytes == 16) return copy_x<16>(stage, inputs);
    if constexpr (sizeof(S) <= 8) {
      if (p_.x_vector_bytes == 8) return copy_x<8>(stage, inputs);
    }
    if constexpr (sizeof(S) <= 4) {
      if (p_.x_vector_bytes == 4) return copy_x<4>(stage, inputs);
    }
    if constexpr (sizeof(S) == 2) copy_elements(stage, inputs);
  }

  /// Pieces of kBytes: a row is shared by neighbouring threads. Zeros follow the row's last input up to a
  /// multiple of 16 bytes, and stand for rows behind the last.
  template <int kBytes>
  __device__ void copy_x(unsigned char* stage, int inputs) const {
    constexpr int kPieces = kShape.stage_bytes / kBytes;
    constexpr int kRowsAtOnce = kThreads / kPieces;
    constexpr int kTimes = kShape.rows() / kRowsAtOnce;
    const int bytes = inputs * static_cast<int>(sizeof(S));
    const int offset = thread() % kPieces * kBytes;
    if (offset >= ((bytes + 15) & ~15)) return;
    const int source_bytes = std::clamp(bytes - offset, 0, kBytes);
    const int row = thread() / kPieces;
    const int rows = static_cast<int>(std::min<std::int64_t>(kShape.rows(), p_.rows - first_row_)) - row;
    const S* from = x_ + (first_row_ + row) * x_stride_ + first_input_ + offset / static_cast<int>(sizeof(S));
    unsigned char* to = stage + row * kShape.staged_row_bytes() + offset;
#pragma unroll(kTimes < 8 ? kTimes : 8)
    for (int i = 0; i < kTimes; ++i) {
      const int step = i * kRowsAtOnce;
      ptx::copy_async<kBytes>(to + step * kShape.staged_row_bytes(), from + step * x_stride_,
                              step < rows ? source_bytes : 0);
    }
  }

  /// Elements of two bytes, which cp.async does not know: at most eight per thread are on their way.
  __device__ void copy_elements(unsigned char* stage, int inputs) const {
    constexpr int kRowsAtOnce = kThreads / kStageInputs;
    constexpr int kAtOnce = 8;
    static_assert(sizeof(S) != 2 || kShape.rows() / kRowsAtOnce % kAtOnce == 0);
    const int k = thread() % kStageInputs;
    if (k >= ((inputs + 7) & ~7)) return;
    const int row = thread() / kStageInputs;
    const int rows =
        k < inputs ? static_cast<int>(std::min<std::int64_t>(kShape.rows(), p_.rows - first_row_)) - row : 0;
    const S* from = x_ + (first_row_ + row) * x_stride_ + first_input_ + k;
    unsigned char* to = stage + row * kShape.staged_row_bytes() + k * static_cast<int>(sizeof(S));
#pragma unroll 1
    for (int first = 0; first < kShape.rows(); first += kAtOnce * kRowsAtOnce) {
      S elements[kAtOnce];
#pragma unroll
      for (int i = 0; i < kAtOnce; ++i) {
        const int step = first + i * kRowsAtOnce;
        elements[i] = step < rows ? from[step * x_stride_] : S{};
      }
#pragma unroll
      for (int i = 0; i < kAtOnce; ++i) {
        *reinterpret_cast<S*>(to + (first + i * kRowsAtOnce) * kShape.staged_row_bytes()) = elements[i];
      }
    }
  }

  __device__ void request_weight(int inputs) {
    if (!has_piece()) return;
    const int input = thread() / kPiecesPerInput;
    const int output = thread() % kPiecesPerInput * WeightPiece::kSize;
    const S* from = weight_ + (first_input_ + input) * packed_outputs(p_.outputs) + output;
    weight_piece_ = input < inputs ? *reinterpret_cast<const WeightPiece*>(from) : WeightPiece{};
  }

  const LinearArguments& p_;
  const S* x_;
  const S* weight_;
  std::int64_t x_stride_;                     ///< 0 for a single row, whose stride need not be aligned.
  std::int64_t first_row_, first_input_ = 0;  ///< Of the next stage.
  WeightPiece weight_piece_{};                ///< Requested and not yet landed.
};

}  // namespace perceptron::kernels::row_dot
