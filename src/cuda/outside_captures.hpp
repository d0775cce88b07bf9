// Calls that belong to no capture, whatever other threads capture meanwhile.
#pragma once

#include <cuda_runtime_api.h>

namespace perceptron::cuda {

/// While it lives the thread may allocate, load code and wait although another captures a stream in the mode
/// cudaStreamCaptureModeGlobal, which by itself forbids that to every thread
/// (cudaThreadExchangeStreamCaptureMode).
class OutsideCaptures {
 public:
  OutsideCaptures() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  ~OutsideCaptures() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  OutsideCaptures(const OutsideCaptures&) = delete;
  OutsideCaptures& operator=(const OutsideCaptures&) = delete;

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;  ///< Then the thread's own.
};

}  // namespace perceptron::cuda
