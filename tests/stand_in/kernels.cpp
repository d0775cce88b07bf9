// Libraries, kernels and launches: the PTX beside a fat binary runs on the machine of src/ptx, and so does
// that of the kernels which nvcc compiled into objects, whose code announces them when the program starts.
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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
  bool is_watched = false;
};

/// What a cudaLibrary_t points to.
struct Library {
  explicit Library(ptx::Module parsed) : module(std::move(parsed)) {}

  ptx::Module module;
  /// Else bounds and alignment alone are: of the kernels that the tests of label ptx watch, and of the
  /// benchmark's, which read what nobody wrote and stamp over one another on purpose.
  bool is_watched = false;
  std::map<std::string, Kernel, std::less<>> kernels;  ///< Those that were asked for.
};

/// Null where the bytes are none of the library's own fat binaries.
Library* library_of(const void* fatbin) {
  static auto& loaded = *new std::map<const void*, std::unique_ptr<Library>>;
  if (const auto place = loaded.find(fatbin); place != loaded.end()) return place->second.get();
  for (const kernels::Image& image : kernels::images()) {
    if (image.fatbin.data() != fatbin) continue;
    return (loaded[fatbin] = std::make_unique<Library>(ptx::parse(image.ptx, image.family))).get();
  }
  return nullptr;
}

/// The PTX of the objects that nvcc compiled: one library each.
std::vector<std::unique_ptr<Library>>& compiled_libraries() {
  static auto& libraries = *[] {
    auto* made = new std::vector<std::unique_ptr<Library>>;
    for (const char* path : {PERCEPTRON_LIBRARY_PTX, PERCEPTRON_EXAMPLE_PTX, PERCEPTRON_BENCHMARK_PTX}) {
      std::ifstream file(path);
      const std::string text(std::istreambuf_iterator<char>(file), {});
      made->push_back(std::make_unique<Library>(ptx::parse(text, path)));
      made->back()->is_watched = std::string_view(path) != PERCEPTRON_BENCHMARK_PTX;
    }
    return made;
  }();
  return libraries;
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
  kernel.is_watched = library.is_watched;
  kernel.program = ptx::decode(library.module, *entry);
  kernel.permitted.fill(kSharedBytes - static_cast<int>(kernel.program.static_shared_bytes));
  return &kernel;
}

/// Entries by the address of the host's function of the same name.
std::map<const void*, std::string>& announced() {
  static auto& names = *new std::map<const void*, std::string>;
  return names;
}

/// `function`: a kernel's handle, or the host's function of a kernel that nvcc compiled; null where no PTX
/// has it.
Kernel* kernel_behind(const void* function) {
  const auto place = announced().find(function);
  if (place == announced().end()) return static_cast<Kernel*>(const_cast<void*>(function));
  for (const auto& library : compiled_libraries()) {
    if (Kernel* found = kernel_of(*library, place->second.c_str())) return found;
  }
  return nullptr;
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

/// What waits for the host would wait for ever: here work is done where it is submitted.
bool waits_for_host(const Kernel& kernel) {
  return kernel.entry->name.find("hold_kernel") != std::string::npos;
}

void run(Runtime& state, const Kernel& kernel, const kernels::Launch& launch) {
  ptx::RunOptions options;
  options.is_watched = kernel.is_watched;
  try {
    ptx::run(kernel.program, launch, state.memory, options);
  } catch (const ptx::KernelFault& fault) {
    std::fprintf(stderr, "stand-in: %s\n", fault.what());
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

/// Between the two halves of a <<<launch>>>.
struct Configuration {
  dim3 grid, block;
  std::size_t shared_bytes = 0;
  cudaStream_t stream = nullptr;
};
thread_local Configuration configuration;

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
    const Kernel* found = kernel_behind(function);
    if (found == nullptr) return cudaErrorInvalidDeviceFunction;
    const Kernel& kernel = *found;
    *attributes = {};
    attributes->ptxVersion = attributes->binaryVersion = 80;
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
    const Kernel* found = kernel_behind(function);
    if (found == nullptr) return cudaErrorInvalidDeviceFunction;
    const Kernel& kernel = *found;
    if (const cudaError_t refused = refusal(state, kernel, shared_bytes, stream); refused != cudaSuccess) {
      return refused;
    }
    Launch launch;
    launch.entry = kernel.entry->name;
    launch.grid = {grid.x, grid.y, grid.z};
    launch.block = {block.x, block.y, block.z};
    launch.shared_bytes = static_cast<std::uint32_t>(shared_bytes);
    launch.arguments = laid_out(*kernel.entry, values);
    if (waits_for_host(kernel)) return cudaSuccess;
    return submit(state, stream, [&state, &kernel, launch] { run(state, kernel, launch); });
  });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void*, int threads,
                                                                   std::size_t, unsigned) {
  return call([&](Runtime&) {
    *blocks = 2048 / threads;
    return cudaSuccess;
  });
}

// What nvcc's own code of a kernel calls (crt/host_runtime.h): when the program starts, and at each
// <<<launch>>>.
extern "C" {

void** __cudaRegisterFatBinary(void* fatbin) { return new void*(fatbin); }
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void** handle) { delete handle; }
void __cudaRegisterFunction(void**, const char* host, char*, const char* name, int, uint3*, uint3*, dim3*,
                            dim3*, int*) {
  announced()[host] = name;
}
void __cudaRegisterVar(void**, char*, char*, const char*, int, std::size_t, int, int) {}

cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* function) {
  *kernel = reinterpret_cast<cudaKernel_t>(const_cast<void*>(function));
  return cudaSuccess;
}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared_bytes, CUstream_st* stream) {
  configuration = {grid, block, shared_bytes, stream};
  return 0;
}

cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared_bytes, void* stream) {
  *grid = configuration.grid;
  *block = configuration.block;
  *shared_bytes = configuration.shared_bytes;
  *static_cast<cudaStream_t*>(stream) = configuration.stream;
  return cudaSuccess;
}

cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** values,
                               std::size_t shared_bytes, cudaStream_t stream) {
  return cudaLaunchKernel(kernel, grid, block, values, shared_bytes, stream);
}

}  // extern "C"
