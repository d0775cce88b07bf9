// What a device must do for Engine and Session: keep a layer's weights ready and run a layer over rows.
// src/cpu implements it now; CUDA and the PTX machine are added as further implementations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "perceptron/layer.hpp"
#include "perceptron/plan.hpp"
#include "perceptron/view.hpp"

namespace perceptron::engine {

/// A layer's weights in the form that the device's kernels read. Immutable; shared between sessions.
class ReadyLayer {
 public:
  virtual ~ReadyLayer() = default;
  virtual std::size_t size_bytes() const = 0;
};

/// One session's memory on the device.
class Workspace {
 public:
  virtual ~Workspace() = default;
  virtual std::size_t size_bytes() const = 0;
};

class Device {
 public:
  virtual ~Device() = default;

  virtual std::string name() const = 0;
  virtual int threads() const = 0;
  /// Packs weights and bias; the layer has been checked.
  virtual std::shared_ptr<const ReadyLayer> prepare(const Layer& layer) const = 0;
  /// Scratch memory for runs of these layers over at most `rows` rows.
  virtual std::unique_ptr<Workspace> workspace(const std::vector<Layer>& layers, std::int64_t rows) const = 0;
  /// Bytes of the workspace above, without making it.
  virtual std::size_t workspace_bytes(const std::vector<Layer>& layers, std::int64_t rows) const = 0;
  /// Which kernel serves the problem, and why.
  virtual LayerPlan plan(const Problem& problem) const = 0;
  /// y = f(x·Wᵀ + b) for all groups; blocking; allocates nothing. Views have been checked.
  virtual void run(const ReadyLayer& layer, ConstMatrixView x, MatrixView y, Workspace& workspace) const = 0;
};

}  // namespace perceptron::engine
