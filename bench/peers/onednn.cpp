// oneDNN: one primitive with fused bias and activation, weights reordered beforehand into the layout that the
// primitive asks for. The ways are its two primitives that compute the product.
#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <unordered_map>

#include "bench/peers/module.hpp"

namespace perceptron::bench {
namespace {

using dnnl::memory;

dnnl::engine& cpu() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

memory::desc matrix(memory::dim rows, memory::dim columns, memory::format_tag tag) {
  return {{rows, columns}, memory::data_type::f32, tag};
}

/// A fused eltwise of that activation; nothing where oneDNN has none with the same definition.
std::optional<dnnl::primitive_attr> attributes(ActivationKind kind) {
  dnnl::post_ops operations;
  switch (kind) {
    case ActivationKind::identity: break;
    case ActivationKind::relu: operations.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0); break;
    case ActivationKind::sigmoid:
      operations.append_eltwise(1, dnnl::algorithm::eltwise_logistic, 0, 0);
      break;
    case ActivationKind::tanh: operations.append_eltwise(1, dnnl::algorithm::eltwise_tanh, 0, 0); break;
    default: return std::nullopt;
  }
  dnnl::primitive_attr result;
  result.set_post_ops(operations);
  return result;
}

/// The descriptor of a primitive's weights, and its arguments, are all that differs between the ways.
class OneDnn : public Contender {
 public:
  std::string name() const override { return "onednn"; }
  std::string way() const override { return way_; }
  /// On CPU streams of this threading runtime execute() returns when y is written.
  void run(std::size_t set) override { primitive_.execute(stream_, arguments_[set]); }

 protected:
  OneDnn(const Task& task, std::string way) : task_(task), way_(std::move(way)) {}

  void finish(dnnl::primitive primitive, const memory::desc& weights, const memory::desc& bias) {
    const Problem& p = task_.problem;
    primitive_ = std::move(primitive);
    stream_ = dnnl::stream(cpu());
    memory plain(plain_weights(), cpu(), const_cast<float*>(task_.f32_weight()));
    memory packed(weights, cpu());
    dnnl::reorder(plain, packed).execute(stream_, plain, packed);
    stream_.wait();
    const memory::desc x = matrix(p.rows, p.inputs, memory::format_tag::ab);
    const memory::desc y = matrix(p.rows, p.outputs, memory::format_tag::ab);
    const memory bias_memory(bias, cpu(), const_cast<float*>(task_.f32_bias()));
    for (std::size_t set = 0; set < task_.sets.size(); ++set) {
      arguments_.push_back({{DNNL_ARG_SRC, memory(x, cpu(), const_cast<float*>(task_.f32_x(set)))},
                            {DNNL_ARG_WEIGHTS, packed},
                            {DNNL_ARG_BIAS, bias_memory},
                            {DNNL_ARG_DST, memory(y, cpu(), task_.f32_y(set))}});
    }
  }
  virtual memory::desc plain_weights() const = 0;

  Task task_;

 private:
  std::string way_;
  dnnl::primitive primitive_;
  dnnl::stream stream_;
  std::vector<std::unordered_map<int, memory>> arguments_;  ///< Of each set.
};

class InnerProduct : public OneDnn {
 public:
  InnerProduct(const Task& task, const dnnl::primitive_attr& attributes) : OneDnn(task, "inner_product") {
    const Problem& p = task.problem;
    const memory::desc bias({p.outputs}, memory::data_type::f32, memory::format_tag::a);
    const dnnl::inner_product_forward::desc operation(
        dnnl::prop_kind::forward_inference, matrix(p.rows, p.inputs, memory::format_tag::ab),
        matrix(p.outputs, p.inputs, memory::format_tag::any), bias,
        matrix(p.rows, p.outputs, memory::format_tag::ab));
    const dnnl::inner_product_forward::primitive_desc description(operation, attributes, cpu());
    finish(dnnl::inner_product_forward(description), description.weights_desc(), bias);
  }

 private:
  memory::desc plain_weights() const override {
    return matrix(task_.problem.outputs, task_.problem.inputs, memory::format_tag::ab);
  }
};

class MatMul : public OneDnn {
 public:
  MatMul(const Task& task, const dnnl::primitive_attr& attributes) : OneDnn(task, "matmul") {
    const Problem& p = task.problem;
    const memory::desc bias = matrix(1, p.outputs, memory::format_tag::ab);
    const dnnl::matmul::desc operation(matrix(p.rows, p.inputs, memory::format_tag::ab),
                                       matrix(p.inputs, p.outputs, memory::format_tag::any), bias,
                                       matrix(p.rows, p.outputs, memory::format_tag::ab));
    const dnnl::matmul::primitive_desc description(operation, attributes, cpu());
    finish(dnnl::matmul(description), description.weights_desc(), bias);
  }

 private:
  memory::desc plain_weights() const override {
    return matrix(task_.problem.inputs, task_.problem.outputs, memory::format_tag::ba);
  }
};

Contenders ways_of(const Task& task) {
  Contenders ways;
  const std::optional<dnnl::primitive_attr> fused = attributes(task.problem.activation.kind);
  if (!fused) return ways;
  omp_set_num_threads(task.threads);
  ways.push_back(std::make_unique<InnerProduct>(task, *fused));
  ways.push_back(std::make_unique<MatMul>(task, *fused));
  return ways;
}

}  // namespace
}  // namespace perceptron::bench

const perceptron::bench::PeerModule perceptron_peer{.ways = &perceptron::bench::ways_of};
