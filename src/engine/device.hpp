// What a device must do for Engine and Session: keep layers' weights ready and run a stack of them over rows.
// src/cpu implements it on the CPU; src/staging over anything with memory of its own: a GPU or the PTX
// machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "perceptron/device_plan.hpp"
#include "perceptron/engine.hpp"
#include "perceptron/layer.hpp"
#include "perceptron/options.hpp"
#include "perceptron/plan.hpp"
#include "perceptron/view.hpp"

namespace perceptron::engine {

/// A layer's weights in the form that the device's kernels read; shared between sessions.
class ReadyLayer {
 public:
  virtual ~ReadyLayer() = default;
  virtual std::size_t size_bytes() const = 0;
};

using ReadyLayers = std::vector<std::shared_ptr<const ReadyLayer>>;

/// One session's memory: queues, buffers of the layers between, scratch of the kernels.
class Workspace {
 public:
  virtual ~Workspace() = default;
};

/// Layers, views and places have been checked before they come here.
class Device {
 public:
  virtual ~Device() = default;

  virtual std::string name() const = 0;
  virtual int threads() const = 0;
  /// Whether x, y and weights may lie there.
  virtual bool reads(Place place) const { return place == Place::host; }

  /// Packs weights and bias.
  virtual std::shared_ptr<const ReadyLayer> prepare(const Layer& layer) const = 0;
  /// Weights for later runs in place of `old`, whose shapes they have: another ReadyLayer where runs that
  /// have begun go on with the old one, or `old` itself, written anew behind the work of `stream`.
  virtual std::shared_ptr<const ReadyLayer> update(const std::shared_ptr<const ReadyLayer>& /*old*/,
                                                   const Layer& layer, Stream) const {
    return prepare(layer);
  }

  /// Rows that pass through all layers together, at most: 2^63 − 1 where nothing lies between.
  virtual std::int64_t preferred_rows(const std::vector<Layer>& layers) const = 0;
  /// For chunks of at most that many rows.
  virtual std::unique_ptr<Workspace> workspace(const std::vector<Layer>& layers, std::int64_t rows) const = 0;
  /// Bytes of the workspace above, without making it: linear in rows.
  virtual std::size_t workspace_bytes(const std::vector<Layer>& layers, std::int64_t rows) const = 0;
  /// Which kernel serves the problem, and why.
  virtual LayerPlan plan(const Problem& problem) const = 0;
  /// The launch in full, where that is one of a GPU.
  virtual std::optional<DevicePlan> gpu_plan(const Problem& /*problem*/) const { return {}; }

  /// y = f(x·Wᵀ + b), layer after layer, for all groups; blocking; allocates nothing.
  virtual void run(const ReadyLayers& layers, const ConstMatrixView& x, const MatrixView& y,
                   Workspace& workspace) const = 0;
  /// The same, stage after stage, timed; what a device does that stages nothing is compute.
  virtual StageTimes run_by_stages(const ReadyLayers& layers, const ConstMatrixView& x, const MatrixView& y,
                                   Workspace& workspace) const;
  /// As run on memory of the device, behind the work of `stream`; returns at once.
  virtual void enqueue(const ReadyLayers& layers, ConstMatrixView x, MatrixView y, Workspace& workspace,
                       Stream stream) const;
  /// Waits until what `stream` holds is done. Throws InvalidArgument while it is being captured.
  virtual void catch_up(Stream) const {}
  /// One layer whose weights are used once, everything on memory of the device; otherwise as enqueue.
  virtual void linear(ConstMatrixView x, const Layer& layer, MatrixView y, Stream stream) const;
};

/// preferred_rows of the layers, fewer where `budget` bytes of workspace ask for it (0: no budget). Throws
/// InvalidArgument where not even one row fits.
std::int64_t chunk_rows(const Device& device, const std::vector<Layer>& layers, std::size_t budget);

}  // namespace perceptron::engine
