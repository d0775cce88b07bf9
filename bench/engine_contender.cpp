#include "bench/engine_contender.hpp"

#include "bench/stages.hpp"

namespace perceptron::bench {
namespace {

Layer layer_of(const Task& task) {
  const Problem& p = task.problem;
  Layer layer{
      ConstMatrixView(task.weight, p.dtype, p.outputs, p.inputs).with_groups(p.groups, p.outputs * p.inputs),
      {},
      p.activation};
  if (p.has_bias) {
    layer.bias = ConstMatrixView(task.bias, p.dtype, 1, p.outputs).with_groups(p.groups, p.outputs);
  }
  return layer;
}

Options options_of(const Task& task, const std::string& device) {
  Options options;
  options.device = device;
  options.threads = task.threads;
  options.arithmetic = task.problem.arithmetic;
  return options;
}

}  // namespace

EngineContender::EngineContender(const Task& task, const std::string& device)
    : engine_(Model{layer_of(task)}, options_of(task, device)), session_(engine_.session()) {
  const Problem& p = task.problem;
  for (const Operands& set : task.sets) {
    calls_.push_back(
        {ConstMatrixView(set.x, p.dtype, p.rows, p.inputs)
             .with_groups(p.groups, p.shared_x ? 0 : p.rows * p.inputs),
         MatrixView(set.y, p.output_dtype, p.rows, p.outputs).with_groups(p.groups, p.rows * p.outputs)});
  }
}

std::string EngineContender::way() const { return engine_.plan(calls_.front().x.rows).layers.front().kernel; }

StageTimes EngineContender::stages(double seconds, const std::function<void()>& poll) {
  return median_stages(session_, calls_.front().x, calls_.front().y, seconds, poll);
}

}  // namespace perceptron::bench
