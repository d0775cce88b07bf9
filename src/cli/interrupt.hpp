// SIGINT, SIGTERM and SIGHUP as a flag that long work looks at between its steps.
#pragma once

namespace perceptron::cli {

/// From here on the first of these signals only sets the flag; a second one of its kind ends the process at
/// once. A signal that the parent process had ignored stays ignored, as under nohup.
void watch_for_interrupts();

/// The signal that arrived, or 0.
int pending_interrupt();
/// Throws Interrupted where one has.
void stop_if_interrupted();

}  // namespace perceptron::cli
