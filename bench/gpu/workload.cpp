#include "bench/gpu/workload.hpp"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <vector>

#include "perceptron/engine.hpp"
#include "src/cuda/cuda_accelerator.hpp"
#include "src/cuda/cuda_device.hpp"
#include "src/cuda/matrix_algorithms.hpp"

namespace perceptron::bench::gpu {
namespace {

std::size_t bytes_of(std::int64_t elements, DType dtype) {
  return static_cast<std::size_t>(elements) * size_of(dtype);
}

std::vector<std::byte> to_host(const DeviceMemory& memory, std::size_t bytes) {
  std::vector<std::byte> host(bytes);
  check(cudaMemcpy(host.data(), memory.get(), bytes, cudaMemcpyDeviceToHost), "copying weights to the host");
  return host;
}

/// Rounding errors of a sum of products in [−1, 1) grow with √inputs; one of the output's own comes on top.
Tolerance tolerance_of(const Problem& problem) {
  const double step = accumulator_of(problem.dtype) == DType::f64 ? 1e-9 : 1e-3;
  const double epsilon = std::ldexp(1.0, 1 - traits(problem.output_dtype).significand_bits);
  return {step * std::sqrt(static_cast<double>(problem.inputs)), 2 * epsilon};
}

struct EngineCall {
  explicit EngineCall(const Workload& workload)
      : engine(workload.model(), engine_options(workload)), session(engine.session()) {}
  Engine engine;
  Session session;
};

}  // namespace

Workload::Workload(const Problem& p, const EventTimer& timer) : problem_(p), timer_(timer) {
  x_ = random(p.rows * p.inputs * (p.shared_x ? 1 : p.groups));
  weight_ = random(p.outputs * p.inputs * p.groups);
  const std::size_t y_bytes = bytes_of(p.rows * p.outputs * p.groups, p.output_dtype);
  y_ = allocate_device(y_bytes, "y");
  expected_ = allocate_device(y_bytes, "the expected y");
  if (p.has_bias) {
    const std::int64_t count = p.outputs * p.groups;
    const DType wide = accumulator_of(p.dtype);
    bias_ = random(count);
    wide_bias_ = allocate_device(bytes_of(count, wide), "the widened bias");
    widen(timer.stream(), {bias_.get(), p.dtype, 1, count}, {wide_bias_.get(), wide, 1, count});
  }
  check(cudaStreamSynchronize(timer.stream()), "making a benchmark's data");
}

/// Other elements at every call.
DeviceMemory Workload::random(std::int64_t elements) const {
  static std::uint64_t seed = 0;
  DeviceMemory memory = allocate_device(bytes_of(elements, problem_.dtype), "a benchmark's data");
  cuda::generate(*cuda::accelerator_of(gpu().number), {memory.get(), problem_.dtype, 1, elements}, ++seed,
                 timer_.stream());
  return memory;
}

ConstMatrixView Workload::x() const {
  const std::int64_t between = problem_.shared_x ? 0 : problem_.rows * problem_.inputs;
  ConstMatrixView view = ConstMatrixView(x_.get(), problem_.dtype, problem_.rows, problem_.inputs)
                             .with_groups(problem_.groups, between);
  view.place = Place::device;
  return view;
}

MatrixView Workload::output(void* data) const {
  MatrixView view = MatrixView(data, problem_.output_dtype, problem_.rows, problem_.outputs)
                        .with_groups(problem_.groups, problem_.rows * problem_.outputs);
  view.place = Place::device;
  return view;
}

Model Workload::model() const {
  const Problem& p = problem_;
  const std::int64_t weights = p.outputs * p.inputs;
  const std::vector<std::byte> weight = to_host(weight_, bytes_of(weights * p.groups, p.dtype));
  std::vector<std::byte> bias;
  Layer layer;
  layer.weight = ConstMatrixView(weight.data(), p.dtype, p.outputs, p.inputs).with_groups(p.groups, weights);
  if (p.has_bias) {
    bias = to_host(bias_, bytes_of(p.outputs * p.groups, p.dtype));
    layer.bias = ConstMatrixView(bias.data(), p.dtype, 1, p.outputs).with_groups(p.groups, p.outputs);
  }
  layer.activation = p.activation;
  return Model{layer};
}

void Workload::run_on_nan(const Contender& contender) const {
  const MatrixView view = y();
  const std::size_t bytes = bytes_of(view.groups * view.rows * view.columns, view.dtype);
  check(cudaMemsetAsync(view.data, 0xff, bytes, timer_.stream()), "filling y with NaN");
  contender.enqueue(timer_.stream());
  check(cudaStreamSynchronize(timer_.stream()),
        fmt::format("running {} ({})", contender.name, contender.way));
}

void Workload::set_expected(const Contender& contender) {
  run_on_nan(contender);
  std::swap(y_, expected_);
}

std::int64_t Workload::count_wrong(const Contender& contender) const {
  run_on_nan(contender);
  return count_far(timer_.stream(), y(), output(expected_.get()), tolerance_of(problem_));
}

Options engine_options(const Workload& workload) {
  Options options;
  options.device = workload.gpu().device;
  options.arithmetic = workload.problem().arithmetic;
  return options;
}

Contender engine_contender(const Workload& workload) {
  auto call = std::make_shared<EngineCall>(workload);
  const std::string kernel = call->engine.plan(workload.problem().rows).layers.front().kernel;
  return {"perceptron", kernel, "Session::enqueue: sums, bias and activation; weights were packed before",
          [call, &workload](Stream stream) { call->session.enqueue(workload.x(), workload.y(), stream); }};
}

}  // namespace perceptron::bench::gpu
