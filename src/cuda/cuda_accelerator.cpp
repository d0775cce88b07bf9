#include "src/cuda/cuda_accelerator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <new>

#include "src/cuda/pointer_kind.hpp"
#include "src/cuda/probe.hpp"

#if __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>
#define PERCEPTRON_HAS_NVTX 1
#endif

namespace perceptron::cuda {
namespace {

/// What cudaMalloc and its kin align to, so that a base is found again from any address with a smaller phase.
constexpr std::uintptr_t kAlignment = 256;

void* base_of(void* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  return static_cast<std::byte*>(memory) - address % kAlignment;
}

}  // namespace

CudaAccelerator::CudaAccelerator(int number, const DeviceTraits& traits)
    : number_(number),
      traits_(traits),
      has_pools_(attribute(cudaDevAttrMemoryPoolsSupported, number) != 0),
      max_pitch_(static_cast<std::size_t>(attribute(cudaDevAttrMaxPitch, number))),
      kernels_(number, traits.shared_bytes_per_block) {
  const OutsideCaptures outside;
  check(cudaInitDevice(number_, 0, 0), fmt::format("making a context on cuda:{}", number_));
}

std::string CudaAccelerator::name() const { return fmt::format("cuda:{}", number_); }

void CudaAccelerator::throw_lost() const {
  throw DeviceLost(fmt::format(
      "cuda:{} failed earlier and is not used again in this process; start the process anew", number_));
}

void CudaAccelerator::check_pointer(const ConstMatrixView& view, const char* name) const {
  if (view.data == nullptr) return;
  perform([&] {
    const PointerKind kind = pointer_kind(view.data);
    if (kind.is_memory_of(number_)) return;
    throw InvalidArgument(fmt::format("{}: expected memory of cuda:{} (Place::device), found {} at {}", name,
                                      number_, to_string(kind), view.data));
  });
}

void* CudaAccelerator::allocate(const staging::Allocation& allocation, staging::Queue queue) {
  const std::size_t bytes = std::max<std::size_t>(allocation.bytes + allocation.phase, 1);
  void* base = nullptr;
  perform_uncaptured([&] {
    const bool is_stream_ordered = has_pools_ && queue != nullptr;
    const cudaError_t result =
        is_stream_ordered ? cudaMallocAsync(&base, bytes, queue) : cudaMalloc(&base, bytes);
    if (result != cudaSuccess) {
      check(result, fmt::format("allocating {} bytes on cuda:{} for {}", bytes, number_, allocation.name));
    }
    if (is_stream_ordered) remember(base);
  });
  return static_cast<std::byte*>(base) + allocation.phase;
}

/// Memory of the pool goes back behind the queue's work; cudaFree waits for the work of the whole device.
void CudaAccelerator::release(void* memory, staging::Queue queue) noexcept {
  attempt([&] {
    void* base = base_of(memory);
    check(forget(base) ? cudaFreeAsync(base, queue) : cudaFree(base), "releasing device memory");
  });
}

void CudaAccelerator::remember(void* base) {
  const std::lock_guard lock(mutex_);
  stream_ordered_.insert(base);
}

/// True for memory that was remembered.
bool CudaAccelerator::forget(void* base) {
  const std::lock_guard lock(mutex_);
  return stream_ordered_.erase(base) != 0;
}

std::size_t CudaAccelerator::free_bytes() const {
  std::size_t free = 0, total = 0;
  perform_uncaptured([&] { check(cudaMemGetInfo(&free, &total), "asking for free device memory"); });
  return free;
}

void* CudaAccelerator::allocate_pinned(std::size_t bytes) {
  void* memory = nullptr;
  perform_uncaptured([&] {
    const cudaError_t result = cudaHostAlloc(&memory, std::max<std::size_t>(bytes, 1), cudaHostAllocPortable);
    if (result != cudaSuccess) check(result, fmt::format("allocating {} bytes of pinned memory", bytes));
  });
  return memory;
}

void CudaAccelerator::release_pinned(void* memory) noexcept {
  attempt([&] { check(cudaFreeHost(memory), "releasing pinned memory"); });
}

bool CudaAccelerator::is_pinned(const void* host) const {
  bool is_pinned = false;
  perform_uncaptured([&] { is_pinned = pointer_kind(host).type == cudaMemoryTypeHost; });
  return is_pinned;
}

/// cudaStreamDefault, not cudaStreamNonBlocking: the queue is ordered behind the legacy default stream, on
/// which callers who know of no streams write their inputs.
staging::Queue CudaAccelerator::make_queue() {
  staging::Queue queue = nullptr;
  perform_uncaptured([&] { check(cudaStreamCreateWithFlags(&queue, cudaStreamDefault), "making a stream"); });
  return queue;
}

void CudaAccelerator::release_queue(staging::Queue queue) noexcept {
  attempt([&] { check(cudaStreamDestroy(queue), "releasing a stream"); });
}

void CudaAccelerator::synchronize(staging::Queue queue) {
  perform_uncaptured([&] { check(cudaStreamSynchronize(queue), "waiting for a stream's work"); });
}

staging::Event CudaAccelerator::make_event() {
  cudaEvent_t event = nullptr;
  perform_uncaptured(
      [&] { check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "making an event"); });
  return event;
}

