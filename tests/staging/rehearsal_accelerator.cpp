#include "tests/staging/rehearsal_accelerator.hpp"

#include <numeric>
#include <stdexcept>

#include "perceptron/error.hpp"

namespace perceptron::test {

using staging::Allocation, staging::Copy, staging::Event, staging::Queue;

void RehearsalAccelerator::call(const char* function) {
  if (is_lost_) throw DeviceLost("the rehearsal's device was lost before");
  ++calls_;
  ++calls_of_[function];
  if (calls_ != script_.failing_call) return;
  const std::string text =
      std::string("the rehearsal fails call ") + std::to_string(calls_) + ", " + function;
  switch (script_.failure) {
    case Failure::memory: throw DeviceOutOfMemory(text);
    case Failure::invalid: throw DeviceError(text);
    case Failure::lost: break;
  }
  lose();
  throw DeviceLost(text);
}

void RehearsalAccelerator::lose() {
  is_lost_ = true;
  for (auto& [queue, operations] : queues_) operations.clear();
  default_queue_.clear();
  waiting_ = 0;
}

void RehearsalAccelerator::push(Queue queue, Operation operation) {
  const auto found = queues_.find(queue);
  if (queue != nullptr && found == queues_.end()) violations_.emplace_back("work for a queue that is gone");
  (queue == nullptr ? default_queue_ : queues_[queue]).push_back(std::move(operation));
  most_waiting_ = std::max(most_waiting_, ++waiting_);
}

/// The first operation of a queue drawn from those whose first operation may begin.
void RehearsalAccelerator::do_one() {
  std::vector<Operations*> able;
  const auto look_at = [&](Operations& queue) {
    if (queue.empty()) return;
    const Operation& first = queue.front();
    if (first.awaited == nullptr || first.awaited->happened >= first.since) able.push_back(&queue);
  };
  look_at(default_queue_);
  for (auto& [handle, queue] : queues_) look_at(queue);
  if (able.empty()) throw std::logic_error("deadlock: what is waited for can never happen");
  Operations& queue = *able[random_() % able.size()];
  const Operation operation = std::move(queue.front());
  queue.pop_front();
  --waiting_;
  if (operation.work) operation.work();
}

template <class Done>
void RehearsalAccelerator::work_until(const Done& done) {
  while (!done()) do_one();
}

void RehearsalAccelerator::drain() {
  work_until([&] { return waiting_ == 0; });
}

void RehearsalAccelerator::refuse_while_waiting(const char* what) {
  if (waiting_ != 0) violations_.push_back(std::string(what) + " was given back while work was under way");
}

void RehearsalAccelerator::check_pointer(const ConstMatrixView& view, const char* name) const {
  const auto after = memory_.upper_bound(const_cast<void*>(view.data));
  const auto* const data = static_cast<const std::byte*>(view.data);
  const bool is_ours =
      after != memory_.begin() &&
      data < static_cast<const std::byte*>(std::prev(after)->first) + std::prev(after)->second;
  if (!is_ours) throw InvalidArgument(std::string(name) + ": is host memory");
}

void* RehearsalAccelerator::allocate(const Allocation& allocation, Queue queue) {
  call("allocate");
  const std::size_t held = std::accumulate(memory_.begin(), memory_.end(), std::size_t{0},
                                           [](std::size_t sum, const auto& one) { return sum + one.second; });
  if (held + allocation.bytes > script_.memory_limit)
    throw DeviceOutOfMemory("the rehearsal's memory is full");
  void* const memory = machine_.allocate(allocation, queue);
  memory_[memory] = allocation.bytes;
  return memory;
}

void RehearsalAccelerator::release(void* memory, Queue queue) noexcept {
  if (is_lost_) return;
  if (queue != nullptr) drain();
  refuse_while_waiting("device memory");
  memory_.erase(memory);
  machine_.release(memory, queue);
}

void* RehearsalAccelerator::allocate_pinned(std::size_t bytes) {
  call("allocate_pinned");
  if (!script_.pins) throw DeviceError("the rehearsal pins no memory");
  return *pinned_.insert(machine_.allocate_pinned(bytes)).first;
}

void RehearsalAccelerator::release_pinned(void* memory) noexcept {
  // A real device keeps it once it is lost; here it would be a leak of the test's own.
  if (!is_lost_) refuse_while_waiting("pinned memory");
  pinned_.erase(memory);
  machine_.release_pinned(memory);
}

bool RehearsalAccelerator::is_pinned(const void* host) const {
  const auto after = pinned_by_caller_.upper_bound(host);
  if (after == pinned_by_caller_.begin()) return false;
  const auto& [begin, bytes] = *std::prev(after);
  return static_cast<const std::byte*>(host) < static_cast<const std::byte*>(begin) + bytes;
}

Queue RehearsalAccelerator::make_queue() {
  call("make_queue");
  auto* const handle = reinterpret_cast<Queue>(new char);
  queues_[handle];
  return handle;
}

void RehearsalAccelerator::release_queue(Queue queue) noexcept {
  if (!is_lost_ && !queues_[queue].empty())
    violations_.emplace_back("a queue was given back with work on it");
  queues_.erase(queue);
  delete reinterpret_cast<char*>(queue);
}

void RehearsalAccelerator::synchronize(Queue queue) {
  call("synchronize");
  work_until([&] { return (queue == nullptr ? default_queue_ : queues_[queue]).empty(); });
}

Event RehearsalAccelerator::make_event() {
  call("make_event");
  auto state = std::make_shared<EventState>();
  Event const event = state.get();
  events_[event] = std::move(state);
  return event;
}

void RehearsalAccelerator::release_event(Event event) noexcept { events_.erase(event); }

void RehearsalAccelerator::record(Event event, Queue queue) {
  call("record");
  const std::shared_ptr<EventState>& state = events_.at(event);
  const std::uint64_t count = ++state->recorded;
  push(queue, {nullptr, 0, [state, count] { state->happened = count; }});
}

void RehearsalAccelerator::wait(Queue queue, Event event) {
  call("wait");
  const std::shared_ptr<EventState>& state = events_.at(event);
  push(queue, {state, state->recorded, {}});
}

void RehearsalAccelerator::synchronize_event(Event event) {
  call("synchronize_event");
  const EventState& state = *events_.at(event);
  work_until([&] { return state.happened >= state.recorded; });
}

void RehearsalAccelerator::copy_in(Queue queue, const Copy& copy) {
  call("copy_in");
  push(queue, {nullptr, 0, [this, copy] { machine_.copy_in(nullptr, copy); }});
}

void RehearsalAccelerator::copy_out(Queue queue, const Copy& copy) {
  call("copy_out");
  push(queue, {nullptr, 0, [this, copy] { machine_.copy_out(nullptr, copy); }});
}

void RehearsalAccelerator::make_ready(const kernels::Launch& launch) {
  call("make_ready");
  machine_.make_ready(launch);
}

void RehearsalAccelerator::launch(Queue queue, const kernels::Launch& launch) {
  call("launch");
  push(queue, {nullptr, 0, [this, launch] { machine_.launch(nullptr, launch); }});
}

}  // namespace perceptron::test
