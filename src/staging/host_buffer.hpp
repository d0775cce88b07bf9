// Host memory between the caller's and the device's: pinned where the system grants that.
#pragma once

#include <tbb/task_arena.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "perceptron/view.hpp"
#include "src/staging/accelerator.hpp"

namespace perceptron::staging {

/// Receives news, one line each; may be empty.
using Log = std::function<void(std::string_view)>;

class HostBuffer {
 public:
  HostBuffer() = default;
  /// Pageable memory, which the device copies more slowly, where pinning fails; says so.
  HostBuffer(Accelerator& accelerator, std::size_t bytes, const Log& log);
  ~HostBuffer();
  HostBuffer(HostBuffer&& other) noexcept { swap(other); }
  HostBuffer& operator=(HostBuffer&& other) noexcept {
    swap(other);
    return *this;
  }

  void* data() const { return pinned_ != nullptr ? pinned_ : pageable_.get(); }

 private:
  void swap(HostBuffer& other) noexcept;

  Accelerator* accelerator_ = nullptr;
  void* pinned_ = nullptr;
  std::unique_ptr<std::byte[]> pageable_;
};

/// Elements of host matrices of one shape, on the arena's threads. A group that all share is copied once.
void copy_host(const ConstMatrixView& from, const MatrixView& to, tbb::task_arena& threads);

}  // namespace perceptron::staging
