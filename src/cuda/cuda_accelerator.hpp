// A GPU through the CUDA runtime, as staging needs it.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_set>

#include "perceptron/device_traits.hpp"
#include "perceptron/error.hpp"
#include "src/cuda/current_device.hpp"
#include "src/cuda/loaded_kernels.hpp"
#include "src/cuda/outside_captures.hpp"
#include "src/staging/accelerator.hpp"

namespace perceptron::cuda {

/// One per device and process (cuda_device.hpp). Every call leaves the caller's current device as it was.
class CudaAccelerator final : public staging::Accelerator {
 public:
  /// Makes the device's context. `traits` are the device's own.
  CudaAccelerator(int number, const DeviceTraits& traits);

  std::string name() const override;
  const DeviceTraits& traits() const override { return traits_; }
  bool has_device_pointers() const override { return true; }
  void check_pointer(const ConstMatrixView& view, const char* name) const override;

  void* allocate(const staging::Allocation& allocation, staging::Queue queue) override;
  void release(void* memory, staging::Queue queue) noexcept override;
  std::size_t free_bytes() const override;

  void* allocate_pinned(std::size_t bytes) override;
  void release_pinned(void* memory) noexcept override;
  bool is_pinned(const void* host) const override;

  staging::Queue make_queue() override;
  void release_queue(staging::Queue queue) noexcept override;
  void synchronize(staging::Queue queue) override;
  staging::Event make_event() override;
  void release_event(staging::Event event) noexcept override;
  void record(staging::Event event, staging::Queue queue) override;
  void wait(staging::Queue queue, staging::Event event) override;
  void synchronize_event(staging::Event event) override;
  bool is_capturing(staging::Queue queue) const override;

  void copy_in(staging::Queue queue, const staging::Copy& copy) override;
  void copy_out(staging::Queue queue, const staging::Copy& copy) override;

  void make_ready(const kernels::Launch& launch) override;
  void launch(staging::Queue queue, const kernels::Launch& launch) override;

  void begin_range(const char* name) override;
  void end_range() override;

  /// Calls work() with the device as the current one. The first DeviceLost is remembered: afterwards every
  /// call throws it at once, and nothing reaches CUDA.
  template <class Work>
  void perform(const Work& work) const {
    if (is_lost_) throw_lost();
    try {
      const CurrentDevice current(number_);
      work();
    } catch (const DeviceLost&) {
      is_lost_ = true;
      throw;
    }
  }

  /// For what belongs to no capture: allocating, loading, waiting. Another thread's capture would refuse it,
  /// or be ended by it.
  template <class Work>
  void perform_uncaptured(const Work& work) const {
    perform([&] {
      const OutsideCaptures outside;
      work();
    });
  }

 private:
  /// The same for releases, from which no error may come: nobody is left to act on it.
  template <class Work>
  void attempt(const Work& work) const noexcept {
    try {
      perform_uncaptured(work);
    } catch (...) {
    }
  }

  [[noreturn]] void throw_lost() const;
  void remember(void* base);
  bool forget(void* base);
  void copy_rows(staging::Queue queue, const staging::Copy& copy, cudaMemcpyKind kind) const;

  const int number_;
  const DeviceTraits traits_;
  const bool has_pools_;
  const std::size_t max_pitch_;
  mutable std::atomic<bool> is_lost_ = false;
  LoadedKernels kernels_;
  std::mutex mutex_;
  std::unordered_set<void*> stream_ordered_;  ///< Bases of memory that came from the device's pool.
};

}  // namespace perceptron::cuda
