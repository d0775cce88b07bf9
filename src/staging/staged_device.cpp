#include "src/staging/staged_device.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <limits>
#include <mutex>

#include "kernels/families.hpp"
#include "perceptron/error.hpp"
#include "src/planning/planning.hpp"
#include "src/staging/pipeline.hpp"
#include "src/staging/scratch.hpp"

namespace perceptron::staging {
namespace {

/// Of one chunk in either direction: at 50 GB/s the bus takes 170 µs for it, so that the 10 µs in which a
/// chunk is told to the queues are hidden; three of them fill and empty a pipeline in little time. An
/// estimate.
constexpr std::int64_t kChunkBytes = std::int64_t{8} << 20;
/// Of what layers hand on: about half of a second-level cache of 50 MB. An estimate.
constexpr std::int64_t kHandedOnBytes = std::int64_t{24} << 20;
/// Of the free memory, for one session: others want some too.
constexpr std::int64_t kShareOfFree = 4;
constexpr std::int64_t kAllRows = std::numeric_limits<std::int64_t>::max();
/// The widest element that y may have: one row of it always fits.
constexpr std::size_t kWidestElement = size_of(DType::f64);

SlotBytes slot_bytes(const std::vector<Layer>& layers, std::int64_t rows) {
  const Layer& first = layers.front();
  const Layer& last = layers.back();
  const auto x_columns = static_cast<std::size_t>(first.inputs() * first.groups());
  const auto y_columns = static_cast<std::size_t>(last.outputs() * last.groups());
  const std::size_t size = size_of(first.weight.dtype), count = static_cast<std::size_t>(rows);
  return {x_columns * size * count, y_columns * (size * count + kWidestElement - size)};
}

/// One session's queues and buffers; the rows that it was made for.
struct StagedWorkspace : engine::Workspace {
  StagedWorkspace(Accelerator& accelerator, const std::vector<Layer>& layers, std::int64_t chunk_rows,
                  const StagedOptions& options)
      : rows(chunk_rows),
        scratch(accelerator, ScratchSizes(layers), chunk_rows),
        pipeline(accelerator, slot_bytes(layers, chunk_rows), options.threads, options.log) {}

  const std::int64_t rows;
  Scratch scratch;
  Pipeline pipeline;
};

/// A mirrored run makes what it needs itself, for so many rows at a time.
struct MirroredWorkspace : engine::Workspace {
  explicit MirroredWorkspace(std::int64_t chunk_rows) : rows(chunk_rows) {}

  const std::int64_t rows;
};

std::vector<Layer> shapes_of(const engine::ReadyLayers& layers) {
  std::vector<Layer> shapes;
  for (const auto& layer : layers) shapes.push_back(static_cast<const DeviceLayer&>(*layer).shape());
  return shapes;
}

StagedOptions with_threads(StagedOptions options) {
  const auto most =
      static_cast<int>(tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism));
  options.threads = options.threads > 0 ? std::min(options.threads, most) : most;
  return options;
}

void wait_for_weights(const engine::ReadyLayers& layers, Queue queue) {
  for (const auto& layer : layers) static_cast<const DeviceLayer&>(*layer).wait_on(queue);
}

}  // namespace

const kernels::Candidate* find_candidate(std::string_view family_and_policy) {
  for (const kernels::Candidate& candidate : kernels::candidates()) {
    if (fmt::format("{}/{}", candidate.family, candidate.policy) == family_and_policy) return &candidate;
  }
  return nullptr;
}

std::vector<std::string> candidate_names() {
  std::vector<std::string> names;
  for (const kernels::Candidate& candidate : kernels::candidates()) {
    names.push_back(fmt::format("{}/{}", candidate.family, candidate.policy));
  }
  return names;
}

StagedDevice::StagedDevice(std::shared_ptr<Accelerator> accelerator, StagedOptions options)
    : accelerator_(std::move(accelerator)), options_(with_threads(std::move(options))) {}

bool StagedDevice::reads(Place place) const {
  return place == Place::host || accelerator_->has_device_pointers();
}

planning::Choice StagedDevice::choose(const Problem& problem) const {
  if (options_.forced == nullptr) {
    planning::Choice choice = planning::choose(problem, accelerator_->traits());
    if (choice.candidate == nullptr) throw Unsupported(planning::refusal_text(problem, choice));
    return choice;
  }
  if (const auto refusal = options_.forced->refusal(planning::linear_part(problem))) {
    throw Unsupported(fmt::format("{} on {}: {}", to_string(problem), name(), *refusal));
  }
  return {options_.forced, "forced by the device's name", {}};
}

