// oneDNN: one primitive with fused bias and activation, weights reordered beforehand into the layout that the
// primitive asks for. The ways are its two primitives that compute the product; in 16 bits their sums are
// f32.
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

/// Nothing where oneDNN computes no such products.
std::optional<memory::data_type> type_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return memory::data_type::f32;
    case DType::f16: return memory::data_type::f16;
    case DType::bf16: return memory::data_type::bf16;
    default: return std::nullopt;
  }
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

/// Of one group and way: how x, W as given, W as the primitive may choose, b and y lie.
struct Layouts {
  memory::desc x, given_weight, weight, bias, y;
};

/// The ways differ in the primitive and its layouts alone. Groups go one after another: 64 groups of
/// 1024x16x16 take 0.5 ms so on one thread, as a batch of matmul with a bias for each 333 ms on two
/// (oneDNN 2.6).
class OneDnn : public Contender {
 public:
  OneDnn(const Task& task, std::string way, const Layouts& layouts, dnnl::primitive primitive,
         const memory::desc& weight)
      : way_(std::move(way)), primitive_(std::move(primitive)), stream_(cpu()), calls_(task.sets.size()) {
    visit_dtype(task.problem.dtype, [&]<class T>(T) {
      for (std::int64_t group = 0; group < task.problem.groups; ++group) {
        memory given(layouts.given_weight, cpu(), const_cast<T*>(task.weight_of<T>(group)));
        memory packed(weight, cpu());
        dnnl::reorder(given, packed).execute(stream_, given, packed);
        stream_.wait();
        const memory bias(layouts.bias, cpu(), const_cast<T*>(task.bias_of<T>(group)));
        for (std::size_t set = 0; set < calls_.size(); ++set) {
          calls_[set].push_back(
              {{DNNL_ARG_SRC, memory(layouts.x, cpu(), const_cast<T*>(task.x_of<T>(set, group)))},
               {DNNL_ARG_WEIGHTS, packed},
               {DNNL_ARG_BIAS, bias},
               {DNNL_ARG_DST, memory(layouts.y, cpu(), y_of(task, set, group))}});
        }
      }
    });
  }

  std::string name() const override { return "onednn"; }
  std::string way() const override { return way_; }
  /// On CPU streams of this threading runtime execute() returns when y is written.
  void run(std::size_t set) override {
    for (const Arguments& arguments : calls_[set]) primitive_.execute(stream_, arguments);
  }

 private:
  using Arguments = std::unordered_map<int, memory>;

  static void* y_of(const Task& task, std::size_t set, std::int64_t group) {
    void* y = nullptr;
    visit_dtype(task.problem.output_dtype, [&]<class T>(T) { y = task.y_of<T>(set, group); });
    return y;
  }

  std::string way_;
  dnnl::primitive primitive_;
  dnnl::stream stream_;
  std::vector<std::vector<Arguments>> calls_;  ///< Of each set, one of each group.
};

std::unique_ptr<Contender> inner_product(const Task& task, memory::data_type in, memory::data_type out,
                                         const dnnl::primitive_attr& attributes) {
  using tag = memory::format_tag;
  const Problem& p = task.problem;
  const Layouts layouts{{{p.rows, p.inputs}, in, tag::ab},
                        {{p.outputs, p.inputs}, in, tag::ab},
                        {{p.outputs, p.inputs}, in, tag::any},
                        {{p.outputs}, in, tag::a},
                        {{p.rows, p.outputs}, out, tag::ab}};
  const dnnl::inner_product_forward::primitive_desc description(
      {dnnl::prop_kind::forward_inference, layouts.x, layouts.weight, layouts.bias, layouts.y}, attributes,
      cpu());
  return std::make_unique<OneDnn>(task, "inner_product", layouts, dnnl::inner_product_forward(description),
                                  description.weights_desc());
}

std::unique_ptr<Contender> matmul(const Task& task, memory::data_type in, memory::data_type out,
                                  const dnnl::primitive_attr& attributes) {
  using tag = memory::format_tag;
  const Problem& p = task.problem;
  const Layouts layouts{{{p.rows, p.inputs}, in, tag::ab},
                        {{p.inputs, p.outputs}, in, tag::ba},
                        {{p.inputs, p.outputs}, in, tag::any},
                        {{1, p.outputs}, in, tag::ab},
                        {{p.rows, p.outputs}, out, tag::ab}};
  const dnnl::matmul::primitive_desc description({layouts.x, layouts.weight, layouts.bias, layouts.y},
                                                 attributes, cpu());
  return std::make_unique<OneDnn>(task, "matmul", layouts, dnnl::matmul(description),
                                  description.weights_desc());
}

Contenders ways_of(const Task& task) {
  Contenders ways;
  const std::optional<Eltwise> eltwise = eltwise_of(task.problem.activation);
  const auto in = type_of(task.problem.dtype), out = type_of(task.problem.output_dtype);
  if (!eltwise || !in || !out) return ways;
  omp_set_num_threads(task.threads);
  for (const auto way : {&inner_product, &matmul}) {
    try {
      ways.push_back(way(task, *in, *out, attributes(*eltwise)));
    } catch (const dnnl::error& error) {  // No such primitive for these types on this processor.
      if (error.status != dnnl_unimplemented) throw;
    }
  }
  return ways;
}

}  // namespace
}  // namespace perceptron::bench

const perceptron::bench::PeerModule perceptron_peer{.ways = &perceptron::bench::ways_of};
