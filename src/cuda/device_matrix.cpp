#include "src/cuda/device_matrix.hpp"

#include <fmt/format.h>

#include "perceptron/error.hpp"
#include "src/cuda/cuda_accelerator.hpp"
#include "src/cuda/cuda_device.hpp"
#include "src/cuda/matrix_algorithms.hpp"
#include "src/cuda/pointer_kind.hpp"
#include "src/staging/matrices.hpp"

namespace perceptron::cuda {
namespace {

using staging::OwnedQueue, staging::PlacedMatrix, staging::WaitOnError;

class MatrixOnGpu final : public DeviceMatrix {
 public:
  MatrixOnGpu(std::shared_ptr<CudaAccelerator> accelerator, const ConstMatrixView& view)
      : accelerator_(std::move(accelerator)), queue_(*accelerator_), view_(view) {}

  Matrix rows(std::int64_t first, std::int64_t count) override {
    Matrix matrix(view_.dtype, count, view_.columns, view_.group_stride == 0 ? 1 : view_.groups);
    const WaitOnError matrix_stays(*accelerator_, queue_.get());
    staging::copy_out(*accelerator_, queue_.get(), view_.row_range(first, count), matrix.view());
    accelerator_->synchronize(queue_.get());
    return matrix;
  }

  bool has_bits(std::int64_t first, const ConstMatrixView& expected) override {
    const PlacedMatrix placed =
        staging::make_room(*accelerator_, expected, "expected outputs", staging::Layout::compact);
    const WaitOnError expected_stays(*accelerator_, queue_.get());
    staging::copy_in(*accelerator_, queue_.get(), expected, placed.view);
    return compare(*accelerator_, placed.view, view_.row_range(first, expected.rows), queue_.get()).passed();
  }

 private:
  std::shared_ptr<CudaAccelerator> accelerator_;
  OwnedQueue queue_;
  ConstMatrixView view_;
};

}  // namespace

std::unique_ptr<DeviceMatrix> device_matrix(const ConstMatrixView& view, const char* name) {
  if (const std::string reason = absence(); !reason.empty()) {
    throw DeviceMissing(fmt::format("{}: its place is device memory, but {}", name, reason));
  }
  const PointerKind kind = pointer_kind(view.data);
  auto accelerator = accelerator_of(kind.type == cudaMemoryTypeDevice ? kind.device : 0);
  accelerator->check_pointer(view, name);
  return std::make_unique<MatrixOnGpu>(std::move(accelerator), view);
}

}  // namespace perceptron::cuda
