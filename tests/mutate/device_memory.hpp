// Matrices in the machine's memory, laid out as their host views are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "perceptron/view.hpp"
#include "src/ptx/memory.hpp"

namespace perceptron::ptx {

/// Bytes from a view's first element to behind its last one.
std::size_t span_bytes(const ConstMatrixView& view);

/// Owns an allocation.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  DeviceBuffer(Memory& memory, std::size_t bytes, std::string name, std::size_t phase = 0)
      : memory_(&memory), address_(memory.allocate(bytes, std::move(name), phase)), bytes_(bytes) {}
  /// Room for the view's elements with its strides and its alignment; nothing is written yet.
  DeviceBuffer(Memory& memory, const ConstMatrixView& view, std::string name);
  ~DeviceBuffer();
  DeviceBuffer(DeviceBuffer&& other) noexcept;
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept;

  DeviceAddress address() const { return address_; }
  /// As kernels' arguments carry it.
  void* pointer() const { return reinterpret_cast<void*>(address_); }
  std::size_t size_bytes() const { return bytes_; }

  /// Elements only: what lies between the rows stays unwritten, so that a kernel which uses it is found out.
  void write(const ConstMatrixView& view);
  /// Throws DeviceError where the kernels left an element unwritten.
  void read(const MatrixView& view) const;

 private:
  Memory* memory_ = nullptr;
  DeviceAddress address_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace perceptron::ptx
