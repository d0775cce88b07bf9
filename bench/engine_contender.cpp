#include "bench/engine_contender.hpp"

#include "perceptron/engine.hpp"

namespace perceptron::bench {
namespace {

Layer layer_of(const Task& task) {
  const Problem& p = task.problem;
  return {{task.weight, p.outputs, p.inputs}, {task.bias, 1, p.outputs}, p.activation};
}

Options options_of(const Task& task) {
  Options options;
  options.device = "cpu";
  options.threads = task.threads;
  return options;
}

class EngineContender : public Contender {
 public:
  explicit EngineContender(const Task& task)
      : engine_(Model{layer_of(task)}, options_of(task)),
        session_(engine_.session()),
        x_(task.x, task.problem.rows, task.problem.inputs),
        y_(task.y, task.problem.rows, task.problem.outputs) {}

  std::string name() const override { return std::string(kOurName); }
  std::string way() const override { return engine_.plan(x_.rows).layers.front().kernel; }
  void run() override { session_.run(x_, y_); }

 private:
  Engine engine_;
  Session session_;
  ConstMatrixView x_;
  MatrixView y_;
};

}  // namespace

std::unique_ptr<Contender> engine_contender(const Task& task) {
  return std::make_unique<EngineContender>(task);
}

}  // namespace perceptron::bench
