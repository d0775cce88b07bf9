// Memory of devices, pinned memory, pointers, copies.
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "tests/stand_in/runtime.hpp"

namespace perceptron::stand_in {
namespace {

std::uintptr_t number_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

/// True, once, for the allocation that a test lets fail.
bool fails_now(Runtime& state) { return state.failing_allocation != 0 && --state.failing_allocation == 0; }

cudaError_t allocate(Runtime& state, void** memory, const Block& block) {
  std::size_t used = 0;
  for (const auto& [address, other] : state.blocks) used += other.device == block.device ? other.bytes : 0;
  if (fails_now(state) || block.bytes > kMemoryBytes - used) return cudaErrorMemoryAllocation;
  const ptx::DeviceAddress address = state.memory.allocate(block.bytes, "memory of the stand-in");
  state.blocks[address] = block;
  *memory = reinterpret_cast<void*>(address);
  return cudaSuccess;
}

/// Memory of the pool by cudaFree is legal, and waits for the whole device: not what src/cuda promises.
cudaError_t release(Runtime& state, void* memory, bool is_stream_ordered) {
  if (memory == nullptr) return cudaSuccess;
  const auto place = state.blocks.find(number_of(memory));
  if (place == state.blocks.end()) {
    state.violations.push_back("memory is given back that nobody allocated");
    return cudaErrorInvalidValue;
  }
  if (is_stream_ordered != (place->second.source == Source::pool)) {
    state.violations.push_back(is_stream_ordered ? "cudaFreeAsync of memory that is not of the pool"
                                                 : "cudaFree of memory of the pool");
  }
  state.memory.release(place->first);
  state.blocks.erase(place);
  return cudaSuccess;
}

/// The entry whose memory holds the address, or the end; its size is size_of(entry's value).
template <class Entries, class Size>
auto holder(const Entries& entries, const void* pointer, const Size& size_of) {
  auto place = entries.upper_bound(number_of(pointer));
  if (place == entries.begin()) return entries.end();
  --place;
  return number_of(pointer) - place->first < size_of(place->second) ? place : entries.end();
}

bool is_in(const std::map<std::uintptr_t, std::size_t>& ranges, const void* pointer) {
  return holder(ranges, pointer, [](std::size_t bytes) { return bytes; }) != ranges.end();
}

bool is_device_memory(const Runtime& state, const void* pointer) {
  return holder(state.blocks, pointer, [](const Block& block) { return block.bytes; }) != state.blocks.end();
}

/// Which kind cudaMemcpyDefault means.
cudaMemcpyKind kind_of(const Runtime& state, const void* to, const void* from) {
  const bool is_to_device = is_device_memory(state, to), is_from_device = is_device_memory(state, from);
  if (is_to_device) return is_from_device ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice;
  return is_from_device ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost;
}

void copy(Runtime& state, void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (kind == cudaMemcpyDefault) kind = kind_of(state, to, from);
  if (kind == cudaMemcpyHostToDevice) {
    state.memory.write(number_of(to), {static_cast<const std::byte*>(from), bytes});
  } else if (kind == cudaMemcpyDeviceToHost) {
    state.memory.read(number_of(from), {static_cast<std::byte*>(to), bytes});
  } else if (kind == cudaMemcpyHostToHost) {
    std::memcpy(to, from, bytes);
  } else {
    std::vector<std::byte> between(bytes);
    copy(state, between.data(), from, bytes, cudaMemcpyDefault);
    copy(state, to, between.data(), bytes, cudaMemcpyDefault);
  }
}

bool is_between_host_and_device(cudaMemcpyKind kind) {
  return kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToHost;
}

}  // namespace
}  // namespace perceptron::stand_in

using namespace perceptron::stand_in;

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  return call_outside_captures([&](Runtime& state) {
    return allocate(state, memory, {bytes, current_device, Source::plain});
  });
}

cudaError_t cudaMallocManaged(void** memory, std::size_t bytes, unsigned) {
  return call_outside_captures([&](Runtime& state) {
    return allocate(state, memory, {bytes, current_device, Source::managed});
  });
}

cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t stream) {
  return call_outside_captures([&](Runtime& state) {
    if (!is_stream(state, stream)) return cudaErrorInvalidResourceHandle;
    const int device = stream == nullptr ? current_device : state_of(stream)->device;
    return allocate(state, memory, {bytes, device, Source::pool});
  });
}

cudaError_t cudaFree(void* memory) {
  return call_outside_captures([&](Runtime& state) { return release(state, memory, false); });
}

cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  return call_outside_captures([&](Runtime& state) {
    if (is_stream(state, stream)) return release(state, memory, true);
    state.violations.push_back("memory is given back behind a stream that is gone");
    return cudaErrorInvalidResourceHandle;
  });
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return call([&](Runtime& state) {
    *total = *free = kMemoryBytes;
    for (const auto& [address, block] : state.blocks)
      *free -= block.device == current_device ? block.bytes : 0;
    return cudaSuccess;
  });
}

cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) {
  return call_outside_captures([&](Runtime& state) {
    if (fails_now(state) || bytes > kMemoryBytes) return cudaErrorMemoryAllocation;
    *memory = std::malloc(bytes);
    if (*memory == nullptr) return cudaErrorMemoryAllocation;
    state.pinned[number_of(*memory)] = bytes;
    return cudaSuccess;
  });
}

cudaError_t cudaFreeHost(void* memory) {
  return call_outside_captures([&](Runtime& state) {
    if (state.pinned.erase(number_of(memory)) == 0) {
      state.violations.push_back("pinned memory is given back that nobody allocated");
      return cudaErrorInvalidValue;
    }
    std::free(memory);
    return cudaSuccess;
  });
}

cudaError_t cudaHostRegister(void* memory, std::size_t bytes, unsigned) {
  return call_outside_captures([&](Runtime& state) {
    state.registered[number_of(memory)] = bytes;
    return cudaSuccess;
  });
}

cudaError_t cudaHostUnregister(void* memory) {
  return call_outside_captures([&](Runtime& state) {
    const bool is_known = state.registered.erase(number_of(memory)) != 0;
    return is_known ? cudaSuccess : cudaErrorHostMemoryNotRegistered;
  });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  return call([&](Runtime& state) {
    *attributes = {};
    const auto place = holder(state.blocks, pointer, [](const Block& block) { return block.bytes; });
    if (place != state.blocks.end()) {
      const bool is_managed = place->second.source == Source::managed;
      attributes->type = is_managed ? cudaMemoryTypeManaged : cudaMemoryTypeDevice;
      attributes->device = place->second.device;
    } else if (is_in(state.pinned, pointer) || is_in(state.registered, pointer)) {
      attributes->type = cudaMemoryTypeHost;
    }
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return call([&](Runtime& state) {
    if (kind != cudaMemcpyDefault && !is_between_host_and_device(kind))
      return cudaErrorInvalidMemcpyDirection;
    return submit(state, stream, [&state, to, from, bytes, kind] { copy(state, to, from, bytes, kind); });
  });
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return call_outside_captures([&](Runtime& state) {
    copy(state, to, from, bytes, kind);
    return awaited(state);
  });
}

cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind,
                              cudaStream_t stream) {
  constexpr std::size_t kMaxPitch = 2147483647;
  return call([&](Runtime& state) {
    if (!is_between_host_and_device(kind)) return cudaErrorInvalidMemcpyDirection;
    if (to_pitch < width || from_pitch < width || to_pitch > kMaxPitch || from_pitch > kMaxPitch) {
      return cudaErrorInvalidPitchValue;
    }
    return submit(state, stream, [=, &state] {
      for (std::size_t row = 0; row < height; ++row) {
        copy(state, static_cast<std::byte*>(to) + row * to_pitch,
             static_cast<const std::byte*>(from) + row * from_pitch, width, kind);
      }
    });
  });
}

cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  return call([&](Runtime& state) {
    return submit(state, stream, [=, &state] {
      state.memory.fill(number_of(memory), static_cast<std::byte>(value), bytes);
    });
  });
}

cudaError_t cudaMemset(void* memory, int value, std::size_t bytes) {
  return cudaMemsetAsync(memory, value, bytes, nullptr);
}
