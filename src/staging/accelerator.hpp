// What staging needs of a GPU, or of what stands in for one: memory, ordered queues, launches. src/cuda
// implements it on a GPU, src/ptx on the machine that executes PTX, tests with faults and delays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "kernels/launch.hpp"
#include "perceptron/device_traits.hpp"
#include "perceptron/options.hpp"
#include "perceptron/view.hpp"

namespace perceptron::staging {

/// Work on one queue is done in the order in which it came. A caller's stream is a queue; null is the default
/// stream.
using Queue = Stream;
/// A point in a queue's work.
using Event = void*;

struct Allocation {
  std::size_t bytes = 0;
  const char* name = "";  ///< For messages: "weight".
  std::size_t phase = 0;  ///< The address modulo 256.
};

/// `rows` runs of row_bytes bytes, whose starts lie a pitch apart on either side.
struct Copy {
  void* to = nullptr;
  std::size_t to_pitch = 0;
  const void* from = nullptr;
  std::size_t from_pitch = 0;
  std::size_t row_bytes = 0, rows = 0;
};

/// Every function throws DeviceError, DeviceOutOfMemory where memory is what lacks, and DeviceLost once the
/// device failed for good: from then on nothing reaches the device, and the releases do nothing. Any number
/// of threads may call; one queue is used by one thread at a time.
class Accelerator {
 public:
  virtual ~Accelerator() = default;

  virtual std::string name() const = 0;            ///< "cuda:0"
  virtual const DeviceTraits& traits() const = 0;  ///< Of the GPU that planning plans for.
  /// True where callers can hold pointers into the device's memory.
  virtual bool has_device_pointers() const = 0;
  /// Throws InvalidArgument where the view's data are not memory of this very device: host memory, managed
  /// memory, another device's.
  virtual void check_pointer(const ConstMatrixView& view, const char* name) const = 0;

  /// Device memory, unwritten. Usable on `queue` at once, and everywhere when that queue's work is done.
  virtual void* allocate(const Allocation& allocation, Queue queue) = 0;
  /// Behind the work that `queue` has so far.
  virtual void release(void* memory, Queue queue) noexcept = 0;
  /// Kernels that write there are at fault; copies too. For those who watch.
  virtual void protect(void*) {}
  virtual std::size_t free_bytes() const = 0;

  /// Host memory that the device copies from and to by itself.
  virtual void* allocate_pinned(std::size_t bytes) = 0;
  virtual void release_pinned(void* memory) noexcept = 0;
  /// True for memory of the caller's that is pinned already.
  virtual bool is_pinned(const void* host) const = 0;

  virtual Queue make_queue() = 0;
  virtual void release_queue(Queue queue) noexcept = 0;
  /// Waits until all work of the queue is done.
  virtual void synchronize(Queue queue) = 0;
  virtual Event make_event() = 0;
  virtual void release_event(Event event) noexcept = 0;
  /// The event happens when the queue's work so far is done.
  virtual void record(Event event, Queue queue) = 0;
  /// What comes to the queue from now on is done after the event as last recorded; nothing where it never
  /// was.
  virtual void wait(Queue queue, Event event) = 0;
  /// The same for the calling thread.
  virtual void synchronize_event(Event event) = 0;

  /// True while the queue's work goes into a graph instead of being done.
  virtual bool is_capturing(Queue) const { return false; }

  /// Host to device and back. The host's side stays untouched until the queue has done it.
  virtual void copy_in(Queue queue, const Copy& copy) = 0;
  virtual void copy_out(Queue queue, const Copy& copy) = 0;

  /// Loads the entry's code and permits its shared memory, so that later launches of it allocate nothing.
  virtual void make_ready(const kernels::Launch& launch) = 0;
  virtual void launch(Queue queue, const kernels::Launch& launch) = 0;

  /// A named span of the calling thread for profilers.
  virtual void begin_range(const char*) {}
  virtual void end_range() {}
};

/// Owns device memory.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  DeviceBuffer(Accelerator& accelerator, const Allocation& allocation, Queue queue = {})
      : accelerator_(&accelerator),
        queue_(queue),
        memory_(accelerator.allocate(allocation, queue)),
        bytes_(allocation.bytes) {}
  ~DeviceBuffer() {
    if (memory_ != nullptr) accelerator_->release(memory_, queue_);
  }
  DeviceBuffer(DeviceBuffer&& other) noexcept { swap(other); }
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    swap(other);
    return *this;
  }

  void* data() const { return memory_; }
  std::size_t size_bytes() const { return bytes_; }

 private:
  void swap(DeviceBuffer& other) noexcept {
    std::swap(accelerator_, other.accelerator_);
    std::swap(queue_, other.queue_);
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
  }

  Accelerator* accelerator_ = nullptr;
  Queue queue_ = {};
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Owns a queue or an event.
template <class Handle, Handle (Accelerator::*kMake)(), void (Accelerator::*kRelease)(Handle) noexcept>
class Owned {
 public:
  explicit Owned(Accelerator& accelerator) : accelerator_(&accelerator), handle_((accelerator.*kMake)()) {}
  ~Owned() {
    if (accelerator_ != nullptr) (accelerator_->*kRelease)(handle_);
  }
  Owned(Owned&& other) noexcept
      : accelerator_(std::exchange(other.accelerator_, nullptr)), handle_(other.handle_) {}
  Owned& operator=(Owned&&) = delete;

  Handle get() const { return handle_; }

 private:
  Accelerator* accelerator_;
  Handle handle_;
};

using OwnedQueue = Owned<Queue, &Accelerator::make_queue, &Accelerator::release_queue>;
using OwnedEvent = Owned<Event, &Accelerator::make_event, &Accelerator::release_event>;

/// Waits for the queue's work where an error leaves the scope, so that the memory which the work uses may go.
class WaitOnError {
 public:
  WaitOnError(Accelerator& accelerator, Queue queue)
      : accelerator_(accelerator), queue_(queue), errors_(std::uncaught_exceptions()) {}
  ~WaitOnError() {
    if (std::uncaught_exceptions() == errors_) return;
    try {
      accelerator_.synchronize(queue_);
    } catch (const std::exception&) {  // The error that is on its way already says what happened.
    }
  }
  WaitOnError(const WaitOnError&) = delete;
  WaitOnError& operator=(const WaitOnError&) = delete;

 private:
  Accelerator& accelerator_;
  Queue queue_;
  int errors_;
};

/// Names a span of work for profilers while it lives.
class Range {
 public:
  Range(Accelerator& accelerator, const char* name) : accelerator_(accelerator) {
    accelerator.begin_range(name);
  }
  ~Range() { accelerator_.end_range(); }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;

 private:
  Accelerator& accelerator_;
};

}  // namespace perceptron::staging
