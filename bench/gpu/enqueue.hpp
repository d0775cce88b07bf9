// What Session::enqueue costs the thread that calls it, against a bare launch, and replayed from a graph.
#pragma once

#include "bench/gpu/results.hpp"
#include "bench/gpu/timing.hpp"

namespace perceptron::bench::gpu {

/// Until `until` of the wall clock at the latest, after some rounds.
EnqueueResult measure_enqueue(EventTimer& timer, const Problem& problem, double until);

}  // namespace perceptron::bench::gpu
