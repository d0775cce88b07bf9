// The part of a run whose lanes are rows: few outputs, many rows.
#include <algorithm>

#include "src/cpu/layer_run.hpp"

namespace perceptron::cpu {

template <class A>
void LayerRun<A>::run_row_lane(const Part& part, A* x_panel, A* sums) const {
  const std::int64_t row_bytes = std::min(kSumBlock, layer_.inputs()) * static_cast<std::int64_t>(sizeof(A));
  const std::int64_t unit = kRowLaneVectors * kernels_.lanes;
  const std::int64_t most_rows = std::max(unit, kNearPanelBytes / row_bytes / unit * unit);
  for (std::int64_t row = 0; row < part.rows; row += most_rows) {
    Part piece = part;
    piece.first_row = part.first_row + row;
    piece.rows = std::min(most_rows, part.rows - row);
    const std::int64_t padded = divide_up(piece.rows, unit) * unit;
    for (std::int64_t k = 0; k < layer_.inputs(); k += kSumBlock) {
      Part whole = piece, rest = piece;
      whole.rows = std::min(piece.rows, readable_rows(piece)) / unit * unit;
      rest.rows = piece.rows - whole.rows;
      rest.first_row = piece.first_row + whole.rows;
      if (whole.rows > 0) row_lane_block(whole, k, {sums, padded});
      if (rest.rows > 0) row_lane_rest(rest, k, x_panel, {sums + whole.rows, padded});
    }
    finish_row_lane(piece, padded, sums);
  }
}

/// Few inputs, one row right behind the other.
template <class A>
bool LayerRun<A>::is_interleaved() const {
  return layer_.inputs() <= kInterleavedInputs && x_.stride == layer_.inputs() && x_.dtype == kDTypeOf<A>;
}

/// Rows from the part's first on that may be read by whole vectors: short ones only where others lie right
/// behind them.
template <class A>
std::int64_t LayerRun<A>::readable_rows(const Part& part) const {
  if (layer_.inputs() >= kernels_.lanes || is_interleaved()) return part.rows;
  if (x_.stride != layer_.inputs()) return 0;
  const std::int64_t read_along = divide_up(kernels_.lanes, layer_.inputs()) - 1;
  return std::max<std::int64_t>(0, x_.rows - read_along - part.first_row);
}

template <class A>
RowLaneArguments<A> LayerRun<A>::row_lane_arguments(const Part& part, std::int64_t first_input,
                                                    Sums sums) const {
  const std::int64_t width = layer_.panel_width(0);
  RowLaneArguments<A> arguments{};
  arguments.x = static_cast<const std::byte*>(x_.element(part.group, part.first_row)) +
                first_input * static_cast<std::int64_t>(size_of(x_.dtype));
  arguments.x_stride = x_.stride;
  arguments.weights = static_cast<const A*>(layer_.panel(part.group, 0)) + first_input * width;
  arguments.t = sums.t;
  arguments.t_stride = sums.stride;
  arguments.block_inputs = std::min(kSumBlock, layer_.inputs() - first_input);
  arguments.panel_width = width;
  arguments.rows = part.rows;
  arguments.outputs = static_cast<int>(layer_.outputs());
  arguments.is_first_block = first_input == 0;
  return arguments;
}

/// Whole vectors of rows.
template <class A>
void LayerRun<A>::row_lane_block(const Part& part, std::int64_t first_input, Sums sums) const {
  RowLaneArguments<A> arguments = row_lane_arguments(part, first_input, sums);
  arguments.upcoming = upcoming(part, first_input);
  if (is_interleaved()) {
    kernels_.row_lane_interleaved[static_cast<std::size_t>(layer_.inputs() - 1)](arguments);
  } else {
    kernels_.row_lane[index_of(x_.dtype)](arguments);
  }
}

/// Rows that do not fill a vector, or may not be read by one: transposed through memory.
template <class A>
void LayerRun<A>::row_lane_rest(const Part& part, std::int64_t first_input, A* x_panel, Sums sums) const {
  RowLaneArguments<A> arguments = row_lane_arguments(part, first_input, sums);
  const std::int64_t padded = divide_up(part.rows, kernels_.lanes) * kernels_.lanes;
  kernels_.widen_transposed[index_of(x_.dtype)](
      {arguments.x, x_.stride, x_panel, padded, part.rows, arguments.block_inputs});
  arguments.x = x_panel;
  arguments.x_stride = padded;
  arguments.rows = padded;
  kernels_.row_lane_transposed(arguments);
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

template void LayerRun<float>::run_row_lane(const Part&, float*, float*) const;
template void LayerRun<double>::run_row_lane(const Part&, double*, double*) const;

}  // namespace perceptron::cpu
