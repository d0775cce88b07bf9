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
using ConstMap = Eigen::Map<const RowMajor<T>>;
template <class T>
using Map = Eigen::Map<RowMajor<T>>;

/// Inputs up to which the element-by-element way is worth trying.
constexpr std::int64_t kShortInputs = 64;

/// Groups go one after another.
template <class T>
class EigenContender : public Contender {
 public:
  EigenContender(const Task& task, std::string way) : task_(task), way_(std::move(way)) {
    Eigen::setNbThreads(task.threads);
  }
  std::string name() const override { return "eigen"; }
  std::string way() const override { return way_; }
  void run(std::size_t set) override {
    const Problem& p = task_.problem;
    for (std::int64_t group = 0; group < p.groups; ++group) {
      compute({task_.x_of<T>(set, group), p.rows, p.inputs}, group,
              {task_.y_of<T>(set, group), p.rows, p.outputs});
    }
  }

 protected:
  virtual void compute(ConstMap<T> x, std::int64_t group, Map<T> y) = 0;

  Eigen::Map<const Row<T>> bias(std::int64_t group) const {
    return {task_.bias_of<T>(group), task_.problem.outputs};
  }
  void add_bias_and_relu(Map<T> y, std::int64_t group) const {
    y = (y.rowwise() + bias(group)).cwiseMax(T{0});
  }

  Task task_;

 private:
  std::string way_;
};

/// Weights as given, outputs × inputs.
template <class T>
class Product : public EigenContender<T> {
 public:
  explicit Product(const Task& task) : EigenContender<T>(task, "weights as given") {}

 private:
  void compute(ConstMap<T> x, std::int64_t group, Map<T> y) override {
    const Task& task = this->task_;
    const ConstMap<T> weight(task.weight_of<T>(group), task.problem.outputs, task.problem.inputs);
    y.noalias() = x * weight.transpose();
    this->add_bias_and_relu(y, group);
  }
};

/// Weights stored transposed beforehand, inputs × outputs.
template <class T>
class WithTransposed : public EigenContender<T> {
 protected:
  WithTransposed(const Task& task, std::string way) : EigenContender<T>(task, std::move(way)) {
    for (std::int64_t group = 0; group < task.problem.groups; ++group) {
      weight_.push_back(
          ConstMap<T>(task.weight_of<T>(group), task.problem.outputs, task.problem.inputs).transpose());
    }
  }
  const RowMajor<T>& weight(std::int64_t group) const { return weight_[static_cast<std::size_t>(group)]; }

 private:
  std::vector<RowMajor<T>> weight_;
};

template <class T>
class TransposedProduct : public WithTransposed<T> {
 public:
  explicit TransposedProduct(const Task& task) : WithTransposed<T>(task, "weights transposed") {}

 private:
  void compute(ConstMap<T> x, std::int64_t group, Map<T> y) override {
    y.noalias() = x * this->weight(group);
    this->add_bias_and_relu(y, group);
  }
};

template <class T>
class LazyProduct : public WithTransposed<T> {
 public:
  explicit LazyProduct(const Task& task) : WithTransposed<T>(task, "lazy product") {}

 private:
  void compute(ConstMap<T> x, std::int64_t group, Map<T> y) override {
    y = (x.lazyProduct(this->weight(group)).rowwise() + this->bias(group)).cwiseMax(T{0});
  }
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
  if (task.problem.activation.kind != ActivationKind::relu || !has_one_float_dtype(task.problem)) return {};
  return task.problem.dtype == DType::f64 ? typed_ways_of<double>(task) : typed_ways_of<float>(task);
}

}  // namespace
}  // namespace perceptron::bench

const perceptron::bench::PeerModule perceptron_peer{.ways = &perceptron::bench::ways_of};
