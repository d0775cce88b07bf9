#include "src/cpu/thread_spread.hpp"

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <span>

namespace perceptron::cpu {

/// A worker, the processor of its last task, and its move to others. One thread moves it at a time, so that
/// what it was allowed is what it gets back.
struct WorkerSeat {
  std::atomic<pid_t> worker{0};  ///< 0: free.
  std::atomic<int> processor{-1};
  std::atomic<bool> is_moving{false};
  cpu_set_t allowed{};  ///< Processors, before the move.

  /// False where it is being moved already or may run nowhere else.
  bool begin_move_off(int taken) {
    if (is_moving.exchange(true, std::memory_order_acquire)) return false;
    const pid_t id = worker.load(std::memory_order_relaxed);
    if (id != 0 && sched_getaffinity(id, sizeof allowed, &allowed) == 0) {
      cpu_set_t others = allowed;
      CPU_CLR(static_cast<unsigned>(taken), &others);
      if (CPU_COUNT(&others) > 0 && sched_setaffinity(id, sizeof others, &others) == 0) return true;
    }
    is_moving.store(false, std::memory_order_release);
    return false;
  }
  void end_move() {
    sched_setaffinity(worker.load(std::memory_order_relaxed), sizeof allowed, &allowed);
    is_moving.store(false, std::memory_order_release);
  }
};

namespace {

/// Workers beyond are left to the system.
constexpr std::size_t kMostSeats = 256;
std::array<WorkerSeat, kMostSeats> seats;
/// Seats from there on were never taken.
std::atomic<std::size_t> seats_end{0};

thread_local bool is_caller = false;

/// A worker's seat for the life of its thread.
class SeatOwner {
 public:
  SeatOwner() : seat_(take()) {}
  ~SeatOwner() {
    if (seat_ == nullptr) return;
    while (seat_->is_moving.exchange(true, std::memory_order_acquire)) sched_yield();
    seat_->processor.store(-1, std::memory_order_relaxed);
    seat_->worker.store(0, std::memory_order_relaxed);
    seat_->is_moving.store(false, std::memory_order_release);
  }
  SeatOwner(const SeatOwner&) = delete;
  SeatOwner& operator=(const SeatOwner&) = delete;

  /// Null where none was free.
  WorkerSeat* seat() const { return seat_; }

 private:
  static WorkerSeat* take() {
    for (std::size_t index = 0; index < kMostSeats; ++index) {
      pid_t nobody = 0;
      if (!seats[index].worker.compare_exchange_strong(nobody, gettid())) continue;
      std::size_t end = seats_end.load();
      while (end <= index && !seats_end.compare_exchange_weak(end, index + 1)) {
      }
      return &seats[index];
    }
    return nullptr;
  }

  WorkerSeat* const seat_;
};

}  // namespace

ThreadSpread::ThreadSpread() : caller_processor_(sched_getcpu()) {
  is_caller = true;
  for (WorkerSeat& seat : std::span(seats).first(seats_end.load(std::memory_order_acquire))) {
    if (moved_count_ == kMostMoved) return;
    if (seat.processor.load(std::memory_order_relaxed) != caller_processor_) continue;
    if (seat.begin_move_off(caller_processor_)) moved_[moved_count_++] = &seat;
  }
}

ThreadSpread::~ThreadSpread() {
  for (WorkerSeat* seat : std::span(moved_).first(moved_count_)) seat->end_move();
}

void ThreadSpread::begin_task() const {
  if (is_caller) return;
  thread_local const SeatOwner owner;
  WorkerSeat* const seat = owner.seat();
  if (seat == nullptr) return;
  int processor = sched_getcpu();
  if (processor == caller_processor_ && seat->begin_move_off(processor)) {
    processor = sched_getcpu();
    seat->end_move();
  }
  seat->processor.store(processor, std::memory_order_relaxed);
}

}  // namespace perceptron::cpu
