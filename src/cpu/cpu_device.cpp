#include "src/cpu/cpu_device.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <fstream>

#include "perceptron/error.hpp"
#include "src/cpu/layer_run.hpp"
#include "src/cpu/packed_layer.hpp"
#include "src/cpu/targets.hpp"
#include "src/cpu/thread_spread.hpp"
#include "src/cpu/workspace.hpp"
#include "src/reference/float_environment.hpp"

namespace perceptron::cpu {
namespace {

/// Below this many multiply-adds, and bytes of x, W and y, a call stays on the caller's thread. Waking a
/// second thread pays from about 10 µs of work on: on a Zen 4 core two threads ran 0.92 times as fast as one
/// at 64x64x64, 1.06 at 64x128x64, 1.26 at 128x128x64; 0.89 at 1x256x256 and 1.22 at 1x512x512.
constexpr double kParallelProducts = 5e5;
constexpr double kParallelBytes = 5e5;

bool is_worth_threads(const PackedLayer& layer, const ConstMatrixView& x) {
  const double groups = static_cast<double>(layer.groups());
  const double rows = static_cast<double>(x.rows);
  const double inputs = static_cast<double>(layer.inputs());
  const double outputs = static_cast<double>(layer.outputs());
  const double elements = rows * inputs + inputs * outputs + rows * outputs;
  return groups * rows * inputs * outputs >= kParallelProducts ||
         groups * elements * static_cast<double>(size_of(layer.storage())) >= kParallelBytes;
}

class CpuDevice : public engine::Device {
 public:
  CpuDevice(const KernelTable& table, int threads) : table_(table), threads_(threads), arena_(threads) {}

  std::string name() const override { return fmt::format("cpu:{}", table_.target); }
  int threads() const override { return threads_; }

  std::shared_ptr<const engine::ReadyLayer> prepare(const Layer& layer) const override {
    const reference::FloatEnvironment environment;
    return std::make_shared<PackedLayer>(layer, lanes(accumulator_of(layer.weight.dtype)));
  }
  std::int64_t preferred_rows(const std::vector<Layer>& layers) const override {
    return CpuWorkspace::preferred_rows(layers);
  }
  std::unique_ptr<engine::Workspace> workspace(const std::vector<Layer>& layers,
                                               std::int64_t rows) const override {
    return std::make_unique<CpuWorkspace>(layers, rows, threads_);
  }
  std::size_t workspace_bytes(const std::vector<Layer>& layers, std::int64_t rows) const override {
    return CpuWorkspace::bytes(layers, rows, threads_);
  }
  LayerPlan plan(const Problem& problem) const override;
  void run(const engine::ReadyLayers& layers, const ConstMatrixView& x, const MatrixView& y,
           engine::Workspace& workspace) const override;

 private:
  void run_chunk(const engine::ReadyLayers& layers, const ConstMatrixView& x, const MatrixView& y,
                 CpuWorkspace& workspace) const;

  int lanes(DType accumulator) const {
    return accumulator == DType::f64 ? table_.f64.lanes : table_.f32.lanes;
  }

  /// Calls task(index, thread) for every index, each thread under the contract's control word.
  template <class Task>
  void for_each(std::int64_t count, bool in_parallel, const Task& task) const {
    if (!in_parallel || count == 1) {
      const reference::FloatEnvironment environment;
      for (std::int64_t index = 0; index < count; ++index) task(index, 0);
      return;
    }
    const ThreadSpread spread;
    arena_.execute([&] {
      tbb::parallel_for(std::int64_t{0}, count, [&](std::int64_t index) {
        spread.begin_task();
        const reference::FloatEnvironment environment;
        task(index, tbb::this_task_arena::current_thread_index());
      });
    });
  }

  void run_layer(const PackedLayer& layer, const ConstMatrixView& x, const MatrixView& y,
                 CpuWorkspace& workspace) const {
    if (accumulator_of(layer.storage()) == DType::f64) {
      run_layer_in<double>(layer, x, y, workspace);
    } else {
      run_layer_in<float>(layer, x, y, workspace);
    }
  }

  template <class A>
  void run_layer_in(const PackedLayer& layer, const ConstMatrixView& x, const MatrixView& y,
                    CpuWorkspace& workspace) const {
    const bool in_parallel = threads_ > 1 && is_worth_threads(layer, x);
    if (layer.activation().kind != ActivationKind::softmax) {
      return compute<A>(layer, x, y, workspace, in_parallel);
    }
    MatrixView z = y;
    if (y.dtype != kDTypeOf<A>) {
      z = MatrixView(workspace.softmax_rows(), kDTypeOf<A>, y.rows, y.columns)
              .with_groups(y.groups, y.rows * y.columns);
    }
    compute<A>(layer, x, z, workspace, in_parallel);
    finish_softmax<A>(z, y, in_parallel);
  }

