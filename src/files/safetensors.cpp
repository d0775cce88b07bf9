// Limits and tiling of safetensors files, and the writing of their header; see safetensors.hpp.
#include "src/files/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <tuple>

#include "src/files/refusal.hpp"
#include "src/files/safetensors_json.hpp"

namespace perceptron::files {

namespace {

constexpr std::uint64_t kLongestText = 100'000'000;
constexpr std::uint64_t kDataAlignment = 8;

struct TensorType {
  std::string_view name;
  std::uint64_t bits;
};
/// All that the format knows; which of them a weight may have is the model reader's business.
constexpr std::array<TensorType, 22> kTensorTypes{{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
}};

[[noreturn]] void refuse_file(std::string_view name, std::string_view problem) {
  refuse_content(name, fmt::format("no safetensors file: {}; write one with save_file of the Python package "
                                   "safetensors",
                                   problem));
}

[[noreturn]] void refuse(std::string_view name, const TensorEntry& tensor, std::string_view problem) {
  refuse_content(name, fmt::format("tensor {}: {}", tensor.name, problem));
}

std::uint64_t checked_bytes(std::string_view name, const TensorEntry& tensor) {
  const auto type = std::find_if(kTensorTypes.begin(), kTensorTypes.end(),
                                 [&](const TensorType& known) { return known.name == tensor.dtype; });
  if (type == kTensorTypes.end()) refuse(name, tensor, fmt::format("unknown dtype '{}'", tensor.dtype));
  std::uint64_t bits = type->bits;
  bool overflows = false;
  for (const std::int64_t dimension : tensor.shape) {
    overflows |= __builtin_mul_overflow(bits, static_cast<std::uint64_t>(dimension), &bits);
  }
  const std::string what = fmt::format("shape {} {}", bracketed(tensor.shape), tensor.dtype);
  if (overflows) refuse(name, tensor, what + " needs more than 2^64 bits");
  if (bits % 8 != 0)
    refuse(name, tensor, fmt::format("{} needs {} bits, which are no whole bytes", what, bits));
  return bits / 8;
}

/// `data_offset` counts from the beginning of the file.
void check_bytes(std::string_view name, const TensorEntry& tensor, std::uint64_t data_offset,
                 std::uint64_t data_bytes) {
  const std::uint64_t expected = checked_bytes(name, tensor);
  const std::string what =
      fmt::format("shape {} {} needs {} bytes", bracketed(tensor.shape), tensor.dtype, expected);
  if (tensor.end < tensor.begin || tensor.end - tensor.begin != expected) {
    refuse(name, tensor, fmt::format("{}, but its data_offsets are [{},{}]", what, tensor.begin, tensor.end));
  }
  if (tensor.end <= data_bytes) return;
  const std::uint64_t held = data_bytes - std::min(data_bytes, tensor.begin);
  refuse(name, tensor,
         fmt::format("{}, file holds {} after offset {}; truncated download?", what, held,
                     data_offset + std::min(data_bytes, tensor.begin)));
}

void check_tiling(std::string_view name, const std::vector<TensorEntry>& tensors, std::uint64_t data_bytes) {
  std::uint64_t covered = 0;
  const TensorEntry* before = nullptr;
  for (const TensorEntry& tensor : tensors) {
    if (tensor.begin < covered) {
      refuse(name, tensor,
             fmt::format("its bytes [{},{}] overlap those of tensor {} [{},{}]", tensor.begin, tensor.end,
                         before->name, before->begin, before->end));
    }
    if (tensor.begin > covered) {
      refuse(name, tensor,
             fmt::format("bytes {} to {} before it belong to no tensor", covered, tensor.begin));
    }
    covered = tensor.end;
    before = &tensor;
  }
  if (covered == data_bytes) return;
  refuse_content(name, fmt::format("the tensors end at byte {} of the data, but the file holds {}; "
                                   "{} bytes too many",
                                   covered, data_bytes, data_bytes - covered));
}

}  // namespace

const TensorEntry* SafetensorsHeader::find(std::string_view name) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const TensorEntry& tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

std::string bracketed(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ","));
}

std::uint64_t read_safetensors_length(std::string_view name, std::span<const std::byte> start,
                                      std::uint64_t file_bytes) {
  if (start.size() < kSafetensorsLengthBytes) {
    refuse_file(name, fmt::format("{} bytes, expected at least {}", file_bytes, kSafetensorsLengthBytes));
  }
  std::uint64_t length = 0;
  for (std::size_t i = kSafetensorsLengthBytes; i-- > 0;) {
    length = length << 8 | std::to_integer<std::uint64_t>(start[i]);
  }
  if (length > kLongestText) {
    refuse_file(name, fmt::format("a header of {} bytes, at most {} are allowed", length, kLongestText));
  }
  if (length > file_bytes - kSafetensorsLengthBytes) {
    refuse_content(name, fmt::format("a header of {} bytes, but the file holds {} after offset {}; "
                                     "truncated download?",
                                     length, file_bytes - kSafetensorsLengthBytes, kSafetensorsLengthBytes));
  }
  return length;
}

SafetensorsHeader read_safetensors_header(std::string_view name, std::string_view text,
                                          std::uint64_t file_bytes) {
  if (!text.starts_with('{')) {
    refuse_file(name, fmt::format("'{{' expected at offset {}", kSafetensorsLengthBytes));
  }
  SafetensorsHeader header = parse_safetensors_json(name, text);
  std::stable_sort(header.tensors.begin(), header.tensors.end(),
                   [](const TensorEntry& a, const TensorEntry& b) {
                     return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
                   });
  const std::uint64_t data_offset = kSafetensorsLengthBytes + text.size();
  const std::uint64_t data_bytes = file_bytes - data_offset;
  for (const TensorEntry& tensor : header.tensors) check_bytes(name, tensor, data_offset, data_bytes);
  check_tiling(name, header.tensors, data_bytes);
  return header;
}

std::string safetensors_header_bytes(const SafetensorsHeader& header) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  if (!header.metadata.empty()) json["__metadata__"] = header.metadata;
  for (const TensorEntry& tensor : header.tensors) {
    json[tensor.name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {tensor.begin, tensor.end}}};
  }
  std::string text = json.dump();
  text.append((kDataAlignment - text.size() % kDataAlignment) % kDataAlignment, ' ');
  std::string bytes;
  for (std::size_t i = 0; i < kSafetensorsLengthBytes; ++i) {
    bytes += static_cast<char>(text.size() >> (8 * i) & 0xFF);
  }
  return bytes + text;
}

}  // namespace perceptron::files
