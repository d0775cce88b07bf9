// From host arrays to host arrays: Session::run against the bare copies.
#pragma once

#include "bench/gpu/results.hpp"
#include "bench/gpu/timing.hpp"

namespace perceptron::bench::gpu {

/// Three lanes in the same rounds: the copies, run on pinned arrays, run on pageable ones; some `seconds` in
/// all. Throws DeviceError where pinned and pageable arrays give different bits.
HostResult measure_host_arrays(EventTimer& timer, const Problem& problem, double seconds);

}  // namespace perceptron::bench::gpu
