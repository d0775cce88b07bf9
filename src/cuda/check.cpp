#include "src/cuda/check.hpp"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <string>

#include "perceptron/error.hpp"

namespace perceptron::cuda {
namespace {

/// The file's name without the folders of the machine that built it.
std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view advice(cudaError_t error) {
  switch (classify(error)) {
    case ErrorClass::out_of_memory: return "free memory, or ask for smaller chunks by a memory budget";
    case ErrorClass::fatal: return "start the process anew; compute-sanitizer shows which access is at fault";
    case ErrorClass::invalid: break;
  }
  const int number = error;
  if (number >= cudaErrorStreamCaptureUnsupported && number <= cudaErrorStreamCaptureWrongThread) {
    return "a stream is being captured: make engines and sessions, update and run before the capture begins";
  }
  switch (number) {
    case cudaErrorInsufficientDriver: return "install a newer NVIDIA driver";
    case cudaErrorNoKernelImageForDevice:
      return "build the library with this GPU's architecture in PERCEPTRON_CUDA_ARCHITECTURES";
    case cudaErrorDevicesUnavailable: return "another process has the GPU to itself; let it end";
    case cudaErrorInvalidResourceHandle: return "is the stream alive, and of this device?";
    case cudaErrorCudartUnloading: return "the process is ending; let engines and sessions go before";
    default: return "see the CUDA runtime's documentation of that error";
  }
}

}  // namespace

ErrorClass classify(cudaError_t error) {
  // After those of 700 and more, and 226, every call in the process fails (driver_types.h of CUDA 13.0: "To
  // continue using CUDA, the process must be terminated and relaunched"). By numbers, since older toolkits
  // lack some of the names.
  switch (static_cast<int>(error)) {
    case 2:  // cudaErrorMemoryAllocation
      return ErrorClass::out_of_memory;
    case 214:  // cudaErrorECCUncorrectable: memory holds bits that nobody wrote.
    case 226:  // cudaErrorContained
    case 700:  // cudaErrorIllegalAddress
    case 702:  // cudaErrorLaunchTimeout
    case 710:  // cudaErrorAssert
    case 714:  // cudaErrorHardwareStackError
    case 715:  // cudaErrorIllegalInstruction
    case 716:  // cudaErrorMisalignedAddress
    case 717:  // cudaErrorInvalidAddressSpace
    case 718:  // cudaErrorInvalidPc
    case 719:  // cudaErrorLaunchFailure
    case 721:  // cudaErrorTensorMemoryLeak
    case 810:  // cudaErrorMpsClientTerminated
    case 911:  // cudaErrorExternalDevice
      return ErrorClass::fatal;
    default: return ErrorClass::invalid;
  }
}

void throw_error(cudaError_t error, std::string_view doing, const char* file, int line) {
  cudaGetLastError();
  const std::string text =
      fmt::format("{} failed with {} ({}), {}: {} ({}:{})", doing, cudaGetErrorName(error),
                  static_cast<int>(error), cudaGetErrorString(error), advice(error), base_name(file), line);
  switch (classify(error)) {
    case ErrorClass::out_of_memory: throw DeviceOutOfMemory(text);
    case ErrorClass::fatal: throw DeviceLost(text);
    case ErrorClass::invalid: break;
  }
  throw DeviceError(text);
}

}  // namespace perceptron::cuda
