// What tests ask of the CUDA runtime that stands in for NVIDIA's: which call fails, what lives, what was
// misused. The runtime itself is the cuda* functions of the .cpp files of this folder.
#pragma once

#include <driver_types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace perceptron::stand_in {

/// cuda:0 and cuda:1 as an H100 would describe itself, cuda:2 too old for the kernels.
constexpr int kDevices = 3;
constexpr int kTooOld = 2;

/// The n-th call from now on, counted from 1, fails with that error; 0: none. After a fatal error (700,
/// cudaErrorIllegalAddress) every call fails with it.
void fail_call(std::int64_t n, cudaError_t error);
/// The n-th allocation from now on, pinned memory included, finds no memory; 0: none.
void fail_allocation(std::int64_t n);
/// True until the failure that was asked for last has happened.
bool is_failure_ahead();

/// Calls since revive(). Those that only name and clear errors count nowhere.
std::int64_t calls();
/// Calls of a process that should have made none.
std::int64_t calls_after_fatal();
/// Allocations, pinned memory, streams, events and graphs that were made and not given back.
std::size_t live();
/// Bytes of a device that are allocated.
std::size_t used_bytes(int device);
/// What the real runtime would punish or make slow, one line each; taking them forgets them.
std::vector<std::string> take_violations();

/// As after a new start of the process: nothing lives, nothing failed, device 0 is the current one.
void revive();

}  // namespace perceptron::stand_in
