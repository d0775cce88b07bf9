// A layer's weights, packed in device memory by the device's own kernels, and the launches that compute it.
#pragma once

#include <cstddef>
#include <vector>

#include "perceptron/layer.hpp"
#include "src/engine/device.hpp"
#include "src/planning/planning.hpp"
#include "src/staging/accelerator.hpp"
#include "src/staging/matrices.hpp"

namespace perceptron::staging {

class DeviceLayer : public engine::ReadyLayer {
 public:
  /// Room for weights of the layer's shapes; write() brings them. `policies` serves every number of rows.
  DeviceLayer(Accelerator& accelerator, const Layer& layer, std::vector<planning::PolicyRange> policies,
              Queue queue = {});

  std::size_t size_bytes() const override { return weight_.size_bytes() + bias_.size_bytes(); }
  /// Of the layer: its views' data are the caller's, and never read.
  const Layer& shape() const { return shape_; }

  /// Packs weights that lie anywhere, behind the work of `queue` and the last write(). Host weights are
  /// placed by `layout` meanwhile, and then the call waits until they are packed. One call at a time.
  void write(const Layer& layer, Layout layout, Queue queue) const;
  /// Behind this, on another queue, the last write() is complete.
  void wait_on(Queue queue) const { accelerator_.wait(queue, written_.get()); }
  /// From now on a kernel that writes to the weights is at fault.
  void protect() const;
  /// Loads the code of every kernel that launch() may start.
  void make_ready() const;

  /// y = f(x·Wᵀ + b) on device memory. Softmax puts its sums, of the accumulator's type, at `sums`.
  void launch(Queue queue, const ConstMatrixView& x, const MatrixView& y, void* sums) const;

 private:
  void launch_linear(Queue queue, const ConstMatrixView& x, const MatrixView& z) const;

  Accelerator& accelerator_;
  Layer shape_;
  std::vector<planning::PolicyRange> policies_;
  DeviceBuffer weight_, bias_;
  OwnedEvent written_;
  /// Whether `written_` was ever recorded: only then may a capture wait for it.
  mutable bool is_written_ = false;
};

}  // namespace perceptron::staging
