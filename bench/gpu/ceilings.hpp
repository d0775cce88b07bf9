// What this GPU and its bus reach when nothing else is asked of them.
#pragma once

#include "bench/gpu/results.hpp"
#include "bench/gpu/timing.hpp"

namespace perceptron::bench::gpu {

/// All of results.hpp's names, timed in the same rounds until `until` of the wall clock at the latest.
Ceilings measure_ceilings(EventTimer& timer, double until);

}  // namespace perceptron::bench::gpu
