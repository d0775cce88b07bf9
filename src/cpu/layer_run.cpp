#include "src/cpu/layer_run.hpp"

#include <algorithm>

namespace perceptron::cpu {
namespace {

std::int64_t divide_up(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

std::size_t index_of(DType dtype) { return static_cast<std::size_t>(dtype); }

}  // namespace

template <class A>
struct LayerRun<A>::Part {
  std::int64_t group;
  std::int64_t first_row;
  std::int64_t rows;
  std::int64_t first_panel;
  std::int64_t panels;
};

template <class A>
LayerRun<A>::LayerRun(const Kernels<A>& kernels, const PackedLayer& layer, ConstMatrixView x, MatrixView y)
    : kernels_(kernels),
      layer_(layer),
      x_(x),
      y_(y),
      kind_(layer.activation().kind == ActivationKind::softmax ? ActivationKind::identity
                                                               : layer.activation().kind),
      kernel_(choose_kernel(layer.outputs(), x.rows, kernels.lanes)) {}

template <class A>
TaskGrid LayerRun<A>::tasks(int threads) const {
  TaskGrid grid;
  grid.groups = layer_.groups();
  const std::int64_t most_rows = kernel_ == Kernel::row_lane ? std::int64_t{8192} : kTaskRows;
  const std::int64_t unit = kernel_ == Kernel::row_lane ? kRowLaneVectors * kernels_.lanes : kTileRows;
  // As many row tasks as fit evenly on the threads, of nearly equal size in whole units of rows.
  std::int64_t wanted = divide_up(x_.rows, most_rows);
  if (x_.rows >= threads * unit) wanted = divide_up(wanted, threads) * threads;
  grid.rows_per_task = std::min(most_rows, divide_up(divide_up(x_.rows, wanted), unit) * unit);
  grid.row_tasks = divide_up(x_.rows, grid.rows_per_task);
  const std::int64_t most_panels = std::max<std::int64_t>(1, kTaskOutputs / layer_.wide());
  std::int64_t panel_tasks = divide_up(layer_.panels(), most_panels);
  // Too few rows for all threads: the outputs are shared out as well.
  while (threads > 1 && grid.groups * grid.row_tasks * panel_tasks < 2 * threads &&
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
  A* x_panel = workspace.x_panel<A>(thread);
  A* sums = workspace.sums<A>(thread);
  if (kernel_ == Kernel::row_lane) {
    run_row_lane(part, x_panel, sums);
  } else {
    run_tile(part, x_panel, sums);
  }
}

template <class A>
void LayerRun<A>::run_tile(const Part& part, A* x_panel, A* sums) const {
  for (std::int64_t k = 0; k < layer_.inputs(); k += kSumBlock) tile_block(part, k, x_panel, sums);
}

/// Adds one block of inputs to the sums of every panel of the part; after the last block finishes them while
/// they are in the first-level cache.
template <class A>
void LayerRun<A>::tile_block(const Part& part, std::int64_t first_input, A* x_panel, A* sums) const {
  const std::int64_t count = std::min(kSumBlock, layer_.inputs() - first_input);
  const bool is_last = first_input + count == layer_.inputs();
  const auto input_bytes = static_cast<std::int64_t>(size_of(x_.dtype));
  const auto* x = static_cast<const std::byte*>(x_.element(part.group, part.first_row));
  kernels_.widen[index_of(x_.dtype)](
      {x + first_input * input_bytes, x_.stride, x_panel, kPanelStride<A>, part.rows, count});
  const auto weight_bytes = static_cast<std::int64_t>(size_of(layer_.packed_dtype()));
  // A single block is finished at once, so all panels may use the same few lines of cache.
  const bool is_only = is_last && first_input == 0;
  for (std::int64_t p = 0; p < part.panels; ++p) {
    const std::int64_t panel = part.first_panel + p;
    const std::int64_t width = layer_.panel_width(panel);
    const auto* weights = static_cast<const std::byte*>(layer_.panel(part.group, panel));
    A* t = sums + (is_only ? 0 : p * layer_.wide() * part.rows);
    kernels_.tile[index_of(layer_.packed_dtype())](
        {x_panel, weights + first_input * width * weight_bytes, t, count, static_cast<int>(part.rows),
         static_cast<int>(width / kernels_.lanes), first_input == 0});
    if (is_last) finish_panel(part, panel, t);
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
  const std::int64_t first_output = panel * layer_.wide();
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

template <class A>
void LayerRun<A>::run_row_lane(const Part& part, A* x_panel, A* sums) const {
  const std::int64_t unit = kRowLaneVectors * kernels_.lanes;
  const std::int64_t block = std::min(kSumBlock, layer_.inputs());
  const std::int64_t fitting = kTransposedBytes / static_cast<std::int64_t>(sizeof(A)) / block / unit * unit;
  const std::int64_t most_rows = std::max(unit, fitting);
  const auto input_bytes = static_cast<std::int64_t>(size_of(x_.dtype));
  for (std::int64_t row = 0; row < part.rows; row += most_rows) {
    Part piece = part;
    piece.first_row = part.first_row + row;
    piece.rows = std::min(most_rows, part.rows - row);
    const std::int64_t padded = divide_up(piece.rows, unit) * unit;
    for (std::int64_t k = 0; k < layer_.inputs(); k += kSumBlock) {
      const std::int64_t count = std::min(kSumBlock, layer_.inputs() - k);
      const auto* x =
          static_cast<const std::byte*>(x_.element(part.group, piece.first_row)) + k * input_bytes;
      kernels_.widen_transposed[index_of(x_.dtype)]({x, x_.stride, x_panel, padded, piece.rows, count});
      const std::int64_t width = layer_.panel_width(0);
      const A* weights = static_cast<const A*>(layer_.panel(part.group, 0)) + k * width;
      kernels_.row_lane(
          {x_panel, weights, sums, count, width, padded, static_cast<int>(layer_.outputs()), k == 0});
    }
    finish_row_lane(piece, padded, sums);
  }
}

template <class A>
void LayerRun<A>::finish_row_lane(const Part& part, std::int64_t padded_rows, A* t) const {
  FinishArguments<A> finish = finish_arguments(t, part.group, 0);
  void* y = y_.element(part.group, part.first_row);
  const bool is_direct = layer_.outputs() == 1 && y_.dtype == kDTypeOf<A> && y_.stride == 1;
  finish.bias_by_row = true;
  finish.t_stride = padded_rows;
  finish.y = is_direct ? static_cast<A*>(y) : t;
  finish.y_stride = padded_rows;
  finish.rows = layer_.outputs();
  finish.columns = part.rows;
  kernels_.finish[static_cast<std::size_t>(kind_)](finish);
  if (!is_direct) {
    kernels_.narrow_transposed[index_of(y_.dtype)](
        {t, padded_rows, y, y_.stride, part.rows, layer_.outputs()});
  }
}

template class LayerRun<float>;
template class LayerRun<double>;

}  // namespace perceptron::cpu
