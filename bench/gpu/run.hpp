// A whole run: ceilings, problems, host arrays, enqueueing, within a limit of time.
#pragma once

#include "bench/gpu/command_line.hpp"
#include "bench/gpu/results.hpp"

namespace perceptron::bench::gpu {

/// What fails is told in the report's wrong, or for lack of memory in left_out; a lost device ends the run.
/// Tells progress on standard error, and writes the file anew after each measurement. The GPU is the current
/// device.
Report run(const CommandLine& line, const Gpu& gpu);

}  // namespace perceptron::bench::gpu
