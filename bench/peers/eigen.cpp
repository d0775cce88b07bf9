// Eigen: a matrix product into y and one expression for bias and relu over it, or, the second way, one
// expression for everything, evaluated element by element (Eigen's own advice for short inner dimensions).
// This file is compiled for the building machine's instruction set, so Eigen uses AVX-512 and fused
// multiply-add where there are.
#include <omp.h>

#include <Eigen/Core>

#include "bench/peers/peers.hpp"

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
      : x_(task.x, task.problem.rows, task.problem.inputs),
        y_(task.y, task.problem.rows, task.problem.outputs),
        bias_(Eigen::Map<const Row>(task.bias, task.problem.outputs)),
        way_(std::move(way)) {
    Eigen::setNbThreads(task.threads);
  }
  std::string name() const override { return "eigen"; }
  std::string way() const override { return way_; }

 protected:
  void add_bias_and_relu() { y_ = (y_.rowwise() + bias_).cwiseMax(0.0F); }

  ConstMap x_;
  Map y_;
  Row bias_;

 private:
  std::string way_;
};

/// Weights as given, outputs × inputs.
class Product : public EigenContender {
 public:
  explicit Product(const Task& task)
      : EigenContender(task, "weights as given"),
        weight_(task.weight, task.problem.outputs, task.problem.inputs) {}
  void run() override {
    y_.noalias() = x_ * weight_.transpose();
    add_bias_and_relu();
  }

 private:
  ConstMap weight_;
};

/// Weights stored transposed beforehand, inputs × outputs.
class TransposedProduct : public EigenContender {
 public:
  explicit TransposedProduct(const Task& task)
      : EigenContender(task, "weights transposed"),
        weight_(ConstMap(task.weight, task.problem.outputs, task.problem.inputs).transpose()) {}
  void run() override {
    y_.noalias() = x_ * weight_;
    add_bias_and_relu();
  }

 private:
  RowMajor weight_;
};

class LazyProduct : public EigenContender {
 public:
  explicit LazyProduct(const Task& task)
      : EigenContender(task, "lazy product"),
        weight_(ConstMap(task.weight, task.problem.outputs, task.problem.inputs).transpose()) {}
  void run() override { y_ = (x_.lazyProduct(weight_).rowwise() + bias_).cwiseMax(0.0F); }

 private:
  RowMajor weight_;
};

}  // namespace

Contenders eigen_ways(const Task& task) {
  Contenders ways;
  const Problem& p = task.problem;
  if (p.activation.kind != ActivationKind::relu) return ways;
  ways.push_back(std::make_unique<Product>(task));
  ways.push_back(std::make_unique<TransposedProduct>(task));
  if (p.inputs <= kShortInputs) ways.push_back(std::make_unique<LazyProduct>(task));
  return ways;
}

}  // namespace perceptron::bench
