// Libraries, kernels and launches: the PTX beside a fat binary runs on the machine of src/ptx.
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/images.hpp"
#include "kernels/launch.hpp"
#include "src/ptx/entry_decoder.hpp"
#include "src/ptx/machine.hpp"
#include "src/ptx/parser.hpp"
#include "src/ptx/program.hpp"
#include "tests/stand_in/runtime.hpp"

namespace perceptron::stand_in {
namespace {

constexpr int kSharedBytes = 48 << 10, kPermittedSharedBytes = 227 << 10;

/// What a cudaKernel_t points to. Decoded once per process: the PTX never changes.
struct Kernel {
  const ptx::Entry* entry = nullptr;
  ptx::Program program;
  std::array<int, kDevices> permitted;  ///< Dynamic shared bytes.
};

/// What a cudaLibrary_t points to.
struct Library {
  explicit Library(const kernels::Image& image)
      : fatbin(image.fatbin.data()), module(ptx::parse(image.ptx, image.family)) {}

  const void* fatbin;
  ptx::Module module;
  std::map<std::string, Kernel, std::less<>> kernels;  ///< Those that were asked for.
};

/// Null where the bytes are none of the library's own fat binaries.
Library* library_of(const void* fatbin) {
  static auto& loaded = *new std::map<const void*, std::unique_ptr<Library>>;
  if (const auto place = loaded.find(fatbin); place != loaded.end()) return place->second.get();
  for (const kernels::Image& image : kernels::images()) {
    if (image.fatbin.data() != fatbin) continue;
    return (loaded[fatbin] = std::make_unique<Library>(image)).get();
  }
  return nullptr;
}

const ptx::Entry* find_entry(const Library& library, std::string_view name) {
  for (const ptx::Entry& entry : library.module.entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

Kernel* kernel_of(Library& library, const char* name) {
  if (const auto place = library.kernels.find(name); place != library.kernels.end()) return &place->second;
  const ptx::Entry* entry = find_entry(library, name);
  if (entry == nullptr) return nullptr;
  Kernel& kernel = library.kernels[name];
  kernel.entry = entry;
  kernel.program = ptx::decode(library.module, *entry);
  kernel.permitted.fill(kSharedBytes - static_cast<int>(kernel.program.static_shared_bytes));
  return &kernel;
}

/// The parameters one behind the other, each at a multiple of its alignment.
kernels::ArgumentBytes laid_out(const ptx::Entry& entry, void** values) {
  std::vector<std::byte> bytes;
  for (const ptx::Parameter& parameter : entry.parameters) {
    const std::size_t at =
        (bytes.size() + parameter.alignment - 1) / parameter.alignment * parameter.alignment;
    bytes.resize(at + parameter.bytes);
    std::memcpy(&bytes[at], *values++, parameter.bytes);
  }
  return kernels::ArgumentBytes(std::span<const std::byte>(bytes));
}

/// Unwatched but for bounds and alignment: the tests of label ptx watch the same kernels.
void run(Runtime& state, const Kernel& kernel, const kernels::Launch& launch) {
  ptx::RunOptions options;
  options.is_watched = false;
  try {
    ptx::run(kernel.program, launch, state.memory, options);
  } catch (const ptx::KernelFault&) {
    state.fault = cudaErrorIllegalAddress;
  }
}

/// A stream serves the device that it was made on; a kernel has the shared memory that it was permitted.
cudaError_t refusal(const Runtime& state, const Kernel& kernel, std::size_t shared_bytes,
                    cudaStream_t stream) {
  if (!is_stream(state, stream)) return cudaErrorInvalidResourceHandle;
  if (stream != nullptr && state_of(stream)->device != current_device) return cudaErrorInvalidResourceHandle;
  const int permitted = kernel.permitted[static_cast<std::size_t>(current_device)];
  return shared_bytes <= static_cast<std::size_t>(permitted) ? cudaSuccess : cudaErrorInvalidValue;
}

}  // namespace
}  // namespace perceptron::stand_in

using namespace perceptron::stand_in;
using perceptron::kernels::Launch;

cudaError_t cudaLibraryLoadData(cudaLibrary_t* library, const void* code, cudaJitOption*, void**, unsigned,
                                cudaLibraryOption*, void**, unsigned) {
  return call_outside_captures([&](Runtime&) {
    Library* found = library_of(code);
    *library = reinterpret_cast<cudaLibrary_t>(found);
    return found == nullptr ? cudaErrorInvalidKernelImage : cudaSuccess;
  });
}

cudaError_t cudaLibraryGetKernel(cudaKernel_t* kernel, cudaLibrary_t library, const char* name) {
  return call_outside_captures([&](Runtime&) {
    Kernel* found = kernel_of(*reinterpret_cast<Library*>(library), name);
    *kernel = reinterpret_cast<cudaKernel_t>(found);
    return found == nullptr ? cudaErrorSymbolNotFound : cudaSuccess;
  });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* function) {
  return call_outside_captures([&](Runtime&) {
    const auto& kernel = *static_cast<const Kernel*>(function);
    *attributes = {};
    attributes->sharedSizeBytes = kernel.program.static_shared_bytes;
    attributes->maxDynamicSharedSizeBytes = kSharedBytes - static_cast<int>(attributes->sharedSizeBytes);
    attributes->maxThreadsPerBlock = kernel.program.max_threads;
    return cudaSuccess;
  });
}

cudaError_t cudaKernelSetAttributeForDevice(cudaKernel_t function, cudaFuncAttribute name, int value,
                                            int device) {
  return call_outside_captures([&](Runtime&) {
    auto& kernel = *reinterpret_cast<Kernel*>(function);
    const int most = kPermittedSharedBytes - static_cast<int>(kernel.program.static_shared_bytes);
    if (name != cudaFuncAttributeMaxDynamicSharedMemorySize || value > most) return cudaErrorInvalidValue;
    kernel.permitted.at(static_cast<std::size_t>(device)) = value;
    return cudaSuccess;
  });
}

cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** values,
                             std::size_t shared_bytes, cudaStream_t stream) {
  return call([&](Runtime& state) {
    const auto& kernel = *static_cast<const Kernel*>(function);
    if (const cudaError_t refused = refusal(state, kernel, shared_bytes, stream); refused != cudaSuccess) {
      return refused;
    }
    Launch launch;
    launch.entry = kernel.entry->name;
    launch.grid = {grid.x, grid.y, grid.z};
    launch.block = {block.x, block.y, block.z};
    launch.shared_bytes = static_cast<std::uint32_t>(shared_bytes);
    launch.arguments = laid_out(*kernel.entry, values);
    return submit(state, stream, [&state, &kernel, launch] { run(state, kernel, launch); });
  });
}
