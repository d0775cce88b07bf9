// A matrix that owns its memory, for those who have none of their own yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "perceptron/export.hpp"
#include "perceptron/view.hpp"

namespace perceptron {

/// groups × rows × columns elements, contiguous, zero-filled, aligned to 64 bytes. Movable, not copyable.
/// Throws InvalidArgument where a size is negative or the byte count passes 2⁶³, std::bad_alloc without
/// memory.
class PERCEPTRON_API Matrix {
 public:
  Matrix() = default;
  Matrix(DType dtype, std::int64_t rows, std::int64_t columns, std::int64_t groups = 1);

  DType dtype() const { return dtype_; }
  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }
  std::int64_t groups() const { return groups_; }
  std::size_t size_bytes() const;
  bool empty() const { return data_ == nullptr; }
  void* data() { return data_.get(); }
  const void* data() const { return data_.get(); }

  MatrixView view();
  ConstMatrixView view() const;
  operator MatrixView() { return view(); }
  operator ConstMatrixView() const { return view(); }

 private:
  struct Free {
    void operator()(std::byte* bytes) const noexcept;
  };
  DType dtype_ = DType::f32;
  std::int64_t rows_ = 0;
  std::int64_t columns_ = 0;
  std::int64_t groups_ = 1;
  std::unique_ptr<std::byte, Free> data_;
};

/// A contiguous copy of a host view, optionally in another dtype (rounded once per element; widening is
/// exact).
PERCEPTRON_API Matrix copy(ConstMatrixView source);
PERCEPTRON_API Matrix copy(ConstMatrixView source, DType dtype);

}  // namespace perceptron
