// The machine that executes PTX as an accelerator: its memory, and launches that are done at once.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "src/ptx/memory.hpp"
#include "src/staging/accelerator.hpp"

namespace perceptron::ptx {

/// Everything is complete when its call returns, so queues and events are names only.
class PtxAccelerator final : public staging::Accelerator {
 public:
  /// The seed fixes every choice of the machine; threads are blocks that run at once.
  PtxAccelerator(std::uint64_t seed, int threads) : seed_(seed), threads_(threads) {}

  std::string name() const override { return "ptx"; }
  /// Of the GPU that the kernels are written for.
  const DeviceTraits& traits() const override;
  bool has_device_pointers() const override { return false; }
  void check_pointer(const ConstMatrixView&, const char*) const override {}

  void* allocate(const staging::Allocation& allocation, staging::Queue) override;
  void release(void* memory, staging::Queue) noexcept override;
  void protect(void* memory) override;
  std::size_t free_bytes() const override { return static_cast<std::size_t>(traits().memory_bytes); }

  void* allocate_pinned(std::size_t bytes) override { return new std::byte[bytes]; }
  void release_pinned(void* memory) noexcept override { delete[] static_cast<std::byte*>(memory); }
  bool is_pinned(const void*) const override { return false; }

  staging::Queue make_queue() override { return nullptr; }
  void release_queue(staging::Queue) noexcept override {}
  void synchronize(staging::Queue) override {}
  staging::Event make_event() override { return this; }
  void release_event(staging::Event) noexcept override {}
  void record(staging::Event, staging::Queue) override {}
  void wait(staging::Queue, staging::Event) override {}
  void synchronize_event(staging::Event) override {}

  void copy_in(staging::Queue, const staging::Copy& copy) override;
  /// Throws DeviceError where the kernels left a byte unwritten.
  void copy_out(staging::Queue, const staging::Copy& copy) override;
  void make_ready(const kernels::Launch& launch) override;
  void launch(staging::Queue, const kernels::Launch& launch) override;

 private:
  const std::uint64_t seed_;
  const int threads_;
  std::mutex mutex_;  ///< The machine's memory serves one caller at a time.
  Memory memory_;
};

}  // namespace perceptron::ptx
