// A device for rehearsals over the PTX machine: its queues do their work as late as they may, in an order
// drawn by a seed, its n-th call fails, and it counts what is made and given back.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "src/ptx/ptx_accelerator.hpp"
#include "src/staging/accelerator.hpp"

namespace perceptron::test {

enum class Failure { memory, invalid, lost };

/// What goes wrong, and when.
struct Script {
  std::uint64_t seed = 0;
  std::int64_t failing_call = 0;  ///< Counted from 1 over all calls; 0: none.
  Failure failure = Failure::invalid;
  std::size_t memory_limit = SIZE_MAX;  ///< Bytes of device memory at a time.
  bool pins = true;                     ///< Whether host memory can be pinned.
};

/// One thread at a time.
class RehearsalAccelerator final : public staging::Accelerator {
 public:
  explicit RehearsalAccelerator(const Script& script)
      : script_(script), random_(script.seed), machine_(0, 1) {}

  std::int64_t calls() const { return calls_; }
  /// Of that function, "allocate".
  std::int64_t calls(const std::string& function) const {
    const auto found = calls_of_.find(function);
    return found == calls_of_.end() ? 0 : found->second;
  }
  /// Of the operations of all queues, the most that waited at the same time.
  std::size_t most_waiting() const { return most_waiting_; }
  /// What was made and not given back; nothing once the device is lost, since then nothing may be given back.
  std::size_t live() const {
    return is_lost_ ? 0 : memory_.size() + pinned_.size() + queues_.size() + events_.size();
  }
  /// What a real device would not forgive: memory given back that work still uses, calls after the loss.
  const std::vector<std::string>& violations() const { return violations_; }
  bool is_lost() const { return is_lost_; }
  void script(const Script& script) { script_ = script; }
  /// Memory of the caller's that counts as pinned.
  void pin(const void* begin, std::size_t bytes) { pinned_by_caller_[begin] = bytes; }
  /// Does everything that waits.
  void drain();

  std::string name() const override { return "rehearsal"; }
  const DeviceTraits& traits() const override { return machine_.traits(); }
  bool has_device_pointers() const override { return true; }
  void check_pointer(const ConstMatrixView& view, const char* name) const override;
  void* allocate(const staging::Allocation& allocation, staging::Queue queue) override;
  void release(void* memory, staging::Queue queue) noexcept override;
  std::size_t free_bytes() const override { return machine_.free_bytes(); }
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
  void copy_in(staging::Queue queue, const staging::Copy& copy) override;
  void copy_out(staging::Queue queue, const staging::Copy& copy) override;
  void make_ready(const kernels::Launch& launch) override;
  void launch(staging::Queue queue, const kernels::Launch& launch) override;

 private:
  struct EventState {
    std::uint64_t recorded = 0, happened = 0;
  };
  struct Operation {
    std::shared_ptr<const EventState> awaited;  ///< Not before it has happened `since` times.
    std::uint64_t since = 0;
    std::function<void()> work;
  };
  using Operations = std::deque<Operation>;

  void call(const char* function);
  void push(staging::Queue queue, Operation operation);
  void do_one();
  template <class Done>
  void work_until(const Done& done);
  void refuse_while_waiting(const char* what);
  void lose();

  Script script_;
  std::mt19937_64 random_;
  ptx::PtxAccelerator machine_;
  std::int64_t calls_ = 0;
  std::map<std::string, std::int64_t> calls_of_;
  std::map<staging::Queue, Operations> queues_;
  Operations default_queue_;
  /// Shared with operations that are still to come: as in CUDA, an event may be given back before them.
  std::map<staging::Event, std::shared_ptr<EventState>> events_;
  std::map<void*, std::size_t> memory_;
  std::set<void*> pinned_;
  std::map<const void*, std::size_t> pinned_by_caller_;
  std::size_t waiting_ = 0, most_waiting_ = 0;
  std::vector<std::string> violations_;
  bool is_lost_ = false;
};

}  // namespace perceptron::test
