#include "perceptron/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <limits>
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
using engine::Workspace;
using ReadyLayers = std::vector<std::shared_ptr<const ReadyLayer>>;

/// Bytes of the layers between, for all rows of a chunk: about two second-level caches, so that what one
/// layer writes the next one reads from near by.
constexpr std::int64_t kHiddenBytes = std::int64_t{2} << 20;

std::vector<Layer> layers_of(const Model& model) {
  std::vector<Layer> layers;
  for (std::size_t index = 0; index < model.layer_count(); ++index) layers.push_back(model.layer(index));
  return layers;
}

}  // namespace

struct Engine::State {
  /// What one run needs besides the weights: buffers of the layers between, and the device's scratch.
  struct Scratch {
    Matrix hidden[2];
    std::unique_ptr<Workspace> workspace;
    std::shared_ptr<const ReadyLayers> ready;  ///< As of `version`; looked at again only where that changed.
    std::uint64_t version = 0;
  };

  State(Model source, const Options& options);

  std::int64_t hidden_row_bytes() const;
  std::int64_t choose_chunk_rows(std::size_t budget) const;
  std::size_t scratch_bytes(std::int64_t rows) const;
  Scratch make_scratch() const;
  void run(const ConstMatrixView& x, const MatrixView& y, Scratch& scratch);
  void run_chunk(const ReadyLayers& ready, const ConstMatrixView& x, const MatrixView& y,
                 Scratch& scratch) const;
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
  std::mutex ready_mutex;
  std::shared_ptr<const ReadyLayers> ready;
  std::atomic<std::uint64_t> version = 1;  ///< Counts updates; written under ready_mutex.
  std::mutex pool_mutex;
  std::vector<std::unique_ptr<Scratch>> pool;
};

Engine::State::State(Model source, const Options& options)
    : model(std::move(source)), layers(layers_of(model)), device(engine::make_device(options)) {
  chunk_rows = choose_chunk_rows(options.memory_budget_bytes);
  ReadyLayers prepared;
  for (const Layer& layer : layers) prepared.push_back(device->prepare(layer));
  ready = std::make_shared<const ReadyLayers>(std::move(prepared));
}

std::int64_t Engine::State::hidden_row_bytes() const {
  std::int64_t widest = 0;
  for (std::size_t index = 0; index + 1 < layers.size(); ++index) {
    widest = std::max(widest, layers[index].outputs());
  }
  const auto buffers = static_cast<std::int64_t>(std::min<std::size_t>(2, layers.size() - 1));
  return buffers * widest * model.groups() * static_cast<std::int64_t>(size_of(model.dtype()));
}

std::size_t Engine::State::scratch_bytes(std::int64_t rows) const {
  return static_cast<std::size_t>(hidden_row_bytes() * rows) + device->workspace_bytes(layers, rows);
}

std::int64_t Engine::State::choose_chunk_rows(std::size_t budget) const {
  const std::size_t fixed = scratch_bytes(0);
  const std::size_t per_row = scratch_bytes(1) - fixed;
  if (budget != 0 && budget < fixed + per_row) {
    throw InvalidArgument(
        fmt::format("memory_budget_bytes is {}, but one row needs {} bytes of scratch ({} fixed)", budget,
                    fixed + per_row, fixed));
  }
  if (per_row == 0) return std::numeric_limits<std::int64_t>::max();
  if (budget == 0) return std::max<std::int64_t>(1, kHiddenBytes / static_cast<std::int64_t>(per_row));
  return static_cast<std::int64_t>((budget - fixed) / per_row);
}

Engine::State::Scratch Engine::State::make_scratch() const {
  Scratch scratch;
  const bool is_chunked = chunk_rows != std::numeric_limits<std::int64_t>::max();
  const std::int64_t rows = is_chunked ? chunk_rows : 0;
  for (std::size_t index = 0; index < std::min<std::size_t>(2, layers.size() - 1); ++index) {
    std::int64_t widest = 0;
    for (std::size_t l = index; l + 1 < layers.size(); l += 2) widest = std::max(widest, layers[l].outputs());
    scratch.hidden[index] = Matrix(model.dtype(), rows, widest, model.groups());
  }
  scratch.workspace = device->workspace(layers, rows);
  return scratch;
}

