#include "perceptron/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "perceptron/error.hpp"
#include "perceptron/matrix.hpp"
#include "src/engine/checks.hpp"
#include "src/engine/devices.hpp"

namespace perceptron {
namespace {

using engine::Device;
using engine::ReadyLayer;
using engine::ReadyLayers;
using engine::Workspace;

void check_rows(std::int64_t rows) {
  if (rows < 0) throw InvalidArgument(fmt::format("rows is {}, expected 0 or more", rows));
}

}  // namespace

struct Engine::State {
  /// What one run needs besides the weights.
  struct Scratch {
    std::unique_ptr<Workspace> workspace;
    std::shared_ptr<const ReadyLayers> ready;  ///< As of `version`; looked at again only where that changed.
    std::uint64_t version = 0;
  };

  State(Model source, const Options& options);

  Scratch make_scratch() const { return {device->workspace(layers, chunk_rows), nullptr, 0}; }
  void check(const ConstMatrixView& x, const MatrixView& y) const;
  void run(const ConstMatrixView& x, const MatrixView& y, Scratch& scratch);
  StageTimes run_by_stages(const ConstMatrixView& x, const MatrixView& y, Scratch& scratch);
  void enqueue(const ConstMatrixView& x, const MatrixView& y, Scratch& scratch, Stream stream);
  std::shared_ptr<const ReadyLayers> current() {
    const std::lock_guard lock(ready_mutex);
    return ready;
  }
  void refresh(Scratch& scratch) {
    if (scratch.version == version.load(std::memory_order_acquire)) return;
    const std::lock_guard lock(ready_mutex);
    scratch.ready = ready;
    scratch.version = version.load(std::memory_order_relaxed);
  }

