#include "src/ptx/ptx_device.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tbb/task_arena.h>

#include <charconv>
#include <map>
#include <mutex>
#include <numeric>

#include "kernels/families.hpp"
#include "kernels/images.hpp"
#include "kernels/pack/pack.hpp"
#include "kernels/row_softmax/row_softmax.hpp"
#include "perceptron/device_traits.hpp"
#include "perceptron/error.hpp"
#include "src/planning/planning.hpp"
#include "src/ptx/device_memory.hpp"
#include "src/ptx/machine.hpp"

namespace perceptron::ptx {
namespace {

/// Weights and bias packed by the device's own kernels.
struct DeviceLayer : engine::ReadyLayer {
  DeviceBuffer weight, bias;
  Layer shape;  ///< Its views' data are the caller's, and not read again.
  std::int64_t weight_group_stride = 0, bias_group_stride = 0;

  std::size_t size_bytes() const override { return weight.size_bytes() + bias.size_bytes(); }
};

/// Buffers are made per run: the machine is for tests.
struct NoWorkspace : engine::Workspace {
  std::size_t size_bytes() const override { return 0; }
};

/// What a name asks for.
struct Request {
  const kernels::Candidate* forced = nullptr;
  std::uint64_t seed = 0;
};

std::int32_t vector_bytes(const ConstMatrixView& x) {
  const auto size = static_cast<std::uint64_t>(size_of(x.dtype));
  std::uint64_t common = reinterpret_cast<std::uintptr_t>(x.data) % 256 + 256;
  if (x.rows > 1) common = std::gcd(common, static_cast<std::uint64_t>(x.stride) * size);
  if (x.groups > 1) common = std::gcd(common, static_cast<std::uint64_t>(x.group_stride) * size);
  return static_cast<std::int32_t>(std::gcd(common, std::uint64_t{16}));
}

/// The families' images, each parsed on first use and kept: devices are made often, images never change.
const Image& image_of(std::string_view family) {
  static std::mutex mutex;
  static std::map<std::string_view, Image> images;
  const std::lock_guard lock(mutex);
  const auto found = images.find(family);
  if (found != images.end()) return found->second;
  return images.emplace(family, Image(kernels::find_image(family)->ptx, fmt::format("{}.ptx", family)))
      .first->second;
}

/// The machine plans as for the GPU that its kernels are written for.
const DeviceTraits& planned_for() {
  static const DeviceTraits traits = load_device_traits("h100");
  return traits;
}

class PtxDevice : public engine::Device {
 public:
  PtxDevice(std::string name, Request request, int threads)
      : name_(std::move(name)), request_(request), threads_(threads) {}

  std::string name() const override { return name_; }
  int threads() const override { return threads_; }
  std::shared_ptr<const engine::ReadyLayer> prepare(const Layer& layer) const override;
  std::unique_ptr<engine::Workspace> workspace(const std::vector<Layer>&, std::int64_t) const override {
    return std::make_unique<NoWorkspace>();
  }
  std::size_t workspace_bytes(const std::vector<Layer>&, std::int64_t) const override { return 0; }
  LayerPlan plan(const Problem& problem) const override;
  void run(const engine::ReadyLayer& ready, ConstMatrixView x, MatrixView y,
           engine::Workspace&) const override;

 private:
  const kernels::Candidate& choose(const Problem& problem, std::string& reason) const;
  void launch(const kernels::Launch& launch) const;
  void run_linear(const DeviceLayer& layer, const ConstMatrixView& x, const MatrixView& z,
                  const DeviceBuffer& x_buffer, const DeviceBuffer& z_buffer) const;

