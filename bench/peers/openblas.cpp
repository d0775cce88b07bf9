// OpenBLAS: gemm (gemv where x or W is one row) and a pass of our own for what BLAS lacks, bias and relu.
// The ways differ in how the weights are stored beforehand and in where the bias is added. Groups go one
// after another.
#include <cblas.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "bench/peers/module.hpp"

namespace perceptron::bench {
namespace {

/// Elements of y from which the pass is worth more threads than the caller's.
constexpr std::int64_t kParallelElements = 1 << 18;

enum class BiasAt { before, after };

template <class T>
struct Blas;
template <>
struct Blas<float> {
  static constexpr auto kGemm = cblas_sgemm;
  static constexpr auto kGemv = cblas_sgemv;
};
template <>
struct Blas<double> {
  static constexpr auto kGemm = cblas_dgemm;
  static constexpr auto kGemv = cblas_dgemv;
};

template <class T>
class OpenBlas : public Contender {
 public:
  OpenBlas(const Task& task, bool is_transposed, BiasAt bias_at)
      : task_(task),
        is_transposed_(is_transposed),
        bias_at_(bias_at),
        weight_(task.weight_of<T>(0), task.weight_of<T>(groups())) {
    if (is_transposed) transpose();
    openblas_set_num_threads(task.threads);
  }

  std::string name() const override { return "openblas"; }
  std::string way() const override {
    return std::string(is_transposed_ ? "weights transposed" : "weights as given") +
           (bias_at_ == BiasAt::before ? ", bias before" : ", bias after");
  }

  void run(std::size_t set) override {
    for (std::int64_t group = 0; group < groups(); ++group) run(set, group);
  }

 private:
  void run(std::size_t set, std::int64_t group) {
    if (bias_at_ == BiasAt::before) {
      each_element(set, group, [](T& y, T bias) { y = bias; });
      multiply(set, group, 1);
      each_element(set, group, [](T& y, T) { y = std::max(y, T{0}); });
    } else {
      multiply(set, group, 0);
      each_element(set, group, [](T& y, T bias) { y = std::max(y + bias, T{0}); });
    }
  }

  std::int64_t groups() const { return task_.problem.groups; }
  std::int64_t rows() const { return task_.problem.rows; }
  std::int64_t inputs() const { return task_.problem.inputs; }
  std::int64_t outputs() const { return task_.problem.outputs; }
  T* weight(std::int64_t group) { return weight_.data() + group * inputs() * outputs(); }

  void transpose() {
    for (std::int64_t group = 0; group < groups(); ++group) {
      const T* given = task_.weight_of<T>(group);
      for (std::int64_t o = 0; o < outputs(); ++o) {
        for (std::int64_t k = 0; k < inputs(); ++k) {
          weight(group)[k * outputs() + o] = given[o * inputs() + k];
        }
      }
    }
  }

  void multiply(std::size_t set, std::int64_t group, T beta) {
    const T* x = task_.x_of<T>(set, group);
    const T* w = weight(group);
    T* y = task_.y_of<T>(set, group);
    const auto m = static_cast<blasint>(rows()), n = static_cast<blasint>(outputs());
    const auto k = static_cast<blasint>(inputs());
    if (m == 1 && is_transposed_) {
      Blas<T>::kGemv(CblasRowMajor, CblasTrans, k, n, 1, w, n, x, 1, beta, y, 1);
    } else if (m == 1) {
      Blas<T>::kGemv(CblasRowMajor, CblasNoTrans, n, k, 1, w, k, x, 1, beta, y, 1);
    } else if (n == 1) {
      Blas<T>::kGemv(CblasRowMajor, CblasNoTrans, m, k, 1, x, k, w, 1, beta, y, 1);
    } else {
      Blas<T>::kGemm(CblasRowMajor, CblasNoTrans, is_transposed_ ? CblasNoTrans : CblasTrans, m, n, k, 1, x,
                     k, w, is_transposed_ ? n : k, beta, y, n);
    }
  }

  template <class Function>
  void each_element(std::size_t set, std::int64_t group, Function function) {
    T* y = task_.y_of<T>(set, group);
    const T* bias = task_.bias_of<T>(group);
    const std::int64_t row_count = rows(), columns = outputs();
    if (columns == 1) {
      for (std::int64_t r = 0; r < row_count; ++r) function(y[r], *bias);
      return;
    }
#pragma omp parallel for if (task_.threads > 1 && row_count * columns >= kParallelElements) \
    num_threads(task_.threads)
    for (std::int64_t r = 0; r < row_count; ++r) {
      for (std::int64_t o = 0; o < columns; ++o) function(y[r * columns + o], bias[o]);
    }
  }

  Task task_;
  bool is_transposed_;
  BiasAt bias_at_;
  std::vector<T> weight_;
};

Contenders ways_of(const Task& task) {
  Contenders ways;
  if (task.problem.activation.kind != ActivationKind::relu || !has_one_float_dtype(task.problem)) return ways;
  for (const bool is_transposed : {false, true}) {
    for (const BiasAt bias_at : {BiasAt::before, BiasAt::after}) {
      if (task.problem.dtype == DType::f64)
        ways.push_back(std::make_unique<OpenBlas<double>>(task, is_transposed, bias_at));
      else
        ways.push_back(std::make_unique<OpenBlas<float>>(task, is_transposed, bias_at));
    }
  }
  return ways;
}

}  // namespace
}  // namespace perceptron::bench

const perceptron::bench::PeerModule perceptron_peer{.ways = &perceptron::bench::ways_of};
