// The calling thread's current device, changed for a while.
#pragma once

#include <cuda_runtime_api.h>

#include "src/cuda/check.hpp"

namespace perceptron::cuda {

/// The device of that number is the thread's current one while this lives; afterwards the one that was. Since
/// CUDA 12 going back makes that device's context where there was none, some hundred MB of its memory.
class CurrentDevice {
 public:
  explicit CurrentDevice(int number) : number_(number) {
    check(cudaGetDevice(&before_), "asking for the current device");
    if (before_ != number_) check(cudaSetDevice(number_), "making a device the current one");
  }
  ~CurrentDevice() {
    if (before_ != number_) cudaSetDevice(before_);  // It was the current one: nothing to be told of.
  }
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

 private:
  int number_;
  int before_ = 0;
};

}  // namespace perceptron::cuda