  const std::string name_;
  const Request request_;
  const int threads_;
  mutable std::mutex mutex_;  ///< The machine's memory serves one caller at a time.
  mutable Memory memory_;
};

void PtxDevice::launch(const kernels::Launch& launch) const {
  RunOptions options;
  options.seed = request_.seed;
  options.threads = threads_;
  ptx::run(image_of(launch.family).program(launch.entry), launch, memory_, options);
}

std::shared_ptr<const engine::ReadyLayer> PtxDevice::prepare(const Layer& layer) const {
  const std::lock_guard lock(mutex_);
  const DType storage = layer.weight.dtype, accumulator = accumulator_of(storage);
  const std::int64_t padded = kernels::packed_outputs(layer.outputs());
  const auto distinct = [](const ConstMatrixView& view) { return view.group_stride == 0 ? 1 : view.groups; };
  auto ready = std::make_shared<DeviceLayer>();
  ready->shape = layer;

  DeviceBuffer weight(memory_, layer.weight, "weight as given");
  weight.write(layer.weight);
  const std::int64_t weight_groups = distinct(layer.weight), weight_elements = layer.inputs() * padded;
  ready->weight = DeviceBuffer(
      memory_, static_cast<std::size_t>(weight_groups * weight_elements) * size_of(storage), "weight");
  ready->weight_group_stride = layer.weight.group_stride == 0 ? 0 : weight_elements;
  launch(
      kernels::pack::pack_weight({weight.pointer(), ready->weight.pointer(), layer.inputs(), layer.outputs(),
                                  weight_groups, layer.weight.stride, layer.weight.group_stride},
                                 storage));
  memory_.protect(ready->weight.address());

  DeviceBuffer bias;
  if (layer.has_bias()) {
    bias = DeviceBuffer(memory_, layer.bias, "bias as given");
    bias.write(layer.bias);
  }
  const std::int64_t bias_groups = layer.has_bias() ? distinct(layer.bias) : 1;
  ready->bias =
      DeviceBuffer(memory_, static_cast<std::size_t>(bias_groups * padded) * size_of(accumulator), "bias");
  ready->bias_group_stride = bias_groups == 1 ? 0 : padded;
  launch(
      kernels::pack::pack_bias({bias.pointer(), ready->bias.pointer(), layer.outputs(), bias_groups,
                                layer.bias.group_stride, layer.has_bias() ? layer.bias.dtype : accumulator},
                               accumulator));
  memory_.protect(ready->bias.address());
  return ready;
}

const kernels::Candidate& PtxDevice::choose(const Problem& problem, std::string& reason) const {
  if (request_.forced == nullptr) {
    const planning::Choice choice = planning::choose(problem, planned_for());
    if (choice.candidate == nullptr) throw Unsupported(planning::refusal_text(problem, choice));
    reason = choice.reason;
    return *choice.candidate;
  }
  if (const auto refusal = request_.forced->refusal(problem)) {
    throw Unsupported(fmt::format("{} on {}: {}", to_string(problem), name_, *refusal));
  }
  reason = "forced by the device's name";
  return *request_.forced;
}

LayerPlan PtxDevice::plan(const Problem& problem) const {
  LayerPlan plan;
  plan.problem = problem;
  plan.kernel = fmt::format("ptx/{}", choose(problem, plan.reason).entry(problem.dtype));
  return plan;
}

void PtxDevice::run_linear(const DeviceLayer& layer, const ConstMatrixView& x, const MatrixView& z,
                           const DeviceBuffer& x_buffer, const DeviceBuffer& z_buffer) const {
  const bool is_softmax = layer.shape.activation.kind == ActivationKind::softmax;
  Problem problem;
  problem.groups = x.groups;
  problem.rows = x.rows;
  problem.inputs = x.columns;
  problem.outputs = z.columns;
  problem.dtype = x.dtype;
  problem.output_dtype = z.dtype;
  problem.activation = is_softmax ? Activation(ActivationKind::identity) : layer.shape.activation;
  std::string reason;
  const kernels::Candidate& candidate = choose(problem, reason);
  kernels::LinearArguments arguments{};
  arguments.x = x_buffer.pointer();
  arguments.weight = layer.weight.pointer();
  arguments.bias = layer.bias.pointer();
  arguments.y = z_buffer.pointer();
  arguments.rows = x.rows;
  arguments.inputs = x.columns;
  arguments.outputs = z.columns;
  arguments.groups = z.groups;
  arguments.x_stride = x.stride;
  arguments.x_group_stride = x.group_stride;
  arguments.weight_group_stride = layer.weight_group_stride;
  arguments.bias_group_stride = layer.bias_group_stride;
  arguments.y_stride = z.stride;
  arguments.y_group_stride = z.group_stride;
  arguments.activation = problem.activation.kind;
  const double parameter = layer.shape.activation.parameter;
  arguments.parameter = accumulator_of(x.dtype) == DType::f32 ? static_cast<float>(parameter) : parameter;
  arguments.output_dtype = z.dtype;
  arguments.x_vector_bytes = vector_bytes(x);
  launch(candidate.launch(arguments, x.dtype));
}

void PtxDevice::run(const engine::ReadyLayer& ready, ConstMatrixView x, MatrixView y,
                    engine::Workspace&) const {
  const std::lock_guard lock(mutex_);
  const auto& layer = static_cast<const DeviceLayer&>(ready);
  DeviceBuffer x_buffer(memory_, x, "x"), y_buffer(memory_, y, "y");
  x_buffer.write(x);
  memory_.protect(x_buffer.address());
  if (layer.shape.activation.kind != ActivationKind::softmax) {
    run_linear(layer, x, y, x_buffer, y_buffer);
  } else {
    const DType accumulator = accumulator_of(x.dtype);
    const MatrixView z =
        MatrixView(nullptr, accumulator, y.rows, y.columns).with_groups(y.groups, y.rows * y.columns);
    const DeviceBuffer z_buffer(memory_, z, "z");
    run_linear(layer, x, z, x_buffer, z_buffer);
    kernels::row_softmax::SoftmaxArguments arguments;
    arguments.z = z_buffer.pointer();
    arguments.y = y_buffer.pointer();
    arguments.rows = y.rows;
    arguments.outputs = y.columns;
    arguments.groups = y.groups;
    arguments.z_stride = z.stride;
    arguments.z_group_stride = z.group_stride;
    arguments.y_stride = y.stride;
    arguments.y_group_stride = y.group_stride;
    arguments.output_dtype = y.dtype;
    launch(kernels::row_softmax::launch(arguments, accumulator));
  }
  y_buffer.read(y);
}

const kernels::Candidate* find_candidate(std::string_view family, std::string_view policy) {
  for (const kernels::Candidate& candidate : kernels::candidates()) {
    if (candidate.family == family && candidate.policy == policy) return &candidate;
  }
  return nullptr;
}

[[noreturn]] void refuse_name(const std::string& name) {
  std::vector<std::string> names;
  for (const kernels::Candidate& candidate : kernels::candidates()) {
    names.push_back(fmt::format("ptx:{}/{}", candidate.family, candidate.policy));
  }
  throw DeviceError(fmt::format("device \"{}\": expected ptx or one of {}, either with @SEED", name,
                                fmt::join(names, ", ")));
}

Request parse_name(const std::string& name) {
  Request request;
  std::string_view rest = std::string_view(name).substr(3);
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    const std::string_view seed = rest.substr(at + 1);
    const auto [end, error] = std::from_chars(seed.data(), seed.data() + seed.size(), request.seed);
    if (error != std::errc{} || end != seed.data() + seed.size()) refuse_name(name);
    rest = rest.substr(0, at);
  }
  if (rest.empty()) return request;
  const std::size_t slash = rest.find('/');
  if (rest.front() == ':' && slash != std::string_view::npos) {
    request.forced = find_candidate(rest.substr(1, slash - 1), rest.substr(slash + 1));
  }
  if (request.forced == nullptr) refuse_name(name);
  return request;
}

}  // namespace

std::unique_ptr<engine::Device> make_ptx_device(const std::string& name, int threads) {
  if (kernels::images().empty()) {
    throw DeviceError(
        fmt::format("device \"{}\": this library was built without CUDA kernels (PERCEPTRON_CUDA)", name));
  }
  const int cores = tbb::this_task_arena::max_concurrency();
  return std::make_unique<PtxDevice>(name, parse_name(name), threads == 0 ? cores : threads);
}

std::vector<DeviceInfo> ptx_devices() {
  if (kernels::images().empty()) return {};
  return {{"ptx", "executes the CUDA kernels' PTX on the CPU, watched; for tests, slow", 1, false}};
}

}  // namespace perceptron::ptx
