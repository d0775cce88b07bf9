// Workers leave the caller's processor, and may afterwards run wherever they might before.
#include "src/cpu/thread_spread.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

namespace perceptron::cpu {
namespace {

cpu_set_t allowed(pid_t thread) {
  cpu_set_t set{};
  sched_getaffinity(thread, sizeof set, &set);
  return set;
}

cpu_set_t only(int processor) {
  cpu_set_t set{};
  CPU_SET(static_cast<unsigned>(processor), &set);
  return set;
}

void allow(const cpu_set_t& set) { ASSERT_EQ(sched_setaffinity(0, sizeof set, &set), 0); }

/// A thread that does what it is told, one thing after the other.
class Worker {
 public:
  Worker() {
    tell([] {});
  }
  ~Worker() {
    tell([this] { ends_ = true; });
    thread_.join();
  }
  /// Returns when it is done.
  void tell(const std::function<void()>& task) {
    task_ = &task;
    state_ = 1;
    state_.notify_one();
    state_.wait(1);
  }
  pid_t id() const { return id_; }

 private:
  void serve() {
    id_ = gettid();
    while (!ends_) {
      state_.wait(0);
      (*task_)();
      state_ = 0;
      state_.notify_one();
    }
  }

  std::atomic<int> state_{0};  ///< 1: the task is to be done.
  const std::function<void()>* task_ = nullptr;
  bool ends_ = false;
  std::atomic<pid_t> id_{0};
  std::thread thread_{[this] { serve(); }};
};

class Spread : public ::testing::Test {
 protected:
  void SetUp() override {
    before_ = allowed(0);
    if (CPU_COUNT(&before_) < 2) GTEST_SKIP() << "one processor: nowhere to go";
    processor_ = sched_getcpu();
    allow(only(processor_));
  }
  void TearDown() override { allow(before_); }

  /// Onto the caller's processor, free to leave it; called on the worker.
  void stack() const {
    allow(only(processor_));
    allow(before_);
  }
  /// The worker takes a task where the next section's caller is, from which it cannot go.
  void take_task_here(Worker& worker, const ThreadSpread& spread) const {
    worker.tell([&] {
      allow(only(processor_));
      spread.begin_task();
      allow(before_);
    });
  }
  bool may_run_here(const Worker& worker) const {
    const cpu_set_t set = allowed(worker.id());
    return CPU_ISSET(static_cast<unsigned>(processor_), &set);
  }
  bool is_free(const Worker& worker) const {
    const cpu_set_t set = allowed(worker.id());
    return CPU_EQUAL(&set, &before_);
  }

  cpu_set_t before_{};
  int processor_ = 0;  ///< The caller's.
};

TEST_F(Spread, AWorkerLeavesTheCallersProcessor) {
  Worker worker;
  const ThreadSpread spread;
  int found = processor_;
  worker.tell([&] {
    stack();
    spread.begin_task();
    found = sched_getcpu();
  });
  EXPECT_NE(found, processor_);
  EXPECT_TRUE(is_free(worker));
}

TEST_F(Spread, ASleepingWorkerWakesElsewhere) {
  Worker worker;
  const ThreadSpread first;
  take_task_here(worker, first);
  {
    const ThreadSpread second;
    EXPECT_FALSE(may_run_here(worker));
    { const ThreadSpread of_another_caller; }
    EXPECT_FALSE(may_run_here(worker)) << "the move was ended by who did not begin it";
    int found = processor_;
    worker.tell([&] {
      second.begin_task();
      found = sched_getcpu();
    });
    EXPECT_NE(found, processor_);
  }
  EXPECT_TRUE(is_free(worker));
  const ThreadSpread third;
  EXPECT_TRUE(is_free(worker)) << "moved though it was elsewhere";
}

TEST_F(Spread, APinnedWorkerStays) {
  Worker worker;
  const ThreadSpread spread;
  worker.tell([&] {
    allow(only(processor_));
    spread.begin_task();
  });
  const cpu_set_t set = allowed(worker.id()), here = only(processor_);
  EXPECT_TRUE(CPU_EQUAL(&set, &here));
  const ThreadSpread next;
  EXPECT_TRUE(may_run_here(worker));
}

TEST_F(Spread, ACallerIsNeverMoved) {
  Worker caller;
  const ThreadSpread spread;
  int found = -1;
  caller.tell([&] {
    const ThreadSpread own;
    stack();
    spread.begin_task();
    found = sched_getcpu();
  });
  EXPECT_EQ(found, processor_);
  const ThreadSpread next;
  EXPECT_TRUE(is_free(caller));
}

TEST_F(Spread, AnEndedWorkerIsForgotten) {
  for (int turn = 0; turn < 1000; ++turn) {  // More workers than there are seats.
    Worker worker;
    const ThreadSpread first;
    take_task_here(worker, first);
    const ThreadSpread second;
    ASSERT_FALSE(may_run_here(worker)) << turn;
  }
}

}  // namespace
}  // namespace perceptron::cpu
