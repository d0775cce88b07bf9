// What CUDA says of a device, as planning wants to know it.
#pragma once

#include <driver_types.h>

#include <cstdint>

#include "perceptron/device_traits.hpp"

namespace perceptron::cuda {

/// Fused multiply-adds per multiprocessor and clock, outside tensor cores.
struct FmaRates {
  std::int64_t f32 = 0, f64 = 0;

  bool operator==(const FmaRates&) const = default;
};

/// By compute capability (90 for 9.0), from 80 on. One that is not listed has the rates of the next lower
/// one.
FmaRates fma_per_clock(std::int64_t compute_capability);

/// Of memory that transfers twice per clock, as HBM and GDDR do in CUDA's way of counting.
double memory_bytes_per_second(double clock_hz, std::int64_t bus_bits);

/// Makes no context, so it may be asked of devices that are not used.
int attribute(cudaDeviceAttr name, int device_number);

/// Makes no context. The name is the board's, for people.
DeviceTraits probe(int device_number);

}  // namespace perceptron::cuda
