// What the tests of the accelerator share: cuda:0, and a queue.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "src/cuda/cuda_accelerator.hpp"
#include "src/staging/accelerator.hpp"
#include "tests/gpu/require_gpu.hpp"

namespace perceptron::test {

class AcceleratorTest : public GpuTest {
 protected:
  void SetUp() override {
    GpuTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    accelerator_ = cuda::accelerator_of(0);
    queue_.emplace(*accelerator_);
  }

  cuda::CudaAccelerator& gpu() { return *accelerator_; }
  staging::Queue queue() { return queue_->get(); }

  void copy_to(void* device, const std::vector<std::byte>& bytes) {
    gpu().copy_in(queue(), {device, bytes.size(), bytes.data(), bytes.size(), bytes.size(), 1});
    gpu().synchronize(queue());
  }
  std::vector<std::byte> bytes_at(const void* device, std::size_t count) {
    std::vector<std::byte> bytes(count);
    gpu().copy_out(queue(), {bytes.data(), count, device, count, count, 1});
    gpu().synchronize(queue());
    return bytes;
  }

 private:
  std::shared_ptr<cuda::CudaAccelerator> accelerator_;
  std::optional<staging::OwnedQueue> queue_;
};

/// A pattern in which every byte differs from its neighbours.
inline std::vector<std::byte> patterned(std::size_t count, unsigned seed = 1) {
  std::vector<std::byte> bytes(count);
  for (std::size_t index = 0; index < count; ++index) {
    bytes[index] = static_cast<std::byte>(index * 37 + index / 256 + seed);
  }
  return bytes;
}

}  // namespace perceptron::test
