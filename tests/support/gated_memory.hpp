// Memory whose first reader waits until the gate is opened: holds a run of the library at a known place, so
// that tests of concurrency need neither sleeps nor luck. One gate at a time in a program.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace perceptron::test {

/// Readable and writable until close_from(); then a thread that touches it waits in the handler of SIGSEGV
/// until open(). A fault anywhere else ends the program as always.
class GatedMemory {
 public:
  explicit GatedMemory(std::size_t bytes) : bytes_(bytes) {
    data_ = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data_ == MAP_FAILED) throw std::runtime_error("no memory for a gate");
    current_ = this;
    struct sigaction action = {};
    action.sa_sigaction = &wait_at_gate;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSEGV, &action, &before_);
  }
  GatedMemory(const GatedMemory&) = delete;
  GatedMemory& operator=(const GatedMemory&) = delete;
  ~GatedMemory() {
    ::sigaction(SIGSEGV, &before_, nullptr);
    ::munmap(data_, bytes_);
  }

  void* data() const { return data_; }
  /// From that byte on, which begins a page.
  void close_from(std::size_t byte) {
    ::mprotect(static_cast<std::byte*>(data_) + byte, bytes_ - byte, PROT_NONE);
  }
  void open() {
    ::mprotect(data_, bytes_, PROT_READ);
    is_open_ = true;
  }
  /// Returns when some thread waits at the gate.
  void await_visitor() const {
    while (!has_visitor_) ::sched_yield();
  }

 private:
  static void wait_at_gate(int, siginfo_t* fault, void*) {
    GatedMemory& gate = *current_;
    const auto at = reinterpret_cast<std::uintptr_t>(fault->si_addr);
    const auto begin = reinterpret_cast<std::uintptr_t>(gate.data_);
    if (at < begin || at >= begin + gate.bytes_) {
      ::sigaction(SIGSEGV, &gate.before_, nullptr);  // The access is repeated and ends the program.
      return;
    }
    gate.has_visitor_ = true;
    while (!gate.is_open_) ::sched_yield();
  }

  inline static GatedMemory* current_ = nullptr;
  std::size_t bytes_;
  void* data_;
  struct sigaction before_ = {};
  std::atomic<bool> has_visitor_ = false;
  std::atomic<bool> is_open_ = false;
};

}  // namespace perceptron::test
