// A caller's matrix in the memory of a GPU, as those see it who judge it on the host. Also there in a build
// without CUDA, which has no such matrix and says so. No CUDA header is needed to read this.
#pragma once

#include <cstdint>
#include <memory>

#include "perceptron/matrix.hpp"
#include "perceptron/view.hpp"

namespace perceptron::cuda {

/// One thread at a time.
class DeviceMatrix {
 public:
  virtual ~DeviceMatrix() = default;
  /// Those rows of every group, brought to the host; one group where all share one.
  virtual Matrix rows(std::int64_t first, std::int64_t count) = 0;
  /// True where the rows from `first` on have the bits of `expected`, a host matrix; any NaN equals any
  /// other. They are compared on the device.
  virtual bool has_bits(std::int64_t first, const ConstMatrixView& expected) = 0;
};

/// Of a view that is on_device(), whose memory tells the device. The work that writes there must be done.
/// Throws DeviceMissing where no GPU can be used, InvalidArgument where the memory is none of a GPU's.
std::unique_ptr<DeviceMatrix> device_matrix(const ConstMatrixView& view, const char* name);

}  // namespace perceptron::cuda
