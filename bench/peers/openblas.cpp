// OpenBLAS: sgemm (sgemv where x or W is one row) and a pass of our own for what BLAS lacks, bias and relu.
// The ways differ in how the weights are stored beforehand and in where the bias is added.
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

class OpenBlas : public Contender {
 public:
  OpenBlas(const Task& task, bool is_transposed, BiasAt bias_at)
      : task_(task),
        is_transposed_(is_transposed),
        bias_at_(bias_at),
        weight_(task.f32_weight(), task.f32_weight() + size()) {
    if (is_transposed) transpose();
    openblas_set_num_threads(task.threads);
  }

  std::string name() const override { return "openblas"; }
  std::string way() const override {
    return std::string(is_transposed_ ? "weights transposed" : "weights as given") +
           (bias_at_ == BiasAt::before ? ", bias before" : ", bias after");
  }

  void run(std::size_t set) override {
    if (bias_at_ == BiasAt::before) {
      each_element(set, [](float& y, float bias) { y = bias; });
      multiply(set, 1);
      each_element(set, [](float& y, float) { y = std::max(y, 0.0F); });
    } else {
      multiply(set, 0);
      each_element(set, [](float& y, float bias) { y = std::max(y + bias, 0.0F); });
    }
  }

 private:
  std::int64_t rows() const { return task_.problem.rows; }
  std::int64_t inputs() const { return task_.problem.inputs; }
  std::int64_t outputs() const { return task_.problem.outputs; }
  std::ptrdiff_t size() const { return static_cast<std::ptrdiff_t>(inputs() * outputs()); }

  void transpose() {
    for (std::int64_t o = 0; o < outputs(); ++o) {
      for (std::int64_t k = 0; k < inputs(); ++k) {
        weight_[static_cast<std::size_t>(k * outputs() + o)] = task_.f32_weight()[o * inputs() + k];
      }
    }
  }

  void multiply(std::size_t set, float beta) {
    const float* x = task_.f32_x(set);
    float* y = task_.f32_y(set);
    const auto m = static_cast<blasint>(rows()), n = static_cast<blasint>(outputs());
    const auto k = static_cast<blasint>(inputs());
    if (m == 1 && is_transposed_) {
      cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1, weight_.data(), n, x, 1, beta, y, 1);
    } else if (m == 1) {
      cblas_sgemv(CblasRowMajor, CblasNoTrans, n, k, 1, weight_.data(), k, x, 1, beta, y, 1);
    } else if (n == 1) {
      cblas_sgemv(CblasRowMajor, CblasNoTrans, m, k, 1, x, k, weight_.data(), 1, beta, y, 1);
    } else {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, is_transposed_ ? CblasNoTrans : CblasTrans, m, n, k, 1, x, k,
                  weight_.data(), is_transposed_ ? n : k, beta, y, n);
    }
  }

  template <class Function>
  void each_element(std::size_t set, Function function) {
    float* y = task_.f32_y(set);
    const float* bias = task_.f32_bias();
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
  std::vector<float> weight_;
};

Contenders ways_of(const Task& task) {
  Contenders ways;
  if (task.problem.activation.kind != ActivationKind::relu) return ways;
  for (const bool is_transposed : {false, true}) {
    for (const BiasAt bias_at : {BiasAt::before, BiasAt::after}) {
      ways.push_back(std::make_unique<OpenBlas>(task, is_transposed, bias_at));
    }
  }
  return ways;
}

}  // namespace
}  // namespace perceptron::bench

const perceptron::bench::PeerModule perceptron_peer{.ways = &perceptron::bench::ways_of};
