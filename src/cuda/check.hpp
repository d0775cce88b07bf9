// The one place where an error of CUDA's becomes one of ours.
#pragma once

#include <driver_types.h>

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
[[noreturn]] void throw_error(cudaError_t error, std::string_view doing, const char* file, int line);

/// Does nothing on success; else as throw_error. File and line are the caller's: std::source_location, which
/// clang has since version 15 only, in two parameters.
inline void check(cudaError_t result, std::string_view doing, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  if (result != cudaSuccess) throw_error(result, doing, file, line);
}

}  // namespace perceptron::cuda
