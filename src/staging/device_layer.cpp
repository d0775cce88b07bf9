#include "src/staging/device_layer.hpp"

#include <fmt/format.h>

#include <optional>

#include "kernels/pack/pack.hpp"
#include "kernels/row_softmax/row_softmax.hpp"
#include "perceptron/error.hpp"
#include "src/planning/linear_arguments.hpp"

namespace perceptron::staging {
namespace {

/// One where all groups share one matrix for good; else each group has its own, also where none is given yet.
std::int64_t packed_groups(const ConstMatrixView& view, std::int64_t groups) {
  return view.data != nullptr && view.group_stride == 0 ? 1 : groups;
}
std::int64_t weight_groups(const Layer& layer) { return packed_groups(layer.weight, layer.groups()); }
std::int64_t bias_groups(const Layer& layer) { return packed_groups(layer.bias, layer.groups()); }

std::int64_t weight_elements(const Layer& layer) {
  return layer.inputs() * kernels::packed_outputs(layer.outputs());
}
std::size_t weight_bytes(const Layer& layer) {
  return static_cast<std::size_t>(weight_groups(layer) * weight_elements(layer)) *
         size_of(layer.weight.dtype);
}
std::size_t bias_bytes(const Layer& layer) {
  return static_cast<std::size_t>(bias_groups(layer) * kernels::packed_outputs(layer.outputs())) *
         size_of(accumulator_of(layer.weight.dtype));
}

/// The matrix in device memory: where it lies, or a copy that lives as long as this.
class OnDevice {
 public:
  OnDevice(Accelerator& accelerator, const ConstMatrixView& view, const char* name, Layout layout)
      : view_(view) {
    if (view.place == Place::device || view.data == nullptr) return;
    placed_ = make_room(accelerator, view, name, layout);
    view_ = placed_->view;
  }
  void fill(Accelerator& accelerator, Queue queue, const ConstMatrixView& source) {
    if (placed_) copy_in(accelerator, queue, source, placed_->view);
  }
  const ConstMatrixView& view() const { return view_; }
  bool is_copy() const { return placed_.has_value(); }

 private:
  std::optional<PlacedMatrix> placed_;
  ConstMatrixView view_;
};

kernels::Launch pack_weight(const ConstMatrixView& weight, const Layer& shape, void* packed) {
  return kernels::pack::pack_weight({weight.data, packed, weight.columns, weight.rows, weight_groups(shape),
                                     weight.stride, weight.group_stride},
                                    weight.dtype);
}

/// A bias view without data means none.
kernels::Launch pack_bias(const ConstMatrixView& bias, const Layer& shape, void* packed) {
  const DType accumulator = accumulator_of(shape.weight.dtype);
  const DType dtype = bias.data == nullptr ? accumulator : bias.dtype;
  return kernels::pack::pack_bias(
      {bias.data, packed, shape.outputs(), bias_groups(shape), bias.group_stride, dtype}, accumulator);
}

}  // namespace

DeviceLayer::DeviceLayer(Accelerator& accelerator, const Layer& layer,
                         std::vector<planning::PolicyRange> policies, Queue queue)
    : accelerator_(accelerator),
      shape_(layer),
      policies_(std::move(policies)),
      weight_(accelerator, {weight_bytes(layer), "weight"}, queue),
      bias_(accelerator, {bias_bytes(layer), "bias"}, queue),
      written_(accelerator) {}

void DeviceLayer::write(const Layer& layer, Layout layout, Queue queue) const {
  OnDevice weight(accelerator_, layer.weight, "weight as given", layout);
  OnDevice bias(accelerator_, layer.bias, "bias as given", layout);
  const WaitOnError copies_stay(accelerator_, queue);
  if (is_written_) wait_on(queue);  // Behind an earlier update on another queue.
  weight.fill(accelerator_, queue, layer.weight);
  bias.fill(accelerator_, queue, layer.bias);
  accelerator_.launch(queue, pack_weight(weight.view(), shape_, weight_.data()));
  accelerator_.launch(queue, pack_bias(bias.view(), shape_, bias_.data()));
  accelerator_.record(written_.get(), queue);
  is_written_ = true;
  if (weight.is_copy() || bias.is_copy()) accelerator_.synchronize(queue);
}

void DeviceLayer::protect() const {
  accelerator_.protect(weight_.data());
  accelerator_.protect(bias_.data());
}

void DeviceLayer::make_ready() const {
  accelerator_.make_ready(pack_weight(shape_.weight, shape_, weight_.data()));
  accelerator_.make_ready(pack_bias(shape_.bias, shape_, bias_.data()));
  const DType storage = shape_.weight.dtype;
  for (const planning::PolicyRange& range : policies_) {
    accelerator_.make_ready(planning::launch_of(problem_of(shape_, range.first_row), *range.candidate));
  }
  if (shape_.activation.kind != ActivationKind::softmax) return;
  accelerator_.make_ready(kernels::row_softmax::launch({}, accumulator_of(storage)));
}

void DeviceLayer::launch(Queue queue, const ConstMatrixView& x, const MatrixView& y, void* sums) const {
  if (shape_.activation.kind != ActivationKind::softmax) return launch_linear(queue, x, y);
  const DType accumulator = accumulator_of(x.dtype);
  const MatrixView z =
      MatrixView(sums, accumulator, y.rows, y.columns).with_groups(y.groups, y.rows * y.columns);
  launch_linear(queue, x, z);
  kernels::row_softmax::SoftmaxArguments arguments;
  arguments.z = z.data;
  arguments.y = y.data;
  arguments.rows = y.rows;
  arguments.outputs = y.columns;
  arguments.groups = y.groups;
  arguments.z_stride = z.stride;
  arguments.z_group_stride = z.group_stride;
  arguments.y_stride = y.stride;
  arguments.y_group_stride = y.group_stride;
  arguments.output_dtype = y.dtype;
  accelerator_.launch(queue, kernels::row_softmax::launch(arguments, accumulator));
}

void DeviceLayer::launch_linear(Queue queue, const ConstMatrixView& x, const MatrixView& z) const {
  planning::PackedWeights weights{weight_.data(), bias_.data(), 0, 0};
  if (weight_groups(shape_) > 1) weights.weight_group_stride = weight_elements(shape_);
  if (bias_groups(shape_) > 1) weights.bias_group_stride = kernels::packed_outputs(shape_.outputs());
  const bool is_softmax = shape_.activation.kind == ActivationKind::softmax;
  const Activation activation = is_softmax ? Activation(ActivationKind::identity) : shape_.activation;
  const kernels::Candidate& candidate = *planning::find_range(policies_, x.rows).candidate;
  accelerator_.launch(queue,
                      candidate.launch(planning::linear_arguments(x, weights, z, activation), x.dtype));
}

}  // namespace perceptron::staging
