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

struct Eltwise {
  dnnl::algorithm algorithm = dnnl::algorithm::undef;  ///< undef: none, the identity.
  float alpha = 0, beta = 0;
};

/// Nothing where oneDNN has none with the same definition.
std::optional<Eltwise> eltwise_of(const Activation& activation) {
  using enum ActivationKind;
  using enum dnnl::algorithm;
  const auto a = static_cast<float>(activation.parameter);
  switch (activation.kind) {
    case identity: return Eltwise{};
    case relu: return Eltwise{eltwise_relu};
    case leaky_relu: return Eltwise{eltwise_relu, a};
    case elu: return Eltwise{eltwise_elu, a};
    case sigmoid: return Eltwise{eltwise_logistic};
    case tanh: return Eltwise{eltwise_tanh};
    case gelu: return Eltwise{eltwise_gelu_erf};
    case gelu_tanh: return Eltwise{eltwise_gelu_tanh};
    case silu: return Eltwise{eltwise_swish, 1};
    case softplus: return Eltwise{eltwise_soft_relu, 1};
    case hard_tanh: return Eltwise{eltwise_clip, -1, 1};
    case mish: return Eltwise{eltwise_mish};
    default: return std::nullopt;
  }
}

/// The activation fused behind the product.
dnnl::primitive_attr attributes(const Eltwise& eltwise) {
  dnnl::post_ops operations;
  if (eltwise.algorithm != dnnl::algorithm::undef)
    operations.append_eltwise(1, eltwise.algorithm, eltwise.alpha, eltwise.beta);
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
    memory plain(plain_weights(), cpu(), const_cast<float*>(task_.weight_of<float>()));
    memory packed(weights, cpu());
    dnnl::reorder(plain, packed).execute(stream_, plain, packed);
    stream_.wait();
    const memory::desc x = matrix(p.rows, p.inputs, memory::format_tag::ab);
    const memory::desc y = matrix(p.rows, p.outputs, memory::format_tag::ab);
    const memory bias_memory(bias, cpu(), const_cast<float*>(task_.bias_of<float>()));
    for (std::size_t set = 0; set < task_.sets.size(); ++set) {
      arguments_.push_back({{DNNL_ARG_SRC, memory(x, cpu(), const_cast<float*>(task_.x_of<float>(set)))},
                            {DNNL_ARG_WEIGHTS, packed},
                            {DNNL_ARG_BIAS, bias_memory},
                            {DNNL_ARG_DST, memory(y, cpu(), task_.y_of<float>(set))}});
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
  const std::optional<Eltwise> eltwise = eltwise_of(task.problem.activation);
  if (!eltwise || task.problem.dtype != DType::f32) return ways;
  omp_set_num_threads(task.threads);
  ways.push_back(std::make_unique<InnerProduct>(task, attributes(*eltwise)));
  ways.push_back(std::make_unique<MatMul>(task, attributes(*eltwise)));
  return ways;
}

}  // namespace
}  // namespace perceptron::bench

const perceptron::bench::PeerModule perceptron_peer{.ways = &perceptron::bench::ways_of};
