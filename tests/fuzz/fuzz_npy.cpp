// libFuzzer target: headers of .npy files. What is accepted fits into the file, and written again it reads
// the same.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "perceptron/error.hpp"
#include "src/files/npy_header.hpp"

namespace {

using perceptron::files::NpyHeader;
using perceptron::files::NpyPreamble;

NpyHeader read(std::string_view bytes, std::uint64_t file_bytes) {
  const auto start = bytes.substr(0, perceptron::files::kNpyPreambleBytes);
  const NpyPreamble preamble =
      perceptron::files::read_npy_preamble("fuzz", std::as_bytes(std::span(start)), file_bytes);
  if (preamble.data_offset() > file_bytes) std::abort();
  return perceptron::files::read_npy_header(
      "fuzz", preamble, bytes.substr(preamble.text_offset, preamble.text_bytes), file_bytes);
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  NpyHeader header;
  try {
    header = read(bytes, size);
  } catch (const perceptron::FormatError&) {
    return 0;
  }
  const std::uint64_t data_bytes = perceptron::files::array_bytes(header.element, header.shape);
  require(header.data_offset + data_bytes == size);
  const std::string written = perceptron::files::npy_header_bytes(header.element, header.shape);
  require(written.size() % 64 == 0);
  const NpyHeader again = read(written, written.size() + data_bytes);
  require(again.element == header.element && again.shape == header.shape &&
          again.data_offset == written.size());
  return 0;
}
