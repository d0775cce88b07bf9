// One session's memory on the CPU: a fixed part for every thread that may work for it, and what the layers of
// a chunk of rows hand on.
#pragma once

#include <cstddef>
#include <cstdint>

#include "perceptron/matrix.hpp"
#include "src/engine/device.hpp"

namespace perceptron::cpu {

/// Rows and outputs of one task at most, and rows that go through all its weights together. 1024 inputs of 80
/// rows of f32 (320 KiB) stay near while the weights stream past them, a panel of 128 KiB at a time. On a Zen
/// 4 core 1024x1024x1024 ran at 0.96 of oneDNN's rate with pieces of 80 rows, at 0.94 with 120 and 0.93 with
/// 192.
inline constexpr std::int64_t kTaskRows = 192;
inline constexpr std::int64_t kPieceRows = 80;
inline constexpr std::int64_t kTaskOutputs = 1024;
inline constexpr std::int64_t kRowLaneTaskRows = 8192;
/// Inputs that go through all panels together where x is read in place: several blocks, whose totals stay
/// near registers. One block at a time, with the sums of all panels kept between, 16x1024x4096 ran at 0.90 of
/// oneDNN's rate instead of 1.05, 2048x784x128 at 0.95 instead of 1.00, and 512 inputs lay between.
inline constexpr std::int64_t kStepInputs = 4 * kSumBlock;
/// Half a first-level cache: rows of x, widened or transposed, that a kernel reads again and again.
inline constexpr std::int64_t kNearPanelBytes = std::int64_t{16} << 10;
/// Parts of a second-level cache: rows of x while all their blocks are summed, and weights that stay beside
/// them.
inline constexpr std::int64_t kNearRowBytes = std::int64_t{192} << 10;
inline constexpr std::int64_t kNearWeightBytes = std::int64_t{512} << 10;
/// Rows without gaps up to this size are a stream that the hardware's prefetcher follows by itself. Asked for
/// as well, 131072 rows of 64 bytes took 1.2 to 1.7 times as long on a Zen 4 core, 65536 of 128 bytes 1.06
/// to 1.3 times; rows of 400 to 1200 bytes took up to 1.8 times as long when nobody asked.
inline constexpr std::int64_t kStreamedRowBytes = 256;

class CpuWorkspace : public engine::Workspace {
 public:
  CpuWorkspace(const std::vector<Layer>& layers, std::int64_t rows, int threads);

  std::int64_t chunk_rows() const { return chunk_rows_; }

  /// Elements of a thread's panel of x, and of its sums, which follow it.
  static std::int64_t panel_elements();
  static std::int64_t sums_elements();
  static std::size_t bytes(const std::vector<Layer>& layers, std::int64_t rows, int threads);
  /// 2^63 − 1 where nothing is kept per row.
  static std::int64_t preferred_rows(const std::vector<Layer>& layers);

  template <class A>
  A* x_panel(int thread) {
    return static_cast<A*>(panels_.data()) + thread * panels_.columns();
  }
  template <class A>
  A* sums(int thread) {
    return x_panel<A>(thread) + panel_elements();
  }
  /// Room for the pre-activations of a softmax layer whose output is narrower than its accumulator.
  void* softmax_rows() { return softmax_.data(); }
  /// Where layer `index`, which is not the last, writes its output of a chunk.
  void* hidden(std::size_t index) { return hidden_[index % 2].data(); }

 private:
  std::int64_t chunk_rows_;
  Matrix panels_;
  Matrix softmax_;
  Matrix hidden_[2];
};

}  // namespace perceptron::cpu
