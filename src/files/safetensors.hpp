// The safetensors format: eight bytes of length, a JSON header that names tensors and their bytes, the bytes.
// The header is parsed from memory under the format's own limits; reading and writing of tensors is left to
// ByteSource and ByteSink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perceptron::files {

/// Bytes before the JSON header: its length, little-endian.
inline constexpr std::size_t kSafetensorsLengthBytes = 8;

struct TensorEntry {
  std::string name;
  std::string dtype;  ///< "F32", "BF16" and so on; one that the format knows.
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  ///< Of its bytes, counted from the end of the header.
  std::uint64_t end = 0;

  bool operator==(const TensorEntry&) const = default;
};

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;  ///< In the order of their bytes.
  std::map<std::string, std::string> metadata;

  /// The tensor of that name, or null.
  const TensorEntry* find(std::string_view name) const;
};

/// "[4096,1024]".
std::string bracketed(std::span<const std::int64_t> shape);

/// Length of the JSON text. `start`: the first eight bytes, or the whole of a shorter file. Here and below
/// `name` stands in front of every message. Throws FormatError.
std::uint64_t read_safetensors_length(std::string_view name, std::span<const std::byte> start,
                                      std::uint64_t file_bytes);

/// Parses the JSON text and checks that the tensors tile the data without hole or overlap up to the end of
/// the file. Throws FormatError.
SafetensorsHeader read_safetensors_header(std::string_view name, std::string_view text,
                                          std::uint64_t file_bytes);

/// Length and JSON text as the file begins, padded with blanks so that the data starts at a multiple of
/// eight. Sets nothing: begin and end of the tensors must tile already.
std::string safetensors_header_bytes(const SafetensorsHeader& header);

}  // namespace perceptron::files
