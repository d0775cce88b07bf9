// CUDA's errors become ours by one list. No GPU and no driver is needed: the errors are made up.
#include "src/cuda/check.hpp"

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <set>

#include "perceptron/error.hpp"
#include "src/cuda/pointer_kind.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::cuda {
namespace {

using test::expect_error;

/// The errors after which CUDA's documentation has the process started anew, and the uncorrectable memory
/// error.
const std::set<int> kFatal{214, 226, 700, 702, 710, 714, 715, 716, 717, 718, 719, 721, 810, 911};

TEST(CudaCheck, EveryErrorIsOfTheClassThatItsDocumentationGivesIt) {
  for (int number = 1; number < 1000; ++number) {
    const ErrorClass expected = number == 2               ? ErrorClass::out_of_memory
                                : kFatal.contains(number) ? ErrorClass::fatal
                                                          : ErrorClass::invalid;
    EXPECT_EQ(classify(static_cast<cudaError_t>(number)), expected) << number;
  }
}

TEST(CudaCheck, NumbersAreThoseOfThisToolkitsNames) {
  EXPECT_EQ(classify(cudaErrorMemoryAllocation), ErrorClass::out_of_memory);
  for (const cudaError_t error :
       {cudaErrorECCUncorrectable, cudaErrorIllegalAddress, cudaErrorLaunchTimeout, cudaErrorAssert,
        cudaErrorHardwareStackError, cudaErrorIllegalInstruction, cudaErrorMisalignedAddress,
        cudaErrorInvalidAddressSpace, cudaErrorInvalidPc, cudaErrorLaunchFailure,
        cudaErrorMpsClientTerminated, cudaErrorExternalDevice}) {
    EXPECT_EQ(classify(error), ErrorClass::fatal) << cudaGetErrorName(error);
  }
}

TEST(CudaCheck, SuccessIsNoError) { EXPECT_NO_THROW(check(cudaSuccess, "nothing")); }

TEST(CudaCheck, EachClassHasItsError) {
  expect_error<DeviceOutOfMemory>(
      [] { check(cudaErrorMemoryAllocation, "allocating 5 bytes"); },
      {"allocating 5 bytes failed", "cudaErrorMemoryAllocation (2)", "free memory"});
  expect_error<DeviceLost>([] { check(cudaErrorIllegalAddress, "waiting"); },
                           {"waiting failed", "cudaErrorIllegalAddress (700)", "start the process anew"});
  expect_error<DeviceError>([] { check(cudaErrorInvalidValue, "copying"); },
                            {"copying failed", "cudaErrorInvalidValue (1)"});
}

TEST(CudaCheck, MessagesSayWhatToDoAndWhereTheyCameFrom) {
  const int line = __LINE__ + 1;
  expect_error<DeviceError>([] { check(cudaErrorStreamCaptureUnsupported, "allocating"); },
                            {"being captured", "(cuda_check_test.cpp:" + std::to_string(line) + ")"});
  expect_error<DeviceError>([] { check(cudaErrorInsufficientDriver, "making a stream"); },
                            {"cudaErrorInsufficientDriver (35)", "install a newer NVIDIA driver"});
  expect_error<DeviceError>([] { check(cudaErrorNoKernelImageForDevice, "loading"); },
                            {"PERCEPTRON_CUDA_ARCHITECTURES"});
}

TEST(CudaCheck, PointersAreNamedByWhatTheyPointTo) {
  EXPECT_EQ(to_string({cudaMemoryTypeHost, 0}), "pinned host memory");
  EXPECT_EQ(to_string({cudaMemoryTypeManaged, 0}), "managed memory");
  EXPECT_EQ(to_string({cudaMemoryTypeDevice, 3}), "memory of cuda:3");
  EXPECT_NE(to_string({cudaMemoryTypeUnregistered, 0}).find("host memory"), std::string::npos);
  EXPECT_TRUE((PointerKind{cudaMemoryTypeDevice, 1}.is_memory_of(1)));
  EXPECT_FALSE((PointerKind{cudaMemoryTypeDevice, 1}.is_memory_of(0)));
  EXPECT_FALSE((PointerKind{cudaMemoryTypeManaged, 1}.is_memory_of(1)));
}

}  // namespace
}  // namespace perceptron::cuda
