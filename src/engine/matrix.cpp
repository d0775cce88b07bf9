#include "perceptron/matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "perceptron/error.hpp"
#include "src/engine/checks.hpp"
#include "src/reference/float_environment.hpp"

namespace perceptron {
namespace {

constexpr std::align_val_t kAlignment{64};

std::int64_t checked_size_bytes(DType dtype, std::int64_t rows, std::int64_t columns, std::int64_t groups) {
  engine::check_dtype(dtype, "matrix");
  std::int64_t size = static_cast<std::int64_t>(size_of(dtype));
  if (rows < 0 || columns < 0 || groups < 0 || __builtin_mul_overflow(size, rows, &size) ||
      __builtin_mul_overflow(size, columns, &size) || __builtin_mul_overflow(size, groups, &size)) {
    throw InvalidArgument(fmt::format("a matrix of {} × {} × {} {} cannot be held in 2^63 bytes", groups,
                                      rows, columns, to_string(dtype)));
  }
  return size;
}

}  // namespace

void Matrix::Free::operator()(std::byte* bytes) const noexcept { ::operator delete(bytes, kAlignment); }

Matrix::Matrix(DType dtype, std::int64_t rows, std::int64_t columns, std::int64_t groups)
    : dtype_(dtype), rows_(rows), columns_(columns), groups_(groups) {
  const auto bytes = static_cast<std::size_t>(checked_size_bytes(dtype, rows, columns, groups));
  // One byte at least, so that a matrix without rows has an address.
  data_.reset(static_cast<std::byte*>(::operator new(std::max<std::size_t>(bytes, 1), kAlignment)));
  std::memset(data_.get(), 0, bytes);
}

std::size_t Matrix::size_bytes() const {
  return data_ == nullptr ? 0 : static_cast<std::size_t>(rows_ * columns_ * groups_) * size_of(dtype_);
}

MatrixView Matrix::view() {
  return MatrixView(data_.get(), dtype_, rows_, columns_).with_groups(groups_, rows_ * columns_);
}

ConstMatrixView Matrix::view() const {
  return ConstMatrixView(data_.get(), dtype_, rows_, columns_).with_groups(groups_, rows_ * columns_);
}

Matrix copy(ConstMatrixView source) { return copy(source, source.dtype); }

Matrix copy(ConstMatrixView source, DType dtype) {
  engine::check_view(source, "copy: source");
  engine::check_on_host(source, "copy: source");
  const reference::FloatEnvironment environment;
  Matrix result(dtype, source.rows, source.columns, source.groups);
  const MatrixView target = result.view();
  const auto copy_row = [&]<class From, class To>(From, To, std::int64_t group, std::int64_t row) {
    const auto* from = static_cast<const From*>(source.element(group, row));
    auto* to = static_cast<To*>(target.element(group, row));
    if constexpr (std::same_as<From, To>) {
      std::copy_n(from, source.columns, to);
    } else {
      std::transform(from, from + source.columns, to, [](From value) { return static_cast<To>(value); });
    }
  };
  visit_dtype(source.dtype, [&](auto from) {
    visit_dtype(dtype, [&](auto to) {
      for (std::int64_t group = 0; group < source.groups; ++group) {
        for (std::int64_t row = 0; row < source.rows; ++row) copy_row(from, to, group, row);
      }
    });
  });
  return result;
}

}  // namespace perceptron
