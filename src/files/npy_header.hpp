// The header of a .npy file: a magic, a version, a length and a Python dictionary literal, read by a strict
// grammar of its own (no evaluation, no regular expressions) from bytes in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/files/element.hpp"

namespace perceptron::files {

/// Enough bytes of a file for read_npy_preamble; shorter files are given whole.
inline constexpr std::size_t kNpyPreambleBytes = 12;

/// Where the dictionary lies.
struct NpyPreamble {
  std::uint64_t text_offset = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t data_offset() const { return text_offset + text_bytes; }
};

struct NpyHeader {
  ElementType element = ElementType::f64;
  std::vector<std::int64_t> shape;  ///< 1 to 3 dimensions, none negative.
  std::uint64_t data_offset = 0;
};

/// `name` stands in front of every message; `file_bytes` is the size of the whole file. Throws FormatError.
NpyPreamble read_npy_preamble(std::string_view name, std::span<const std::byte> start,
                              std::uint64_t file_bytes);

/// Reads the dictionary and checks that the data that it describes fills the file to its end. Throws
/// FormatError.
NpyHeader read_npy_header(std::string_view name, const NpyPreamble& preamble, std::string_view text,
                          std::uint64_t file_bytes);

/// "(3, 4)" as Python prints it.
std::string python_tuple(std::span<const std::int64_t> shape);

/// The bytes that numpy.save writes before the data; their length is a multiple of 64.
std::string npy_header_bytes(ElementType element, std::span<const std::int64_t> shape);

/// Bytes of that many elements; throws InvalidArgument where a dimension is negative or the product passes
/// 2⁶³−1.
std::uint64_t array_bytes(ElementType element, std::span<const std::int64_t> shape);

}  // namespace perceptron::files
