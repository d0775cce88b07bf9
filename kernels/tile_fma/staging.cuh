// How a stage of x and of the weights reaches shared memory: requested before the previous stage is computed,
// landed after it. f32 and f64 are copied to where they are read; 16-bit storage is widened on the way.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "kernels/epilogue/convert.cuh"
#include "kernels/ptx/async_copy.cuh"
#include "kernels/ptx/thread.cuh"
#include "kernels/tile_fma/place.cuh"

namespace perceptron::kernels::tile_fma {

/// The part of x and of the weights that a tile reads, from the next stage on.
template <Element S, Tile kTile>
struct Operands {
  static constexpr int kStageInputs = stage_inputs(kTile, sizeof(S));

  const S* x;                ///< The next input of the tile's first row.
  const S* weight;           ///< The tile's first output of the next input.
  std::int64_t inputs_left;  ///< From the next stage on; at most 0 where there is none.
  std::int64_t x_stride, weight_stride;
  int rows, outputs;  ///< Of the tile, as far as they lie within x and within the packed weights.
  bool x_in_vectors;  ///< Every row of x begins and ends at a multiple of 16 bytes.

  __device__ Operands(const LinearArguments& p, const TilePlace& place)
      : x(static_cast<const S*>(p.x) + place.group * p.x_group_stride + place.first_row * p.x_stride),
        weight(static_cast<const S*>(p.weight) + place.group * p.weight_group_stride + place.first_output),
        inputs_left(p.inputs),
        x_stride(p.x_stride),
        weight_stride(packed_outputs(p.outputs)),
        rows(static_cast<int>(std::min<std::int64_t>(kTile.rows, p.rows - place.first_row))),
        outputs(static_cast<int>(
            std::min<std::int64_t>(kTile.outputs, packed_outputs(p.outputs) - place.first_output))),
        x_in_vectors(p.x_vector_bytes == 16 && p.inputs % (16 / static_cast<int>(sizeof(S))) == 0) {}

  /// Inputs of the next stage, which there is.
  __device__ int inputs() const {
    return static_cast<int>(std::min<std::int64_t>(kStageInputs, inputs_left));
  }

  __device__ void advance() {
    x += kStageInputs;
    weight += kStageInputs * weight_stride;
    inputs_left -= kStageInputs;
  }
};

/// Storage that is its own accumulator type: f32 and f64. Stages are copied in pieces of 16 bytes, x in
/// single elements where its rows are not aligned; each thread copies the same places of every stage.
template <Element S, Tile kTile>
class Staging {
 public:
  __device__ Staging(const LinearArguments& p, const TilePlace& place) : from_(p, place) {
    from_.x += from_.x_in_vectors ? x_row<16>() * from_.x_stride + x_k<16>()
                                  : x_row<sizeof(S)>() * from_.x_stride + x_k<sizeof(S)>();
    from_.weight += weight_k() * from_.weight_stride + weight_output();
  }

  __device__ bool has_more() const { return from_.inputs_left > 0; }

  __device__ void request(const SharedTile<S, kTile>& shared, int buffer) {
    const int inputs = from_.inputs();
    if (from_.x_in_vectors) {
      copy_x<16>(shared.x(buffer), inputs);
    } else {
      copy_x<sizeof(S)>(shared.x(buffer), inputs);
    }
    copy_weight(shared.weight(buffer) + weight_k() * kTile.outputs + weight_output(), inputs);
    from_.advance();
  }

  __device__ void land(const SharedTile<S, kTile>&, int) { ptx::wait_for_copies(); }

 private:
  static constexpr int kVector = 16 / sizeof(S);
  static constexpr int kStageInputs = stage_inputs(kTile, sizeof(S));
  static constexpr int kStageBytes = stage_bytes(kTile, sizeof(S));

  static __device__ int thread() { return ptx::thread_x(); }
  static __device__ int weight_k() { return thread() / (kTile.outputs / kVector); }
  static __device__ int weight_output() { return thread() % (kTile.outputs / kVector) * kVector; }

  /// The first place in a stage of x that this thread copies, in pieces of kBytes.
  template <int kBytes>
  static __device__ int x_row() {
    return thread() / (kStageBytes / kBytes);
  }
  template <int kBytes>
  static __device__ int x_k() {
    return thread() % (kStageBytes / kBytes) * (kBytes / static_cast<int>(sizeof(S)));
  }

  template <int kBytes>
  __device__ void copy_x(S* stage, int inputs) const {
    constexpr int kStagedRow = staged_row_bytes(kTile, sizeof(S)) / sizeof(S);
    constexpr int kRowsAtOnce = kTile.threads() / (kStageBytes / kBytes);
    static_assert(kTile.rows % kRowsAtOnce == 0);
    S* to = stage + x_row<kBytes>() * kStagedRow + x_k<kBytes>();
    const int rows = x_k<kBytes>() < inputs ? from_.rows - x_row<kBytes>() : 0;
    // The form in single elements is kept small, in code and in registers.
#pragma unroll(kBytes == 16 ? kTile.rows / kRowsAtOnce : 1)
    for (int row = 0; row < kTile.rows; row += kRowsAtOnce) {
      ptx::copy_async<kBytes>(to + row * kStagedRow, from_.x + row * from_.x_stride, row < rows ? kBytes : 0);
    }
  }

