#include "src/cuda/cuda_device.hpp"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <map>
#include <mutex>

#include "perceptron/error.hpp"
#include "src/cuda/cuda_accelerator.hpp"
#include "src/cuda/probe.hpp"

namespace perceptron::cuda {
namespace {

/// The lowest that the kernels are built for: they copy asynchronously and convert bfloat16.
constexpr int kLowestCapability = 80;

/// Why CUDA's count of devices is no count.
std::string failure_text(cudaError_t error) {
  const std::string name = fmt::format("({}, {})", cudaGetErrorName(error), static_cast<int>(error));
  if (error == cudaErrorNoDevice) return fmt::format("the NVIDIA driver sees no GPU {}", name);
  if (error != cudaErrorInsufficientDriver) {
    return fmt::format("the NVIDIA driver failed: {} {}", cudaGetErrorString(error), name);
  }
  int driver = 0;
  cudaDriverGetVersion(&driver);  // 0 where there is none.
  const std::string found = driver == 0 ? "no NVIDIA driver is installed"
                                        : fmt::format("the NVIDIA driver is made for CUDA {}.{}",
                                                      driver / 1000, driver % 1000 / 10);
  return fmt::format("{}; this build needs one for CUDA {} or newer {}", found, CUDART_VERSION / 1000, name);
}

struct Census {
  int count = 0;
  std::string reason;  ///< Empty where devices could be counted and there are some.
};

Census count_devices() {
  Census found;
  const cudaError_t result = cudaGetDeviceCount(&found.count);
  if (result == cudaSuccess && found.count > 0) return found;
  cudaGetLastError();
  return {0, failure_text(result == cudaSuccess ? cudaErrorNoDevice : result)};
}

/// No GPU comes or goes while a process runs, and once one failed CUDA is not to be asked again.
const Census& census() {
  static const Census kFound = count_devices();
  return kFound;
}

int capability(int number) {
  return 10 * attribute(cudaDevAttrComputeCapabilityMajor, number) +
         attribute(cudaDevAttrComputeCapabilityMinor, number);
}

std::string capability_refusal(int number) {
  const int found = capability(number);
  if (found >= kLowestCapability) return "";
  return fmt::format("cuda:{} has compute capability {}.{}, the kernels need 8.0 or higher", number,
                     found / 10, found % 10);
}

std::string describe(const DeviceTraits& traits) {
  return fmt::format("{}, compute capability {}.{}, {} multiprocessors, {:.0f} GiB", traits.name,
                     traits.compute_capability / 10, traits.compute_capability % 10, traits.multiprocessors,
                     static_cast<double>(traits.memory_bytes) / (1 << 30));
}

/// Outputs per instruction of a warp.
constexpr int kLanes = 32;

void check_number(int number) {
  const Census& found = census();
  if (!found.reason.empty()) {
    throw DeviceMissing(fmt::format("device \"cuda:{}\": {}; use cpu, or auto", number, found.reason));
  }
  if (number < 0 || number >= found.count) {
    throw DeviceMissing(fmt::format("device \"cuda:{}\": this machine has {} CUDA device{}, cuda:0{}", number,
                                    found.count, found.count == 1 ? "" : "s",
                                    found.count == 1 ? "" : fmt::format(" to cuda:{}", found.count - 1)));
  }
  if (const std::string refusal = capability_refusal(number); !refusal.empty()) throw Unsupported(refusal);
}

struct Findings {
  std::vector<DeviceInfo> usable;
  std::string absence;  ///< Why there is none.
};

Findings find_devices() {
  Findings findings;
  const Census& found = census();
  if (!found.reason.empty()) return {{}, found.reason};
  try {
    for (int number = 0; number < found.count; ++number) {
      if (const std::string refusal = capability_refusal(number); !refusal.empty()) {
        findings.absence += (findings.absence.empty() ? "" : "; ") + refusal;
        continue;
      }
      const bool is_first = findings.usable.empty();
      findings.usable.push_back({fmt::format("cuda:{}", number), describe(probe(number)), kLanes, is_first});
    }
  } catch (const Error& error) {  // A driver that counts devices and cannot describe them.
    return {{}, error.what()};
  }
  if (!findings.usable.empty()) findings.absence.clear();
  return findings;
}

const Findings& findings() {
  static const Findings kFindings = find_devices();
  return kFindings;
}

}  // namespace

std::vector<DeviceInfo> cuda_devices() { return findings().usable; }

std::string absence() { return findings().absence; }

std::shared_ptr<CudaAccelerator> accelerator_of(int number) {
  // Never destroyed: at the process's end CUDA is torn down by its own exit handlers, in an order against
  // ours that nobody fixes, and the driver takes everything back by itself.
  static auto& mutex = *new std::mutex;
  static auto& made = *new std::map<int, std::shared_ptr<CudaAccelerator>>;
  const std::lock_guard lock(mutex);
  if (const auto place = made.find(number); place != made.end()) return place->second;
  check_number(number);
  return made[number] = std::make_shared<CudaAccelerator>(number, probe(number));
}

std::shared_ptr<staging::Accelerator> cuda_accelerator(int number) { return accelerator_of(number); }

}  // namespace perceptron::cuda