std::vector<planning::PolicyRange> StagedDevice::policies(const Layer& layer) const {
  const Problem problem = problem_of(layer, 1);
  if (options_.forced != nullptr) return {{1, choose(problem).candidate}};
  std::vector<planning::PolicyRange> table = planning::policy_table(problem, accelerator_->traits());
  for (const planning::PolicyRange& range : table) {
    if (range.candidate != nullptr) continue;
    throw Unsupported(planning::refusal_text(problem, planning::choose(problem, accelerator_->traits())));
  }
  return table;
}

std::shared_ptr<const engine::ReadyLayer> StagedDevice::prepare(const Layer& layer) const {
  const Range range(*accelerator_, "perceptron prepare");
  auto ready = std::make_shared<DeviceLayer>(*accelerator_, layer, policies(layer));
  ready->make_ready();
  const OwnedQueue queue(*accelerator_);
  const WaitOnError weights_stay(*accelerator_, queue.get());
  ready->write(layer, options_.layout, queue.get());
  accelerator_->synchronize(queue.get());
  if (options_.layout == Layout::mirrored) ready->protect();
  return ready;
}

std::shared_ptr<const engine::ReadyLayer> StagedDevice::update(
    const std::shared_ptr<const engine::ReadyLayer>& old, const Layer& layer, Stream stream) const {
  verify(layer.weight, "weight");
  verify(layer.bias, "bias");
  if (options_.layout == Layout::mirrored) return prepare(layer);
  if (accelerator_->is_capturing(stream)) {
    throw InvalidArgument(
        "update: its stream is being captured into a graph; update outside the capture, graphs that are "
        "replayed see the new weights");
  }
  const Range range(*accelerator_, "perceptron update");
  const std::lock_guard alone(weights_);
  static_cast<const DeviceLayer&>(*old).write(layer, options_.layout, stream);
  return old;
}

std::int64_t StagedDevice::preferred_rows(const std::vector<Layer>& layers) const {
  if (options_.layout == Layout::mirrored) return kAllRows;
  const SlotBytes slot = slot_bytes(layers, 1);
  const std::size_t handed_on = ScratchSizes(layers).row_bytes();
  const auto fitting = [](std::int64_t bytes, std::size_t row_bytes) {
    return row_bytes == 0 ? kAllRows : bytes / static_cast<std::int64_t>(row_bytes);
  };
  const auto free = static_cast<std::int64_t>(accelerator_->free_bytes());
  const std::int64_t rows =
      std::min({fitting(kChunkBytes, std::max(slot.x, slot.y)), fitting(kHandedOnBytes, handed_on),
                fitting(free / kShareOfFree, kSlots * (slot.x + slot.y) + handed_on)});
  return std::max<std::int64_t>(1, rows);
}

std::size_t StagedDevice::workspace_bytes(const std::vector<Layer>& layers, std::int64_t rows) const {
  const std::size_t handed_on = ScratchSizes(layers).row_bytes() * static_cast<std::size_t>(rows);
  if (options_.layout == Layout::mirrored) return handed_on;
  const SlotBytes slot = slot_bytes(layers, rows);
  return 2 * kSlots * (slot.x + slot.y) + handed_on;
}

std::unique_ptr<engine::Workspace> StagedDevice::workspace(const std::vector<Layer>& layers,
                                                           std::int64_t rows) const {
  if (options_.layout == Layout::mirrored) return std::make_unique<MirroredWorkspace>(rows);
  for (std::int64_t count = rows;; count /= 2) {
    try {
      return std::make_unique<StagedWorkspace>(*accelerator_, layers, count, options_);
    } catch (const DeviceOutOfMemory& error) {
      if (count <= 1) throw;
      if (options_.log) {
        options_.log(fmt::format("{}: no memory for chunks of {} rows, trying {}: {}", name(), count,
                                 count / 2, error.what()));
      }
    }
  }
}

LayerPlan StagedDevice::plan(const Problem& problem) const {
  planning::Choice choice = choose(problem);
  return {problem, fmt::format("{}/{}", accelerator_->name(), choice.candidate->entry(problem.dtype)),
          std::move(choice.reason)};
}

std::optional<DevicePlan> StagedDevice::gpu_plan(const Problem& problem) const {
  return planning::describe(problem, accelerator_->traits(), choose(problem));
}

void StagedDevice::verify(const ConstMatrixView& view, const char* name) const {
  if (options_.verifies_pointers && view.place == Place::device && view.data != nullptr) {
    accelerator_->check_pointer(view, name);
  }
}