  __device__ void copy_weight(S* to, int inputs) const {
    constexpr int kAtOnce = kTile.threads() / (kTile.outputs / kVector);
    static_assert(kStageInputs % kAtOnce == 0);
    const int count = weight_output() < from_.outputs ? inputs - weight_k() : 0;
#pragma unroll
    for (int k = 0; k < kStageInputs; k += kAtOnce) {
      ptx::copy_async<16>(to + k * kTile.outputs, from_.weight + k * from_.weight_stride, k < count ? 16 : 0);
    }
  }

  Operands<S, kTile> from_;
};

/// f16 and bf16: each thread copies vectors of eight elements to the landing, reads them back and widens
/// them.
template <Element S, Tile kTile>
requires(sizeof(S) == 2) class Staging<S, kTile> {
 public:
  __device__ Staging(const LinearArguments& p, const TilePlace& place) : from_(p, place) {
    from_.x += x_row() * from_.x_stride + x_k();
    from_.weight += weight_k() * from_.weight_stride + weight_output();
  }

  __device__ bool has_more() const { return from_.inputs_left > 0; }

  __device__ void request(const SharedTile<S, kTile>& shared, int) {
    const int inputs = from_.inputs();
    request_x(x_landing(shared), inputs);
    const int count = weight_output() < from_.outputs ? inputs - weight_k() : 0;
#pragma unroll
    for (int k = 0; k < kStageInputs; k += kInputsAtOnce) {
      ptx::copy_async<16>(weight_landing(shared) + k * kTile.outputs, from_.weight + k * from_.weight_stride,
                          k < count ? 16 : 0);
    }
    from_.advance();
  }

  __device__ void land(const SharedTile<S, kTile>& shared, int buffer) {
    ptx::wait_for_copies();
    float* x = shared.x(buffer) + x_row() * kStagedRow + x_k();
    float* weight = shared.weight(buffer) + weight_k() * kTile.outputs + weight_output();
#pragma unroll
    for (int row = 0; row < kTile.rows; row += kRowsAtOnce) {
      widen(x_landing(shared) + row * kStageInputs, x + row * kStagedRow);
    }
#pragma unroll
    for (int k = 0; k < kStageInputs; k += kInputsAtOnce) {
      widen(weight_landing(shared) + k * kTile.outputs, weight + k * kTile.outputs);
    }
  }

 private:
  static constexpr int kVector = 8;
  static constexpr int kStageInputs = stage_inputs(kTile, sizeof(S));
  static constexpr int kStagedRow = staged_row_bytes(kTile, sizeof(S)) / sizeof(float);
  /// All threads together copy that many rows of x, or inputs of the weights, at once.
  static constexpr int kRowsAtOnce = kTile.threads() / (kStageInputs / kVector);
  static constexpr int kInputsAtOnce = kTile.threads() / (kTile.outputs / kVector);
  static_assert(kTile.rows % kRowsAtOnce == 0 && kStageInputs % kInputsAtOnce == 0);

  static __device__ int thread() { return ptx::thread_x(); }
  static __device__ int x_row() { return thread() / (kStageInputs / kVector); }
  static __device__ int x_k() { return thread() % (kStageInputs / kVector) * kVector; }
  static __device__ int weight_k() { return thread() / (kTile.outputs / kVector); }
  static __device__ int weight_output() { return thread() % (kTile.outputs / kVector) * kVector; }

  static __device__ std::uint16_t* x_landing(const SharedTile<S, kTile>& shared) {
    return shared.landing() + kVector * thread();
  }
  static __device__ std::uint16_t* weight_landing(const SharedTile<S, kTile>& shared) {
    return shared.landing() + kTile.rows * kStageInputs + kVector * thread();
  }

  __device__ void request_x(std::uint16_t* to, int inputs) const {
    const int rows = from_.rows - x_row();
    const int count = inputs - x_k();
    if (from_.x_in_vectors) {
#pragma unroll
      for (int row = 0; row < kTile.rows; row += kRowsAtOnce) {
        const bool inside = row < rows && count > 0;
        ptx::copy_async<16>(to + row * kStageInputs, from_.x + row * from_.x_stride, inside ? 16 : 0);
      }
      return;
    }
#pragma unroll 1
    for (int row = 0; row < kTile.rows; row += kRowsAtOnce) {
      copy_elements(to + row * kStageInputs, from_.x + row * from_.x_stride, row < rows ? count : 0);
    }
  }

  /// cp.async knows no pieces of two bytes.
  static __device__ void copy_elements(std::uint16_t* to, const S* from, int count) {
#pragma unroll
    for (int k = 0; k < kVector; ++k) to[k] = k < count ? from[k].bits : std::uint16_t{0};
  }

  static __device__ float low_half(std::uint32_t pair) {
    return widened(S::from_bits(static_cast<std::uint16_t>(pair)));
  }
  static __device__ float high_half(std::uint32_t pair) {
    return widened(S::from_bits(static_cast<std::uint16_t>(pair >> 16)));
  }

  static __device__ void widen(const std::uint16_t* from, float* to) {
    const uint4 pairs = *reinterpret_cast<const uint4*>(from);
    auto* vectors = reinterpret_cast<float4*>(to);
    vectors[0] = {low_half(pairs.x), high_half(pairs.x), low_half(pairs.y), high_half(pairs.y)};
    vectors[1] = {low_half(pairs.z), high_half(pairs.z), low_half(pairs.w), high_half(pairs.w)};
  }

  Operands<S, kTile> from_;
};

}  // namespace perceptron::kernels::tile_fma
