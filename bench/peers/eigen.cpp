// Eigen: a matrix product into y and one expression for bias and relu over it, or, the second way, one
// expression for everything, evaluated element by element (Eigen's own advice for short inner dimensions).
// This file is compiled for the building machine's instruction set, so Eigen uses AVX-512 and fused
// multiply-add where there are.
#include <omp.h>

#include <Eigen/Core>

#include "bench/peers/module.hpp"

namespace perceptron::bench {
namespace {

template <class T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using Row = Eigen::Matrix<T, 1, Eigen::Dynamic>;
template <class T>
using ConstMap = Eigen::Map<const RowMajor<T>, Eigen::Aligned64>;
template <class T>
using Map = Eigen::Map<RowMajor<T>, Eigen::Aligned64>;

/// Inputs up to which the element-by-element way is worth trying.
constexpr std::int64_t kShortInputs = 64;

template <class T>
class EigenContender : public Contender {
 public:
  EigenContender(const Task& task, std::string way)
      : task_(task),
        bias_(Eigen::Map<const Row<T>>(task.bias_of<T>(), task.problem.outputs)),
        way_(std::move(way)) {
    Eigen::setNbThreads(task.threads);
  }
  std::string name() const override { return "eigen"; }
  std::string way() const override { return way_; }

 protected:
  ConstMap<T> x(std::size_t set) const {
    return {task_.x_of<T>(set), task_.problem.rows, task_.problem.inputs};
  }
  Map<T> y(std::size_t set) const { return {task_.y_of<T>(set), task_.problem.rows, task_.problem.outputs}; }
  void add_bias_and_relu(Map<T> y) const { y = (y.rowwise() + bias_).cwiseMax(T{0}); }

  Task task_;
  Row<T> bias_;

 private:
  std::string way_;
};

/// Weights as given, outputs × inputs.
template <class T>
class Product : public EigenContender<T> {
 public:
  explicit Product(const Task& task)
      : EigenContender<T>(task, "weights as given"),
        weight_(task.weight_of<T>(), task.problem.outputs, task.problem.inputs) {}
  void run(std::size_t set) override {
    this->y(set).noalias() = this->x(set) * weight_.transpose();
    this->add_bias_and_relu(this->y(set));
  }

 private:
  ConstMap<T> weight_;
};

/// Weights stored transposed beforehand, inputs × outputs.
template <class T>
class TransposedProduct : public EigenContender<T> {
 public:
  explicit TransposedProduct(const Task& task)
      : EigenContender<T>(task, "weights transposed"),
        weight_(ConstMap<T>(task.weight_of<T>(), task.problem.outputs, task.problem.inputs).transpose()) {}
  void run(std::size_t set) override {
    this->y(set).noalias() = this->x(set) * weight_;
    this->add_bias_and_relu(this->y(set));
  }

 private:
  RowMajor<T> weight_;
};

template <class T>
class LazyProduct : public EigenContender<T> {
 public:
  explicit LazyProduct(const Task& task)
      : EigenContender<T>(task, "lazy product"),
        weight_(ConstMap<T>(task.weight_of<T>(), task.problem.outputs, task.problem.inputs).transpose()) {}
  void run(std::size_t set) override {
    this->y(set) = (this->x(set).lazyProduct(weight_).rowwise() + this->bias_).cwiseMax(T{0});
  }

 private:
  RowMajor<T> weight_;
};

template <class T>
Contenders typed_ways_of(const Task& task) {
  Contenders ways;
  ways.push_back(std::make_unique<Product<T>>(task));
  ways.push_back(std::make_unique<TransposedProduct<T>>(task));
  if (task.problem.inputs <= kShortInputs) ways.push_back(std::make_unique<LazyProduct<T>>(task));
  return ways;
}

Contenders ways_of(const Task& task) {
  if (task.problem.activation.kind != ActivationKind::relu) return {};
  return task.problem.dtype == DType::f64 ? typed_ways_of<double>(task) : typed_ways_of<float>(task);
}

}  // namespace
}  // namespace perceptron::bench

const perceptron::bench::PeerModule perceptron_peer{.ways = &perceptron::bench::ways_of};