void StagedDevice::run(const engine::ReadyLayers& layers, const ConstMatrixView& x, const MatrixView& y,
                       engine::Workspace& workspace) const {
  run_or_time(layers, x, y, workspace, nullptr);
}

StageTimes StagedDevice::run_by_stages(const engine::ReadyLayers& layers, const ConstMatrixView& x,
                                       const MatrixView& y, engine::Workspace& workspace) const {
  if (options_.layout == Layout::mirrored) return Device::run_by_stages(layers, x, y, workspace);
  StageTimes seconds;
  run_or_time(layers, x, y, workspace, &seconds);
  return seconds;
}

void StagedDevice::run_or_time(const engine::ReadyLayers& layers, const ConstMatrixView& x,
                               const MatrixView& y, engine::Workspace& workspace, StageTimes* seconds) const {
  const Range range(*accelerator_, "perceptron run");
  verify(x, "x");
  verify(y, "y");
  const std::shared_lock weights_stay(weights_);
  if (options_.layout == Layout::mirrored) {
    return run_mirrored(layers, x, y, static_cast<MirroredWorkspace&>(workspace).rows);
  }
  auto& mine = static_cast<StagedWorkspace&>(workspace);
  wait_for_weights(layers, mine.pipeline.compute_queue());
  const auto compute = [&](Queue on, const ConstMatrixView& from, const MatrixView& to) {
    mine.scratch.enqueue(on, layers, from, to);
  };
  const bool is_staged = x.place == Place::host || y.place == Place::host;
  const std::int64_t rows = is_staged ? mine.rows : x.rows;
  if (seconds == nullptr) {
    mine.pipeline.run(x, y, rows, std::ref(compute));
  } else {
    *seconds = mine.pipeline.run_by_stages(x, y, rows, std::ref(compute));
  }
}

void StagedDevice::run_mirrored(const engine::ReadyLayers& layers, const ConstMatrixView& x,
                                const MatrixView& y, std::int64_t rows) const {
  const OwnedQueue queue(*accelerator_);
  const auto room = [&](const ConstMatrixView& view, const char* name) {
    return view.place == Place::host ? make_room(*accelerator_, view, name, Layout::mirrored)
                                     : PlacedMatrix{};
  };
  const PlacedMatrix x_room = room(x, "x"), y_room = room(y, "y");
  const Scratch scratch(*accelerator_, ScratchSizes(shapes_of(layers)), std::min(rows, x.rows));
  const WaitOnError rooms_stay(*accelerator_, queue.get());
  ConstMatrixView from = x;
  if (x.place == Place::host) {
    copy_in(*accelerator_, queue.get(), x, x_room.view);
    accelerator_->protect(x_room.buffer.data());
    from = x_room.view;
  }
  const MatrixView to = y.place == Place::host ? y_room.view : y;
  scratch.enqueue(queue.get(), layers, from, to);
  if (y.place == Place::host) copy_out(*accelerator_, queue.get(), to, y);
  accelerator_->synchronize(queue.get());
}

void StagedDevice::enqueue(const engine::ReadyLayers& layers, ConstMatrixView x, MatrixView y,
                           engine::Workspace& workspace, Stream stream) const {
  const Range range(*accelerator_, "perceptron enqueue");
  verify(x, "x");
  verify(y, "y");
  const std::shared_lock weights_stay(weights_);
  if (options_.layout == Layout::mirrored) {
    throw Unsupported(fmt::format("enqueue: {} is for tests through host arrays; use run", name()));
  }
  static_cast<StagedWorkspace&>(workspace).scratch.enqueue(stream, layers, x, y);
}

void StagedDevice::catch_up(Stream stream) const {
  if (accelerator_->is_capturing(stream)) {
    throw InvalidArgument(
        "linear: its stream is being captured into a graph, and some of x, y, weight and bias lie in host "
        "memory; "
        "capture with all of them in device memory");
  }
  accelerator_->synchronize(stream);
}

void StagedDevice::linear(ConstMatrixView x, const Layer& layer, MatrixView y, Stream stream) const {
  const Range range(*accelerator_, "perceptron linear");
  verify(x, "x");
  verify(y, "y");
  verify(layer.weight, "weight");
  verify(layer.bias, "bias");
  const auto ready = std::make_shared<DeviceLayer>(*accelerator_, layer, policies(layer), stream);
  ready->make_ready();
  ready->write(layer, options_.layout, stream);
  const Scratch scratch(*accelerator_, ScratchSizes({layer}), x.rows, stream);
  scratch.enqueue(stream, {ready}, x, y);
}

}  // namespace perceptron::staging
