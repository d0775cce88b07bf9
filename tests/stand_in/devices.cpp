// Devices and what they say of themselves, and errors by name.
#include <cstring>
#include <map>
#include <string>

#include "tests/stand_in/runtime.hpp"

namespace perceptron::stand_in {
namespace {

bool is_device(int number) { return number >= 0 && number < kDevices; }

/// Of an H100 SXM, but for two multiprocessors: launches are small here.
const std::map<cudaDeviceAttr, int> kAttributes = {
    {cudaDevAttrComputeCapabilityMajor, 9},
    {cudaDevAttrComputeCapabilityMinor, 0},
    {cudaDevAttrMemoryPoolsSupported, 1},
    {cudaDevAttrMaxPitch, 2147483647},
    {cudaDevAttrMultiProcessorCount, 2},
    {cudaDevAttrClockRate, 1980000},
    {cudaDevAttrMemoryClockRate, 2619000},
    {cudaDevAttrGlobalMemoryBusWidth, 5120},
    {cudaDevAttrL2CacheSize, 50 << 20},
    {cudaDevAttrMaxSharedMemoryPerMultiprocessor, 228 << 10},
    {cudaDevAttrMaxSharedMemoryPerBlockOptin, 227 << 10},
    {cudaDevAttrMaxRegistersPerMultiprocessor, 65536},
    {cudaDevAttrMaxThreadsPerMultiProcessor, 2048},
    {cudaDevAttrMaxBlocksPerMultiprocessor, 32},
};

int attribute(cudaDeviceAttr name, int device) {
  if (device == kTooOld && name == cudaDevAttrComputeCapabilityMajor) return 7;
  if (device == kTooOld && name == cudaDevAttrComputeCapabilityMinor) return 5;
  return kAttributes.at(name);
}

}  // namespace
}  // namespace perceptron::stand_in

using namespace perceptron::stand_in;

cudaError_t cudaGetDeviceCount(int* count) {
  return call([&](Runtime&) {
    *count = kDevices;
    return cudaSuccess;
  });
}

cudaError_t cudaGetDevice(int* device) {
  return call([&](Runtime&) {
    *device = current_device;
    return cudaSuccess;
  });
}

cudaError_t cudaSetDevice(int device) {
  return call([&](Runtime&) {
    if (!is_device(device)) return cudaErrorInvalidDevice;
    current_device = device;
    return cudaSuccess;
  });
}

cudaError_t cudaInitDevice(int device, unsigned, unsigned) {
  return call_outside_captures(
      [&](Runtime&) { return is_device(device) ? cudaSuccess : cudaErrorInvalidDevice; });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr name, int device) {
  return call([&](Runtime& state) {
    if (!is_device(device)) return cudaErrorInvalidDevice;
    if (!kAttributes.contains(name)) {
      state.violations.push_back("the stand-in lacks attribute " + std::to_string(name));
      return cudaErrorInvalidValue;
    }
    *value = attribute(name, device);
    return cudaSuccess;
  });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return call([&](Runtime&) {
    if (!is_device(device)) return cudaErrorInvalidDevice;
    *properties = {};
    std::strcpy(properties->name, "Stand-in");
    properties->totalGlobalMem = kMemoryBytes;
    properties->major = attribute(cudaDevAttrComputeCapabilityMajor, device);
    properties->minor = attribute(cudaDevAttrComputeCapabilityMinor, device);
    properties->multiProcessorCount = attribute(cudaDevAttrMultiProcessorCount, device);
    properties->l2CacheSize = attribute(cudaDevAttrL2CacheSize, device);
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetPCIBusId(char* text, int bytes, int device) {
  return call([&](Runtime&) {
    if (!is_device(device) || bytes < 13) return cudaErrorInvalidValue;
    std::strcpy(text, "0000:00:00.0");
    return cudaSuccess;
  });
}

cudaError_t cudaDriverGetVersion(int* version) {
  return call([&](Runtime&) {
    *version = CUDART_VERSION;
    return cudaSuccess;
  });
}

cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  return error;
}

cudaError_t cudaPeekAtLastError() { return last_error; }

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    default: return "an error of the stand-in";
  }
}

const char* cudaGetErrorString(cudaError_t) { return "no text in the stand-in"; }
