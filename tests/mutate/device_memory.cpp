#include "tests/mutate/device_memory.hpp"

#include <fmt/format.h>

#include <utility>

#include "perceptron/error.hpp"

namespace perceptron::ptx {
namespace {

/// Calls body(host row, byte offset) for every row of every group; shared groups once.
template <class Body>
void for_each_row(const ConstMatrixView& view, Body&& body) {
  const std::int64_t groups = view.group_stride == 0 ? 1 : view.groups;
  for (std::int64_t group = 0; group < groups; ++group) {
    for (std::int64_t row = 0; row < view.rows; ++row) {
      const auto* host = static_cast<const std::byte*>(view.element(group, row));
      body(host, static_cast<std::size_t>(host - static_cast<const std::byte*>(view.data)));
    }
  }
}

std::size_t row_bytes(const ConstMatrixView& view) {
  return static_cast<std::size_t>(view.columns) * size_of(view.dtype);
}

}  // namespace

std::size_t span_bytes(const ConstMatrixView& view) {
  if (view.rows == 0 || view.columns == 0) return 0;
  const std::int64_t last =
      (view.groups - 1) * view.group_stride + (view.rows - 1) * view.stride + view.columns;
  return static_cast<std::size_t>(last) * size_of(view.dtype);
}

DeviceBuffer::DeviceBuffer(Memory& memory, const ConstMatrixView& view, std::string name)
    : DeviceBuffer(memory, span_bytes(view), std::move(name),
                   reinterpret_cast<std::uintptr_t>(view.data) % 256) {}

DeviceBuffer::~DeviceBuffer() {
  if (memory_ != nullptr) memory_->release(address_);
}

DeviceBuffer::DeviceBuffer(DeviceBuffer&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), address_(other.address_), bytes_(other.bytes_) {}

DeviceBuffer& DeviceBuffer::operator=(DeviceBuffer&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

void DeviceBuffer::write(const ConstMatrixView& view) {
  for_each_row(view, [&](const std::byte* host, std::size_t offset) {
    memory_->write(address_ + offset, {host, row_bytes(view)});
  });
}

void DeviceBuffer::read(const MatrixView& view) const {
  for_each_row(view, [&](const std::byte* host, std::size_t offset) {
    if (!memory_->is_written(address_ + offset, row_bytes(view))) {
      throw DeviceError(fmt::format("the kernel left elements of the row at byte {} of y unwritten", offset));
    }
    memory_->read(address_ + offset, {const_cast<std::byte*>(host), row_bytes(view)});
  });
}

}  // namespace perceptron::ptx