void Engine::State::run(const ConstMatrixView& x, const MatrixView& y, Scratch& scratch) {
  refresh(scratch);
  if (x.rows == 0) return;
  if (x.rows <= chunk_rows) return run_chunk(*scratch.ready, x, y, scratch);
  for (std::int64_t row = 0; row < x.rows; row += std::min(chunk_rows, x.rows - row)) {
    const std::int64_t count = std::min(chunk_rows, x.rows - row);
    run_chunk(*scratch.ready, x.row_range(row, count), y.row_range(row, count), scratch);
  }
}

void Engine::State::run_chunk(const ReadyLayers& ready_now, const ConstMatrixView& x, const MatrixView& y,
                              Scratch& scratch) const {
  ConstMatrixView input = x;
  for (std::size_t index = 0; index < layers.size(); ++index) {
    MatrixView output = y;
    if (index + 1 < layers.size()) {
      const std::int64_t columns = layers[index].outputs();
      output = MatrixView(scratch.hidden[index % 2].data(), model.dtype(), x.rows, columns)
                   .with_groups(model.groups(), x.rows * columns);
    }
    device->run(*ready_now[index], input, output, *scratch.workspace);
    input = output;
  }
}

namespace {

void check_rows(std::int64_t rows) {
  if (rows < 0) throw InvalidArgument(fmt::format("rows is {}, expected 0 or more", rows));
}

}  // namespace

Engine::Engine(const Model& model, const Options& options)
    : state_(std::make_shared<State>(model, options)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

void Engine::run(ConstMatrixView x, MatrixView y) {
  engine::check_call(x, state_->layers.front(), y, state_->layers.back());
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

void Engine::update(std::size_t index, ConstMatrixView weight, ConstMatrixView bias, Stream) {
  if (index >= state_->layers.size()) {
    throw InvalidArgument(
        fmt::format("update: layer {} of {}; layers count from 0", index, state_->layers.size()));
  }
  const Layer& old = state_->layers[index];
  const Layer replacement{weight, bias, old.activation};
  engine::check_layer(replacement, fmt::format("update of layer {}", index));
  if (weight.rows != old.outputs() || weight.columns != old.inputs() || weight.groups != old.groups() ||
      weight.dtype != old.weight.dtype) {
    throw InvalidArgument(
        fmt::format("update of layer {}: weight is [{}, {}] {} in {} groups, expected [{}, {}] {} in {}",
                    index, weight.rows, weight.columns, to_string(weight.dtype), weight.groups, old.outputs(),
                    old.inputs(), to_string(old.weight.dtype), old.groups()));
  }
  std::shared_ptr<const ReadyLayer> prepared = state_->device->prepare(replacement);
  const std::lock_guard lock(state_->ready_mutex);
  ReadyLayers layers = *state_->ready;
  layers[index] = std::move(prepared);
  state_->ready = std::make_shared<const ReadyLayers>(std::move(layers));
  state_->version.fetch_add(1, std::memory_order_release);
}

Plan Engine::plan(std::int64_t rows) const {
  check_rows(rows);
  Plan plan;
  plan.device = state_->device->name();
  plan.threads = state_->device->threads();
  plan.chunk_rows = std::min(rows, state_->chunk_rows);
  plan.scratch_bytes = state_->scratch_bytes(plan.chunk_rows);
  for (const Layer& layer : state_->layers) {
    Problem problem;
    problem.groups = layer.groups();
    problem.rows = plan.chunk_rows;
    problem.inputs = layer.inputs();
    problem.outputs = layer.outputs();
    problem.dtype = problem.output_dtype = layer.weight.dtype;
    problem.activation = layer.activation;
    problem.has_bias = layer.has_bias();
    plan.layers.push_back(state_->device->plan(problem));
  }
  return plan;
}

std::size_t Engine::memory_required(std::int64_t rows) const {
  check_rows(rows);
  std::size_t bytes = state_->scratch_bytes(std::min(rows, state_->chunk_rows));
  for (const auto& layer : *state_->current()) bytes += layer->size_bytes();
  return bytes;
}

struct Session::State {
  std::shared_ptr<Engine::State> engine;
  Engine::State::Scratch scratch;
  std::atomic<bool> is_busy = false;
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
  Engine::State& engine = *state_->engine;
  engine::check_call(x, engine.layers.front(), y, engine.layers.back());
  if (state_->is_busy.exchange(true, std::memory_order_acquire)) {
    throw InvalidArgument("this Session is running in another thread; give each thread its own Session");
  }
  struct Release {
    std::atomic<bool>& is_busy;
    ~Release() { is_busy.store(false, std::memory_order_release); }
  } const release{state_->is_busy};
  engine.run(x, y, state_->scratch);
}

}  // namespace perceptron
