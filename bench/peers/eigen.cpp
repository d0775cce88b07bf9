// Eigen: a matrix product into y and one expression for bias and relu over it, or, the second way, one
// expression for everything, evaluated element by element (Eigen's own advice for short inner dimensions).
// This file is compiled for the building machine's instruction set, so Eigen uses AVX-512 and fused
// multiply-add where there are.
#include <omp.h>

#include <Eigen/Core>

#include "bench/peers/module.hpp"

namespace perceptron::bench {
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Row = Eigen::RowVectorXf;
using ConstMap = Eigen::Map<const RowMajor, Eigen::Aligned64>;
using Map = Eigen::Map<RowMajor, Eigen::Aligned64>;

/// Inputs up to which the element-by-element way is worth trying.
constexpr std::int64_t kShortInputs = 64;

class EigenContender : public Contender {
 public:
  EigenContender(const Task& task, std::string way)
      : task_(task),
        bias_(Eigen::Map<const Row>(task.f32_bias(), task.problem.outputs)),
        way_(std::move(way)) {
    Eigen::setNbThreads(task.threads);
  }
  std::string name() const override { return "eigen"; }
  std::string way() const override { return way_; }

 protected:
  ConstMap x(std::size_t set) const { return {task_.f32_x(set), task_.problem.rows, task_.problem.inputs}; }
  Map y(std::size_t set) const { return {task_.f32_y(set), task_.problem.rows, task_.problem.outputs}; }
  void add_bias_and_relu(Map y) const { y = (y.rowwise() + bias_).cwiseMax(0.0F); }

  Task task_;
  Row bias_;

 private:
  std::string way_;
};

/// Weights as given, outputs × inputs.
class Product : public EigenContender {
 public:
  explicit Product(const Task& task)
      : EigenContender(task, "weights as given"),
        weight_(task.f32_weight(), task.problem.outputs, task.problem.inputs) {}
  void run(std::size_t set) override {
    y(set).noalias() = x(set) * weight_.transpose();
    add_bias_and_relu(y(set));
  }

 private:
  ConstMap weight_;
};

/// Weights stored transposed beforehand, inputs × outputs.
class TransposedProduct : public EigenContender {
 public:
  explicit TransposedProduct(const Task& task)
      : EigenContender(task, "weights transposed"),
        weight_(ConstMap(task.f32_weight(), task.problem.outputs, task.problem.inputs).transpose()) {}
  void run(std::size_t set) override {
    y(set).noalias() = x(set) * weight_;
    add_bias_and_relu(y(set));
  }

 private:
  RowMajor weight_;
};

class LazyProduct : public EigenContender {
 public:
  explicit LazyProduct(const Task& task)
      : EigenContender(task, "lazy product"),
        weight_(ConstMap(task.f32_weight(), task.problem.outputs, task.problem.inputs).transpose()) {}
  void run(std::size_t set) override {
    y(set) = (x(set).lazyProduct(weight_).rowwise() + bias_).cwiseMax(0.0F);
  }

 private:
  RowMajor weight_;
};

Contenders ways_of(const Task& task) {
  Contenders ways;
  const Problem& p = task.problem;
  if (p.activation.kind != ActivationKind::relu) return ways;
  ways.push_back(std::make_unique<Product>(task));
  ways.push_back(std::make_unique<TransposedProduct>(task));
  if (p.inputs <= kShortInputs) ways.push_back(std::make_unique<LazyProduct>(task));
  return ways;
}

}  // namespace
}  // namespace perceptron::bench

const perceptron::bench::PeerModule perceptron_peer{.ways = &perceptron::bench::ways_of};
