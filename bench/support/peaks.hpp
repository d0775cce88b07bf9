// Measures the peaks of this machine.
#pragma once

#include "bench/roofline.hpp"

namespace perceptron::bench {

/// Bytes of the largest data cache, 32 MiB where the system does not say.
double last_level_cache_bytes();

/// Half a second: the best of several short runs on that many threads at once, with vectors of at most
/// `lanes_f32` elements of f32, since the best is what the machine can do.
Peaks measure_peaks(int threads, int lanes_f32);

}  // namespace perceptron::bench
