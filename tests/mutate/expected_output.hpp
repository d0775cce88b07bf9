// What a launch must leave in its output's memory, padding included.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "tests/mutate/device_memory.hpp"
#include "tests/support/same_bits.hpp"

namespace perceptron::mutate {

class ExpectedOutput {
 public:
  ExpectedOutput() = default;
  /// The bytes from a host view's first element to behind its last one, what is between the rows included;
  /// every byte that the launch does not write must be 0xFF there.
  explicit ExpectedOutput(const MatrixView& y) : dtype_(y.dtype), phase_(phase_of(y.data)) {
    const auto* first = static_cast<const std::byte*>(y.data);
    bytes_.assign(first, first + ptx::span_bytes(y));
    test::unify_nans(bytes_, dtype_);
  }
  ExpectedOutput(std::vector<std::byte> bytes, DType dtype) : bytes_(std::move(bytes)), dtype_(dtype) {
    test::unify_nans(bytes_, dtype_);
  }

  ptx::DeviceBuffer allocate(ptx::Memory& memory) const {
    ptx::DeviceBuffer buffer(memory, bytes_.size(), "y", phase_);
    memory.fill(buffer.address(), std::byte{0xFF}, bytes_.size());
    return buffer;
  }
  bool is_in(const ptx::Memory& memory, const ptx::DeviceBuffer& buffer) const {
    std::vector<std::byte> found(bytes_.size());
    memory.read(buffer.address(), found);
    test::unify_nans(found, dtype_);
    return found == bytes_;
  }

 private:
  static std::size_t phase_of(const void* data) { return reinterpret_cast<std::uintptr_t>(data) % 256; }

  std::vector<std::byte> bytes_;
  DType dtype_ = DType::f32;
  std::size_t phase_ = 0;
};

/// Bytes that the launch may read and not write.
inline ptx::DeviceBuffer read_only(ptx::Memory& memory, const std::vector<std::byte>& bytes,
                                   const char* name) {
  ptx::DeviceBuffer buffer(memory, bytes.size(), name);
  memory.write(buffer.address(), bytes);
  memory.protect(buffer.address());
  return buffer;
}
inline ptx::DeviceBuffer read_only(ptx::Memory& memory, const ConstMatrixView& view, const char* name) {
  ptx::DeviceBuffer buffer(memory, view, name);
  buffer.write(view);
  memory.protect(buffer.address());
  return buffer;
}

}  // namespace perceptron::mutate
