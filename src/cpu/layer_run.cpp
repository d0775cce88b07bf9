// Cutting a run into tasks, and the tile kernel's part of it; row_lane_run.cpp has the other kernel's.
#include "src/cpu/layer_run.hpp"

#include <algorithm>

namespace perceptron::cpu {

template <class A>
LayerRun<A>::LayerRun(const Kernels<A>& kernels, const PackedLayer& layer, const ConstMatrixView& x,
                      const MatrixView& y)
    : kernels_(kernels),
      layer_(layer),
      x_(x),
      y_(y),
      kind_(layer.activation().kind == ActivationKind::softmax ? ActivationKind::identity
                                                               : layer.activation().kind),
      kernel_(choose_kernel(layer.inputs(), layer.outputs(), x.rows, kernels.lanes)) {}

template <class A>
TaskGrid LayerRun<A>::tasks(int threads) const {
  TaskGrid grid;
  grid.groups = layer_.groups();
  const std::int64_t most_rows = most_task_rows();
  // Whole vectors of rows, or any number, which tiles split evenly.
  const std::int64_t unit = kernel_ == Kernel::row_lane ? kRowLaneVectors * kernels_.lanes : 1;
  // As many row tasks as fit evenly on the threads, of nearly equal size.
  std::int64_t wanted = divide_up(x_.rows, most_rows);
  const std::int64_t least = std::max<std::int64_t>(unit, kTileRows);
  if (x_.rows >= threads * least) wanted = divide_up(wanted, threads) * threads;
  grid.rows_per_task = std::min(most_rows, divide_up(divide_up(x_.rows, wanted), unit) * unit);
  grid.row_tasks = divide_up(x_.rows, grid.rows_per_task);
  std::int64_t panel_tasks = divide_up(layer_.panels(), most_task_panels());
  // Too few rows for all threads: the outputs are shared out as well.
  while (grid.groups * grid.row_tasks * panel_tasks < std::int64_t{2} * threads &&
         panel_tasks < layer_.panels()) {
    panel_tasks = std::min(2 * panel_tasks, layer_.panels());
  }
  grid.panels_per_task = divide_up(layer_.panels(), panel_tasks);
  grid.panel_tasks = divide_up(layer_.panels(), grid.panels_per_task);
  return grid;
}

template <class A>
void LayerRun<A>::run(const TaskGrid& grid, std::int64_t task, CpuWorkspace& workspace, int thread) const {
  Part part{};
  part.first_panel = task % grid.panel_tasks * grid.panels_per_task;
  part.first_row = task / grid.panel_tasks % grid.row_tasks * grid.rows_per_task;
  part.group = task / grid.panel_tasks / grid.row_tasks;
  part.rows = std::min(grid.rows_per_task, x_.rows - part.first_row);
  part.panels = std::min(grid.panels_per_task, layer_.panels() - part.first_panel);
  run_part(part, workspace, thread);
}

template <class A>
void LayerRun<A>::run_all(CpuWorkspace& workspace) const {
  const std::int64_t most_rows = most_task_rows(), most_panels = most_task_panels();
  Part part{};
  for (part.group = 0; part.group < layer_.groups(); ++part.group) {
    for (part.first_row = 0; part.first_row < x_.rows; part.first_row += most_rows) {
      part.rows = std::min(most_rows, x_.rows - part.first_row);
      for (part.first_panel = 0; part.first_panel < layer_.panels(); part.first_panel += most_panels) {
        part.panels = std::min(most_panels, layer_.panels() - part.first_panel);
        run_part(part, workspace, 0);
      }
    }
  }
}

template <class A>
void LayerRun<A>::run_part(const Part& part, CpuWorkspace& workspace, int thread) const {
  A* x_panel = workspace.x_panel<A>(thread);
  A* sums = workspace.sums<A>(thread);
  if (kernel_ == Kernel::row_lane) {
    run_row_lane(part, x_panel, sums);
  } else {
    run_tile(part, x_panel, sums);
  }
}

template <class A>
std::int64_t LayerRun<A>::most_task_rows() const {
  return kernel_ == Kernel::row_lane ? kRowLaneTaskRows : kTaskRows;
}

template <class A>
std::int64_t LayerRun<A>::most_task_panels() const {
  const bool is_one_task = layer_.panels() * layer_.full_panel_width() <= kTaskOutputs;
  return is_one_task ? layer_.panels() : kTaskOutputs / layer_.full_panel_width();
}

/// How many rows go through all inputs together. Many, where the weights are large and must not stream too
/// often. Few, where the weights fit the second-level cache beside them: then x is what streams, and it
/// should be read in the order of memory, not 256 inputs of many rows. Fewest with one block, whose panel and
/// sums then stay in the first-level cache.
template <class A>
std::int64_t LayerRun<A>::piece_rows() const {
  if (x_.rows <= kTileRows) return kTileRows;
  const std::int64_t row_bytes = layer_.inputs() * static_cast<std::int64_t>(sizeof(A));
  if (row_bytes * layer_.outputs() > kNearWeightBytes) return kPieceRows;
  const std::int64_t unit = layer_.outputs() <= kernels_.lanes ? kMostNarrowTileRows : kTileRows;
  const std::int64_t budget = layer_.inputs() <= kSumBlock ? kNearPanelBytes : kNearRowBytes;
  return std::clamp(budget / row_bytes / unit * unit, unit, kPieceRows);
}

template <class A>
void LayerRun<A>::run_tile(const Part& part, A* x_panel, A* sums) const {
  const std::int64_t pieces = divide_up(part.rows, piece_rows());
  const std::int64_t rows = divide_up(part.rows, pieces);
  for (std::int64_t row = 0; row < part.rows; row += rows) {
    const Part piece{part.group, part.first_row + row, std::min(rows, part.rows - row), part.first_panel,
                     part.panels};
    // What is copied goes block by block; a single row that is read in place goes through all inputs at once.
    const std::int64_t most = piece.rows == 1 ? layer_.inputs() : kStepInputs;
    const std::int64_t step = is_in_place(piece.rows) ? most : kSumBlock;
    for (std::int64_t k = 0; k < layer_.inputs(); k += step) tile_block(piece, {k, step}, x_panel, sums);
  }
}

/// What is to be asked for while a block of inputs of some rows is computed: the share of the rows after them
/// that the block has of its own, in the order of memory.
template <class A>
Upcoming LayerRun<A>::upcoming(const Part& part, std::int64_t first_input) const {
  if (part.first_row + part.rows >= x_.rows) return {};
  const auto bytes = static_cast<std::int64_t>(size_of(x_.dtype));
  const std::int64_t row_bytes = layer_.inputs() * bytes;
  const std::int64_t at = first_input * part.rows * bytes;
  const auto* rows = static_cast<const std::byte*>(x_.element(part.group, part.first_row + part.rows));
  return {rows + at / row_bytes * x_.stride * bytes, x_.stride * bytes, row_bytes, at % row_bytes};
}

/// Whether the kernel reads x itself: not where x has another type, nor where rows that share sets meet tiles
/// of one vector, of which they are most of the traffic (4096x4096x16 took a tenth longer in place).
template <class A>
bool LayerRun<A>::is_in_place(std::int64_t rows) const {
  const bool is_narrow = layer_.outputs() <= kernels_.lanes;
  const auto stride_bytes = x_.stride * static_cast<std::int64_t>(size_of(x_.dtype));
  return x_.dtype == kDTypeOf<A> && !(is_narrow && rows > kWays && share_sets(stride_bytes));
}

/// The inputs from first_input on of the part's rows as accumulators: x itself, or a copy of one block.
template <class A>
typename LayerRun<A>::Rows LayerRun<A>::widened(const Part& part, std::int64_t first_input,
                                                A* x_panel) const {
  const auto input_bytes = static_cast<std::int64_t>(size_of(x_.dtype));
  const auto* x =
      static_cast<const std::byte*>(x_.element(part.group, part.first_row)) + first_input * input_bytes;
  if (is_in_place(part.rows)) return {reinterpret_cast<const A*>(x), x_.stride};
  const std::int64_t count = std::min(kSumBlock, layer_.inputs() - first_input);
  kernels_.widen[index_of(x_.dtype)]({x, x_.stride, x_panel, kPanelStride<A>, part.rows, count});
  return {x_panel, kPanelStride<A>};
}

/// Whether the sums can be finished where they are, in registers.
template <class A>
TileEnd LayerRun<A>::tile_end() const {
  if (y_.dtype != kDTypeOf<A>) return TileEnd::sums;
  if (kind_ == ActivationKind::relu) return TileEnd::relu;
  return kind_ == ActivationKind::identity ? TileEnd::identity : TileEnd::sums;
}

/// How many panels from the part's p-th on a single row takes in one call.
template <class A>
int LayerRun<A>::panels_together(const Part& part, std::int64_t p) const {
  for (int count = part.rows == 1 ? kRowPanels : 1; count > 1; count /= 2) {
    if (p + count > part.panels) continue;
    if (layer_.panel_vectors(part.first_panel + p + count - 1) == kPanelVectors) return count;
  }
  return 1;
}

/// Adds one block of inputs to the sums of every panel of the part; after the last block finishes them while
/// they are in the first-level cache.
template <class A>
void LayerRun<A>::tile_block(const Part& part, Block block, A* x_panel, A* sums) const {
  const std::int64_t first_input = block.first;
  const Rows x = widened(part, first_input, x_panel);
  const auto weight_bytes = static_cast<std::int64_t>(size_of(layer_.packed_dtype()));
  const A* bias = static_cast<const A*>(layer_.bias(part.group));
  TileArguments<A> arguments;
  arguments.x = x.first;
  arguments.x_stride = x.stride;
  arguments.block_inputs = std::min(block.most, layer_.inputs() - first_input);
  arguments.rows = static_cast<int>(part.rows);
  arguments.is_first_block = first_input == 0;
  arguments.panel_stride = layer_.full_panel_width() * layer_.inputs();
  const bool is_last = first_input + arguments.block_inputs == layer_.inputs();
  const TileEnd end = is_last ? tile_end() : TileEnd::sums;
  const auto tile = kernels_.tile[static_cast<std::size_t>(end)][index_of(layer_.packed_dtype())];
  const auto row_bytes = layer_.inputs() * static_cast<std::int64_t>(size_of(x_.dtype));
  const bool asks_ahead = row_bytes > kStreamedRowBytes || x_.stride != layer_.inputs();
  int together = 1;
  for (std::int64_t p = 0; p < part.panels; p += together) {
    const std::int64_t panel = part.first_panel + p;
    const int vectors = layer_.panel_vectors(panel);
    const std::int64_t width = std::int64_t{vectors} * kernels_.lanes;
    together = panels_together(part, p);
    arguments.weights =
        static_cast<const std::byte*>(layer_.panel(part.group, panel)) + first_input * width * weight_bytes;
    arguments.vectors = together * vectors;
    // A single block is finished at once, so all panels may use the same few lines of cache.
    arguments.t =
        sums + (is_last && arguments.is_first_block ? 0 : p * layer_.full_panel_width() * part.rows);
    arguments.upcoming = asks_ahead && p + together == part.panels ? upcoming(part, first_input) : Upcoming{};
    if (end != TileEnd::sums) {
      arguments.bias = bias + panel * layer_.full_panel_width();
      arguments.y =
          static_cast<A*>(y_.element(part.group, part.first_row)) + panel * layer_.full_panel_width();
      arguments.y_stride = y_.stride;
      arguments.columns = layer_.outputs() - panel * layer_.full_panel_width();
    }
    tile(arguments);
    if (is_last && end == TileEnd::sums) {
      for (int q = 0; q < together; ++q) {
        finish_panel(part, panel + q, arguments.t + q * layer_.full_panel_width() * part.rows);
      }
    }
  }
}

template <class A>
FinishArguments<A> LayerRun<A>::finish_arguments(A* t, std::int64_t group, std::int64_t first_output) const {
  FinishArguments<A> arguments{};
  arguments.t = t;
  arguments.bias = static_cast<const A*>(layer_.bias(group)) + first_output;
  arguments.parameter = static_cast<A>(layer_.activation().parameter);
  return arguments;
}

template <class A>
void LayerRun<A>::finish_panel(const Part& part, std::int64_t panel, A* t) const {
  const std::int64_t first_output = panel * layer_.full_panel_width();
  const std::int64_t width = layer_.panel_width(panel);
  FinishArguments<A> finish = finish_arguments(t, part.group, first_output);
  auto* y = static_cast<std::byte*>(y_.element(part.group, part.first_row)) +
            first_output * static_cast<std::int64_t>(size_of(y_.dtype));
  const bool is_direct = y_.dtype == kDTypeOf<A>;
  finish.t_stride = width;
  finish.y = is_direct ? reinterpret_cast<A*>(y) : t;
  finish.y_stride = is_direct ? y_.stride : width;
  finish.rows = part.rows;
  finish.columns = std::min(width, layer_.outputs() - first_output);
  kernels_.finish[static_cast<std::size_t>(kind_)](finish);
  if (!is_direct) {
    kernels_.narrow[index_of(y_.dtype)]({t, width, y, y_.stride, part.rows, finish.columns});
  }
}

template class LayerRun<float>;
template class LayerRun<double>;

}  // namespace perceptron::cpu
