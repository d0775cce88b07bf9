#include "bench/engine_contender.hpp"

#include "perceptron/engine.hpp"

namespace perceptron::bench {
namespace {

Layer layer_of(const Task& task) {
  const Problem& p = task.problem;
  Layer layer{
      ConstMatrixView(task.weight, p.dtype, p.outputs, p.inputs).with_groups(p.groups, p.outputs * p.inputs),
      {},
      p.activation};
  if (task.bias != nullptr) {
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

class EngineContender : public Contender {
 public:
  EngineContender(const Task& task, const std::string& device)
      : engine_(Model{layer_of(task)}, options_of(task, device)), session_(engine_.session()) {
    const Problem& p = task.problem;
    for (const Operands& set : task.sets) {
      calls_.push_back(
          {ConstMatrixView(set.x, p.dtype, p.rows, p.inputs)
               .with_groups(p.groups, p.shared_x ? 0 : p.rows * p.inputs),
           MatrixView(set.y, p.output_dtype, p.rows, p.outputs).with_groups(p.groups, p.rows * p.outputs)});
    }
  }

  std::string name() const override { return std::string(kOurName); }
  std::string way() const override { return engine_.plan(calls_.front().x.rows).layers.front().kernel; }
  void run(std::size_t set) override { session_.run(calls_[set].x, calls_[set].y); }

 private:
  struct Call {
    ConstMatrixView x;
    MatrixView y;
  };
  Engine engine_;
  Session session_;
  std::vector<Call> calls_;
};

}  // namespace

std::unique_ptr<Contender> engine_contender(const Task& task, const std::string& device) {
  return std::make_unique<EngineContender>(task, device);
}

}  // namespace perceptron::bench