  template <class A>
  void compute(const PackedLayer& layer, const ConstMatrixView& x, const MatrixView& y,
               CpuWorkspace& workspace, bool in_parallel) const {
    const LayerRun<A> run(kernels_for<A>(table_), layer, x, y);
    if (in_parallel) {
      const TaskGrid grid = run.tasks(threads_);
      for_each(grid.count(), true,
               [&](std::int64_t task, int thread) { run.run(grid, task, workspace, thread); });
    } else {
      const reference::FloatEnvironment environment;
      run.run_all(workspace);
    }
  }

  template <class A>
  void finish_softmax(const MatrixView& z, const MatrixView& y, bool in_parallel) const {
    const Kernels<A>& kernels = kernels_for<A>(table_);
    for_each(y.rows * y.groups, in_parallel, [&](std::int64_t index, int) {
      const std::int64_t group = index / y.rows, row = index % y.rows;
      A* values = static_cast<A*>(z.element(group, row));
      kernels.row_softmax(values, y.columns);
      if (z.data != y.data) {
        kernels.narrow[index_of(y.dtype)]({values, z.stride, y.element(group, row), y.stride, 1, y.columns});
      }
    });
  }

  const KernelTable& table_;
  const int threads_;
  mutable tbb::task_arena arena_;
};

void CpuDevice::run(const engine::ReadyLayers& layers, const ConstMatrixView& x, const MatrixView& y,
                    engine::Workspace& workspace) const {
  auto& scratch = static_cast<CpuWorkspace&>(workspace);
  const std::int64_t most = scratch.chunk_rows();
  if (x.rows <= most) return run_chunk(layers, x, y, scratch);
  for (std::int64_t row = 0; row < x.rows; row += std::min(most, x.rows - row)) {
    const std::int64_t count = std::min(most, x.rows - row);
    run_chunk(layers, x.row_range(row, count), y.row_range(row, count), scratch);
  }
}

void CpuDevice::run_chunk(const engine::ReadyLayers& layers, const ConstMatrixView& x, const MatrixView& y,
                          CpuWorkspace& workspace) const {
  ConstMatrixView hidden;  // What the layer before wrote.
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const auto& layer = static_cast<const PackedLayer&>(*layers[index]);
    const ConstMatrixView& input = index == 0 ? x : hidden;
    if (index + 1 == layers.size()) return run_layer(layer, input, y, workspace);
    const MatrixView output = MatrixView(workspace.hidden(index), layer.storage(), x.rows, layer.outputs())
                                  .with_groups(layer.groups(), x.rows * layer.outputs());
    run_layer(layer, input, output, workspace);
    hidden = output;
  }
}

LayerPlan CpuDevice::plan(const Problem& problem) const {
  LayerPlan plan;
  plan.problem = problem;
  const int vector = lanes(accumulator_of(problem.dtype));
  if (choose_kernel(problem.inputs, problem.outputs, problem.rows, vector) == Kernel::row_lane) {
    plan.kernel = fmt::format("{}/row_lane", name());
    plan.reason =
        fmt::format("{} outputs would fill {} lanes badly; rows fill them", problem.outputs, vector);
  } else {
    plan.kernel = fmt::format("{}/tile", name());
    plan.reason = problem.rows < vector ? "too few rows to fill the lanes with them"
                                        : "outputs enough to fill the lanes";
  }
  return plan;
}

/// The threads that oneTBB may use: one per core unless the process set its own global_control. An arena that
/// asks for more would make oneTBB print a warning.
int most_threads() {
  return static_cast<int>(tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism));
}

std::string target_names() {
  std::vector<std::string> names;
  for (const KernelTable* table : targets()) names.push_back(fmt::format("cpu:{}", table->target));
  return fmt::format("cpu, {}", fmt::join(names, ", "));
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

}  // namespace

std::unique_ptr<engine::Device> make_cpu_device(const std::string& name, int threads) {
  const KernelTable* table = name == "cpu" ? targets().front() : nullptr;
  if (name.starts_with("cpu:")) table = find_target(std::string_view(name).substr(4));
  if (table == nullptr) {
    throw DeviceMissing(fmt::format("device \"{}\": this machine has {}", name, target_names()));
  }
  return std::make_unique<CpuDevice>(*table,
                                     threads > 0 ? std::min(threads, most_threads()) : most_threads());
}

std::vector<DeviceInfo> cpu_devices() {
  const std::string processor = processor_name();
  std::vector<DeviceInfo> devices;
  devices.push_back({"cpu", processor, targets().front()->f32.lanes, true});
  for (const KernelTable* table : targets()) {
    devices.push_back({fmt::format("cpu:{}", table->target), processor, table->f32.lanes, false});
  }
  return devices;
}

}  // namespace perceptron::cpu
