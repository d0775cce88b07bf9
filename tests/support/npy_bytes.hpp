// .npy files spelled by hand, right or wrong, and matrices to fill them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>

#include "perceptron/matrix.hpp"

namespace perceptron::test {

/// The bytes of a version 1 file with that dictionary; `fields` is what stands between the braces.
inline std::string npy_bytes(const std::string& fields, std::size_t data_bytes, int version = 1) {
  const std::string text = "{" + fields + "}\n";
  std::string length{static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  if (version > 1) length += std::string(2, '\0');
  return "\x93NUMPY" + std::string{static_cast<char>(version), '\0'} + length + text +
         std::string(data_bytes, '\x07');
}

inline std::string fields(const std::string& descr, const std::string& shape,
                          const std::string& fortran = "False") {
  return "'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape;
}

/// Bytes 1, 2, 3, … in the order of memory.
inline Matrix counted(DType dtype, std::int64_t rows, std::int64_t columns, std::int64_t groups) {
  Matrix matrix(dtype, rows, columns, groups);
  auto* bytes = static_cast<unsigned char*>(matrix.data());
  std::iota(bytes, bytes + matrix.size_bytes(), static_cast<unsigned char>(1));
  return matrix;
}

}  // namespace perceptron::test
