// Where a GPU result was made: the facts that a reader needs to compare it with another.
#pragma once

#include <cstddef>
#include <string>

namespace perceptron::bench::gpu {

/// Figures that could not be had are 0, texts "unknown".
struct Gpu {
  int number = 0;
  std::string device;  ///< As it was asked for.
  std::string name;
  std::string bus_id;   ///< "0000:3b:00.0"
  std::string driver;   ///< "580.65.06"; "CUDA 13.0" where the management library is missing.
  std::string runtime;  ///< "13.0"
  std::string toolkit;  ///< Whose headers the program was built with.
  int compute_capability = 0;
  int multiprocessors = 0;
  std::size_t memory_bytes = 0;
  std::size_t l2_bytes = 0;
  double most_clock_mhz = 0;    ///< Of the multiprocessors.
  double memory_clock_mhz = 0;  ///< Highest.
  double power_limit_watts = 0;
  double temperature_celsius = 0;  ///< When the program began.
};

/// Makes it the current device. `device` is what Options::device takes: "cuda:0", or with a policy
/// "cuda:0:tile_fma/64x64". Throws InvalidArgument where it is no name of a GPU, DeviceMissing where there is
/// no such GPU or no driver.
Gpu open_gpu(const std::string& device);

}  // namespace perceptron::bench::gpu
