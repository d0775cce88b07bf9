#include "src/cli/interrupt.hpp"

#include <csignal>
#include <initializer_list>

#include "src/cli/exit_code.hpp"

namespace perceptron::cli {
namespace {

volatile std::sig_atomic_t arrived = 0;

void remember(int signal) { arrived = signal; }

}  // namespace

void watch_for_interrupts() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = remember;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(signal, &action, nullptr);
  }
}

int pending_interrupt() { return arrived; }

void stop_if_interrupted() {
  if (const int signal = pending_interrupt()) throw Interrupted("interrupted", signal);
}

}  // namespace perceptron::cli