void CudaAccelerator::release_event(staging::Event event) noexcept {
  attempt([&] { check(cudaEventDestroy(static_cast<cudaEvent_t>(event)), "releasing an event"); });
}

void CudaAccelerator::record(staging::Event event, staging::Queue queue) {
  perform([&] { check(cudaEventRecord(static_cast<cudaEvent_t>(event), queue), "recording an event"); });
}

void CudaAccelerator::wait(staging::Queue queue, staging::Event event) {
  perform([&] {
    check(cudaStreamWaitEvent(queue, static_cast<cudaEvent_t>(event), cudaEventWaitDefault),
          "letting a stream wait for an event");
  });
}

void CudaAccelerator::synchronize_event(staging::Event event) {
  perform_uncaptured(
      [&] { check(cudaEventSynchronize(static_cast<cudaEvent_t>(event)), "waiting for an event"); });
}

bool CudaAccelerator::is_capturing(staging::Queue queue) const {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  perform([&] { check(cudaStreamIsCapturing(queue, &status), "asking whether a stream is captured"); });
  return status != cudaStreamCaptureStatusNone;
}

void CudaAccelerator::copy_in(staging::Queue queue, const staging::Copy& copy) {
  perform([&] { copy_rows(queue, copy, cudaMemcpyHostToDevice); });
}

void CudaAccelerator::copy_out(staging::Queue queue, const staging::Copy& copy) {
  perform([&] { copy_rows(queue, copy, cudaMemcpyDeviceToHost); });
}

/// One run of bytes, one rectangle, or row by row where a pitch is beyond what the device's copies take.
void CudaAccelerator::copy_rows(staging::Queue queue, const staging::Copy& copy, cudaMemcpyKind kind) const {
  constexpr const char* kDoing = "copying between host and device";
  if (copy.rows == 0 || copy.row_bytes == 0) return;
  const bool is_one_run =
      copy.rows == 1 || (copy.to_pitch == copy.row_bytes && copy.from_pitch == copy.row_bytes);
  if (is_one_run) {
    return check(cudaMemcpyAsync(copy.to, copy.from, copy.rows * copy.row_bytes, kind, queue), kDoing);
  }
  if (std::max(copy.to_pitch, copy.from_pitch) <= max_pitch_) {
    return check(cudaMemcpy2DAsync(copy.to, copy.to_pitch, copy.from, copy.from_pitch, copy.row_bytes,
                                   copy.rows, kind, queue),
                 kDoing);
  }
  auto* to = static_cast<std::byte*>(copy.to);
  const auto* from = static_cast<const std::byte*>(copy.from);
  for (std::size_t row = 0; row < copy.rows; ++row, to += copy.to_pitch, from += copy.from_pitch) {
    check(cudaMemcpyAsync(to, from, copy.row_bytes, kind, queue), kDoing);
  }
}

void CudaAccelerator::make_ready(const kernels::Launch& launch) {
  perform_uncaptured([&] { kernels_.ready(launch); });
}

void CudaAccelerator::launch(staging::Queue queue, const kernels::Launch& launch) {
  perform([&] {
    cudaKernel_t kernel = kernels_.ready(launch);
    void* parameters[] = {const_cast<std::byte*>(launch.arguments.bytes().data())};  // Only read.
    const cudaError_t result = cudaLaunchKernel(kernel, {launch.grid.x, launch.grid.y, launch.grid.z},
                                                {launch.block.x, launch.block.y, launch.block.z}, parameters,
                                                launch.shared_bytes, queue);
    if (result != cudaSuccess) check(result, fmt::format("launching {} on cuda:{}", launch.entry, number_));
  });
}

#if PERCEPTRON_HAS_NVTX
void CudaAccelerator::begin_range(const char* name) { nvtxRangePushA(name); }
void CudaAccelerator::end_range() { nvtxRangePop(); }
#else
void CudaAccelerator::begin_range(const char*) {}
void CudaAccelerator::end_range() {}
#endif

}  // namespace perceptron::cuda
