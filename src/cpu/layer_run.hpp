// One run of one layer on the CPU, cut into tasks that any thread may carry out in any order.
#pragma once

#include <cstdint>

#include "perceptron/view.hpp"
#include "src/cpu/kernel_table.hpp"
#include "src/cpu/packed_layer.hpp"
#include "src/cpu/workspace.hpp"

namespace perceptron::cpu {

inline std::int64_t divide_up(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

/// Which kernel serves rows of this layer.
enum class Kernel { tile, row_lane };

/// Lanes are rows where a vector of outputs would be mostly padding and there are rows enough to fill one.
/// With few inputs to sum, more outputs than half a vector are not worth their way through a transpose:
/// 200000x16x10 took 1.7 ms on a Zen 4 core, in tiles 1.25, but 100000x64x10 2.3 ms and 2.65.
inline Kernel choose_kernel(std::int64_t inputs, std::int64_t outputs, std::int64_t rows, int lanes) {
  const bool is_short = inputs <= 2 * lanes && outputs > lanes / 2;
  const bool is_narrow = outputs <= PackedLayer::row_lane_outputs(lanes) && !is_short;
  return is_narrow && rows >= lanes ? Kernel::row_lane : Kernel::tile;
}

/// A task is rows_per_task rows × panels_per_task panels of one group.
struct TaskGrid {
  std::int64_t groups = 1;
  std::int64_t rows_per_task = 1;
  std::int64_t row_tasks = 1;
  std::int64_t panels_per_task = 1;
  std::int64_t panel_tasks = 1;

  std::int64_t count() const { return groups * row_tasks * panel_tasks; }
};

template <class A>
class LayerRun {
 public:
  /// y: of any dtype. Softmax is left at its pre-activations: whole rows of it are finished in a second pass.
  /// Everything must live as long as the run. The views are not copied: a copy waits until what has just been
  /// written of them is in the cache, 5 to 9 ns each of a call that took 186 (1x64x10, sampled on a Zen 4
  /// core).
  LayerRun(const Kernels<A>& kernels, const PackedLayer& layer, const ConstMatrixView& x,
           const MatrixView& y);

  /// All of it on the caller's thread.
  void run_all(CpuWorkspace& workspace) const;
  /// For several threads.
  TaskGrid tasks(int threads) const;
  /// Carries out one task with the scratch memory of that thread.
  void run(const TaskGrid& grid, std::int64_t task, CpuWorkspace& workspace, int thread) const;

 private:
  /// What goes together: rows of one group × panels of outputs.
  struct Part {
    std::int64_t group;
    std::int64_t first_row;
    std::int64_t rows;
    std::int64_t first_panel;
    std::int64_t panels;
  };
  /// Sums as [output][row], stride apart.
  struct Sums {
    A* t;
    std::int64_t stride;
  };
  /// Inputs that go together: from `first` on, `most` or as many as there are.
  struct Block {
    std::int64_t first;
    std::int64_t most;
  };
  /// Rows of accumulators.
  struct Rows {
    const A* first;
    std::int64_t stride;
  };

  std::int64_t most_task_rows() const;
  std::int64_t most_task_panels() const;
  void run_part(const Part& part, CpuWorkspace& workspace, int thread) const;
  bool is_in_place(std::int64_t rows) const;
  Rows widened(const Part& part, std::int64_t first_input, A* x_panel) const;
  TileEnd tile_end() const;
  void run_tile(const Part& part, A* x_panel, A* sums) const;
  int panels_together(const Part& part, std::int64_t p) const;
  void tile_block(const Part& part, Block block, A* x_panel, A* sums) const;
  std::int64_t piece_rows() const;
  Upcoming upcoming(const Part& part, std::int64_t first_input) const;
  void finish_panel(const Part& part, std::int64_t panel, A* t) const;
  void run_row_lane(const Part& part, A* x_panel, A* sums) const;
  bool is_interleaved() const;
  std::int64_t readable_rows(const Part& part) const;
  void row_lane_block(const Part& part, std::int64_t first_input, Sums sums) const;
  void row_lane_rest(const Part& part, std::int64_t first_input, A* x_panel, Sums sums) const;
  RowLaneArguments<A> row_lane_arguments(const Part& part, std::int64_t first_input, Sums sums) const;
  void finish_row_lane(const Part& part, std::int64_t padded_rows, A* t) const;
  FinishArguments<A> finish_arguments(A* t, std::int64_t group, std::int64_t first_output) const;

  const Kernels<A>& kernels_;
  const PackedLayer& layer_;
  const ConstMatrixView& x_;
  const MatrixView& y_;
  ActivationKind kind_;
  Kernel kernel_;
};

}  // namespace perceptron::cpu
