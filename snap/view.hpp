// Views of matrices that somebody else owns: row-major, any stride, optionally in groups.
#pragma once

#include <cstddef>
#include <cstdint>

#include "perceptron/dtype.hpp"

namespace perceptron {

/// Where the memory of a view lies.
enum class Place : std::uint8_t { host, device };

/// `groups` matrices of rows × columns elements. Element (g, r, c) is at data + g·group_stride + r·stride +
/// c. Strides count elements. group_stride = 0 shares one matrix between all groups. A view owns nothing: its
/// memory must outlive every call that uses it.
struct ConstMatrixView {
  const void* data = nullptr;
  DType dtype = DType::f32;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;
  std::int64_t groups = 1;
  std::int64_t group_stride = 0;
  Place place = Place::host;

  constexpr ConstMatrixView() = default;
  /// A contiguous matrix of one group.
  template <Element T>
  constexpr ConstMatrixView(const T* data, std::int64_t rows, std::int64_t columns)
      : ConstMatrixView(data, kDTypeOf<T>, rows, columns) {}
  constexpr ConstMatrixView(const void* data, DType dtype, std::int64_t rows, std::int64_t columns)
      : data(data), dtype(dtype), rows(rows), columns(columns), stride(columns) {}

  /// The same, of memory of a GPU.
  constexpr ConstMatrixView on_device() const {
    ConstMatrixView view = *this;
    view.place = Place::device;
    return view;
  }
  constexpr ConstMatrixView with_stride(std::int64_t elements) const {
    ConstMatrixView view = *this;
    view.stride = elements;
    return view;
  }
  constexpr ConstMatrixView with_groups(std::int64_t count, std::int64_t elements_between) const {
    ConstMatrixView view = *this;
    view.groups = count;
    view.group_stride = elements_between;
    return view;
  }

  /// Rows first … first+count−1 of every group.
  ConstMatrixView row_range(std::int64_t first, std::int64_t count) const {
    ConstMatrixView view = *this;
    view.data = element(0, first);
    view.rows = count;
    return view;
  }
  /// Address of the first element of a row.
  const void* element(std::int64_t group, std::int64_t row) const {
    return static_cast<const std::byte*>(data) +
           (group * group_stride + row * stride) * static_cast<std::int64_t>(size_of(dtype));
  }
};

/// The same for memory that is written. Groups of an output never share memory.
struct MatrixView {
  void* data = nullptr;
  DType dtype = DType::f32;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;
  std::int64_t groups = 1;
  std::int64_t group_stride = 0;
  Place place = Place::host;

  constexpr MatrixView() = default;
  /// A contiguous matrix of one group.
  template <Element T>
  constexpr MatrixView(T* data, std::int64_t rows, std::int64_t columns)
      : MatrixView(data, kDTypeOf<T>, rows, columns) {}
  constexpr MatrixView(void* data, DType dtype, std::int64_t rows, std::int64_t columns)
      : data(data), dtype(dtype), rows(rows), columns(columns), stride(columns) {}

  constexpr operator ConstMatrixView() const {
    ConstMatrixView view(data, dtype, rows, columns);
    view.stride = stride;
    view.groups = groups;
    view.group_stride = group_stride;
    view.place = place;
    return view;
  }

  /// The same, of memory of a GPU.
  constexpr MatrixView on_device() const {
    MatrixView view = *this;
    view.place = Place::device;
    return view;
  }
  constexpr MatrixView with_stride(std::int64_t elements) const {
    MatrixView view = *this;
    view.stride = elements;
    return view;
  }
  constexpr MatrixView with_groups(std::int64_t count, std::int64_t elements_between) const {
    MatrixView view = *this;
    view.groups = count;
    view.group_stride = elements_between;
    return view;
  }

  /// Rows first … first+count−1 of every group.
  MatrixView row_range(std::int64_t first, std::int64_t count) const {
    MatrixView view = *this;
    view.data = element(0, first);
    view.rows = count;
    return view;
  }
  /// Address of the first element of a row.
  void* element(std::int64_t group, std::int64_t row) const {
    return static_cast<std::byte*>(data) +
           (group * group_stride + row * stride) * static_cast<std::int64_t>(size_of(dtype));
  }
};

}  // namespace perceptron