  Model model;
  std::vector<Layer> layers;
  std::unique_ptr<Device> device;
  std::int64_t chunk_rows;
  std::mutex update_mutex;  ///< Held while an update is made, so that none is lost.
  std::mutex ready_mutex;
  std::shared_ptr<const ReadyLayers> ready;
  std::atomic<std::uint64_t> version = 1;  ///< Counts updates; written under ready_mutex.
  std::mutex pool_mutex;
  std::vector<std::unique_ptr<Scratch>> pool;
};

Engine::State::State(Model source, const Options& options)
    : model(std::move(source)), layers(model.layers()), device(engine::make_device(options)) {
  chunk_rows = engine::chunk_rows(*device, layers, options.memory_budget_bytes);
  ReadyLayers prepared;
  for (const Layer& layer : layers) prepared.push_back(device->prepare(layer));
  ready = std::make_shared<const ReadyLayers>(std::move(prepared));
}

void Engine::State::check(const ConstMatrixView& x, const MatrixView& y) const {
  engine::check_call(x, layers.front(), y, layers.back());
  engine::check_place(x, "x", *device);
  engine::check_place(y, "y", *device);
}

void Engine::State::run(const ConstMatrixView& x, const MatrixView& y, Scratch& scratch) {
  refresh(scratch);
  if (x.rows != 0) device->run(*scratch.ready, x, y, *scratch.workspace);
}

StageTimes Engine::State::run_by_stages(const ConstMatrixView& x, const MatrixView& y, Scratch& scratch) {
  refresh(scratch);
  return x.rows == 0 ? StageTimes{} : device->run_by_stages(*scratch.ready, x, y, *scratch.workspace);
}

void Engine::State::enqueue(const ConstMatrixView& x, const MatrixView& y, Scratch& scratch, Stream stream) {
  refresh(scratch);
  if (x.rows != 0) device->enqueue(*scratch.ready, x, y, *scratch.workspace, stream);
}

Engine::Engine(const Model& model, const Options& options)
    : state_(std::make_shared<State>(model, options)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

void Engine::run(ConstMatrixView x, MatrixView y) {
  state_->check(x, y);
  std::unique_ptr<State::Scratch> scratch;
  {
    const std::lock_guard lock(state_->pool_mutex);
    if (!state_->pool.empty()) {
      scratch = std::move(state_->pool.back());
      state_->pool.pop_back();
    }
  }
  if (scratch == nullptr) scratch = std::make_unique<State::Scratch>(state_->make_scratch());
  state_->run(x, y, *scratch);
  const std::lock_guard lock(state_->pool_mutex);
  state_->pool.push_back(std::move(scratch));
}

void Engine::update(std::size_t index, ConstMatrixView weight, ConstMatrixView bias, Stream stream) {
  if (index >= state_->layers.size()) {
    throw InvalidArgument(
        fmt::format("update: layer {} of {}; layers count from 0", index, state_->layers.size()));
  }
  const Layer& old = state_->layers[index];
  const Layer replacement{weight, bias, old.activation};
  if (weight.rows != old.outputs() || weight.columns != old.inputs() || weight.groups != old.groups() ||
      weight.dtype != old.weight.dtype) {
    throw InvalidArgument(
        fmt::format("update of layer {}: weight is [{}, {}] {} in {} groups, expected [{}, {}] {} in {}",
                    index, weight.rows, weight.columns, to_string(weight.dtype), weight.groups, old.outputs(),
                    old.inputs(), to_string(old.weight.dtype), old.groups()));
  }
  engine::check_layer(replacement, fmt::format("update of layer {}", index));
  engine::check_places(replacement, fmt::format("update of layer {}", index), *state_->device);
  const std::lock_guard one_update(state_->update_mutex);
  ReadyLayers layers = *state_->current();
  layers[index] = state_->device->update(layers[index], replacement, stream);
  const std::lock_guard lock(state_->ready_mutex);
  state_->ready = std::make_shared<const ReadyLayers>(std::move(layers));
  state_->version.fetch_add(1, std::memory_order_release);
}

Plan Engine::plan(std::int64_t rows) const {
  check_rows(rows);
  Plan plan;
  plan.device = state_->device->name();
  plan.threads = state_->device->threads();
  plan.chunk_rows = std::min(rows, state_->chunk_rows);
  plan.scratch_bytes = state_->device->workspace_bytes(state_->layers, plan.chunk_rows);
  for (const Layer& layer : state_->layers) {
    plan.layers.push_back(state_->device->plan(problem_of(layer, plan.chunk_rows)));
  }
  return plan;
}

std::size_t Engine::memory_required(std::int64_t rows) const {
  check_rows(rows);
  std::size_t bytes = state_->device->workspace_bytes(state_->layers, std::min(rows, state_->chunk_rows));
  for (const auto& layer : *state_->current()) bytes += layer->size_bytes();
  return bytes;
}

struct Session::State {
  std::shared_ptr<Engine::State> engine;
  Engine::State::Scratch scratch;
  std::atomic<bool> is_busy = false;

  /// Keeps others out while it lives; throws where another thread is in.
  class Turn {
   public:
    explicit Turn(State& state) : state_(state) {
      if (!state.is_busy.exchange(true, std::memory_order_acquire)) return;
      throw InvalidArgument("this Session is running in another thread; give each thread its own Session");
    }
    ~Turn() { state_.is_busy.store(false, std::memory_order_release); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    State& state_;
  };
};

Session Engine::session() {
  auto session = std::make_unique<Session::State>();
  session->engine = state_;
  session->scratch = state_->make_scratch();
  return Session(std::move(session));
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

void Session::run(ConstMatrixView x, MatrixView y) {
  state_->engine->check(x, y);
  const State::Turn turn(*state_);
  state_->engine->run(x, y, state_->scratch);
}

StageTimes Session::run_by_stages(ConstMatrixView x, MatrixView y) {
  state_->engine->check(x, y);
  const State::Turn turn(*state_);
  return state_->engine->run_by_stages(x, y, state_->scratch);
}

void Session::enqueue(ConstMatrixView x, MatrixView y, Stream stream) {
  state_->engine->check(x, y);
  engine::check_on_device(x, "x");
  engine::check_on_device(y, "y");
  const State::Turn turn(*state_);
  state_->engine->enqueue(x, y, state_->scratch, stream);
}

}  // namespace perceptron
