// The benchmark's own kernels behind functions that any C++ compiler can call. Each enqueues its work and
// returns, unless it says that it waits; an error of the launch is thrown.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/gpu/samples.hpp"
#include "perceptron/activation.hpp"
#include "perceptron/options.hpp"
#include "perceptron/view.hpp"

namespace perceptron::bench::gpu {

/// In pinned memory that the device sees: how the host ends a hold, and how a hold tells that it ended
/// itself.
struct HoldWord {
  std::uint32_t released = 0;  ///< Ticket of the last hold that may end.
  std::uint32_t expired = 0;   ///< Ticket of the last hold that had waited too long.
};

/// Keeps the stream until the word's ticket is released, at most so long: what was queued behind it may be
/// what the host waits for.
void hold(Stream stream, HoldWord* word, std::uint32_t ticket, std::uint64_t most_nanoseconds);

/// One warp that does nothing.
void launch_nothing(Stream stream);

/// Multiprocessors that stamps have room for; numbers of multiprocessors may have gaps.
inline constexpr std::size_t kMostMultiprocessors = 1024;

/// stamps[i] for each multiprocessor i that gets one of two blocks per multiprocessor.
void stamp(Stream stream, Stamp* stamps, int multiprocessors);

/// Reads every byte once and keeps the sum; bytes is a multiple of 16.
void read_all(Stream stream, const void* data, std::size_t bytes, int multiprocessors);

/// Multiply-adds from registers to registers on data whose bits change at every step.
void multiply_add(Stream stream, DType accumulator, int multiprocessors);
double multiply_add_flops(int multiprocessors);

/// Exactly, into an accumulator type. Both are contiguous.
void widen(Stream stream, const ConstMatrixView& from, const MatrixView& to);

/// True where finish() below can stand in for the problem's epilogue.
bool can_finish(DType dtype, DType output_dtype, ActivationKind kind);

/// y = f(y + bias) in place: what a peer that cannot fuse them must do afterwards. y is contiguous; bias is
/// of the accumulator type, groups × columns, or null.
void finish(Stream stream, const MatrixView& y, const void* bias, const Activation& activation);

struct Tolerance {
  double absolute = 0;
  double relative = 0;  ///< Of the expected value's magnitude.
};

/// Elements that are further from the expected ones, or NaN. Waits.
std::int64_t count_far(Stream stream, const ConstMatrixView& found, const ConstMatrixView& expected,
                       const Tolerance& tolerance);

}  // namespace perceptron::bench::gpu
