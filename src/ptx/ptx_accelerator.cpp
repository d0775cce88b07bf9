#include "src/ptx/ptx_accelerator.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <string_view>

#include "kernels/images.hpp"
#include "perceptron/error.hpp"
#include "src/ptx/machine.hpp"

namespace perceptron::ptx {
namespace {

DeviceAddress address_of(const void* memory) { return reinterpret_cast<DeviceAddress>(memory); }

/// The families' images, each parsed on first use and kept: devices are made often, images never change.
const Image& image_of(std::string_view family) {
  static std::mutex mutex;
  static std::map<std::string_view, Image> images;
  const std::lock_guard lock(mutex);
  const auto found = images.find(family);
  if (found != images.end()) return found->second;
  return images.emplace(family, Image(kernels::find_image(family)->ptx, fmt::format("{}.ptx", family)))
      .first->second;
}

}  // namespace

const DeviceTraits& PtxAccelerator::traits() const {
  static const DeviceTraits traits = load_device_traits("h100");
  return traits;
}

void* PtxAccelerator::allocate(const staging::Allocation& allocation, staging::Queue) {
  const std::lock_guard lock(mutex_);
  return reinterpret_cast<void*>(memory_.allocate(allocation.bytes, allocation.name, allocation.phase));
}

void PtxAccelerator::release(void* memory, staging::Queue) noexcept {
  const std::lock_guard lock(mutex_);
  memory_.release(address_of(memory));
}

void PtxAccelerator::protect(void* memory) {
  const std::lock_guard lock(mutex_);
  memory_.protect(address_of(memory));
}

void PtxAccelerator::copy_in(staging::Queue, const staging::Copy& copy) {
  const std::lock_guard lock(mutex_);
  for (std::size_t row = 0; row < copy.rows; ++row) {
    const auto* from = static_cast<const std::byte*>(copy.from) + row * copy.from_pitch;
    memory_.write(address_of(copy.to) + row * copy.to_pitch, {from, copy.row_bytes});
  }
}

void PtxAccelerator::copy_out(staging::Queue, const staging::Copy& copy) {
  const std::lock_guard lock(mutex_);
  for (std::size_t row = 0; row < copy.rows; ++row) {
    const DeviceAddress from = address_of(copy.from) + row * copy.from_pitch;
    if (!memory_.is_written(from, copy.row_bytes)) {
      throw DeviceError(fmt::format("the kernel left elements of row {} of y unwritten", row));
    }
    memory_.read(from, {static_cast<std::byte*>(copy.to) + row * copy.to_pitch, copy.row_bytes});
  }
}

void PtxAccelerator::make_ready(const kernels::Launch& launch) {
  image_of(launch.family).program(launch.entry);
}

void PtxAccelerator::launch(staging::Queue, const kernels::Launch& launch) {
  const std::lock_guard lock(mutex_);
  RunOptions options;
  options.seed = seed_;
  options.threads = threads_;
  run(image_of(launch.family).program(launch.entry), launch, memory_, options);
}

}  // namespace perceptron::ptx
