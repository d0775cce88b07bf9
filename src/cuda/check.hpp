// The one place where an error of CUDA's becomes one of ours.
#pragma once

#include <driver_types.h>

#include <source_location>
#include <string_view>

namespace perceptron::cuda {

enum class ErrorClass {
  out_of_memory,  ///< The call failed; everything that had been made is as before.
  fatal,    ///< The process must be started anew, or what lies in device memory can no longer be trusted.
  invalid,  ///< The call failed; others still work.
};

/// Of an error that is not cudaSuccess.
ErrorClass classify(cudaError_t error);

/// Clears the thread's last error and throws DeviceOutOfMemory, DeviceLost or DeviceError by the class above.
/// `doing` is what was tried: "recording an event".
[[noreturn]] void throw_error(cudaError_t error, std::string_view doing, const std::source_location& where);

/// Does nothing on success; else as throw_error.
inline void check(cudaError_t result, std::string_view doing,
                  const std::source_location& where = std::source_location::current()) {
  if (result != cudaSuccess) throw_error(result, doing, where);
}

}  // namespace perceptron::cuda
