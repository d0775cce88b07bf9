// What the tests of the command share: a folder, the digits, small models, and expectations on how it ends.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "perceptron/model.hpp"
#include "perceptron/npy.hpp"
#include "tests/support/command.hpp"
#include "tests/support/temp_dir.hpp"

namespace perceptron::test {

inline const std::filesystem::path kDigits = PERCEPTRON_DIGITS;

/// A tensor of a hand-made safetensors file, f32, zeros; a negative offset appends it.
struct RawTensor {
  std::string name;
  std::string shape;  ///< As in the header: "[2, 3]".
  std::int64_t bytes = 0;
  std::int64_t offset = -1;
};

/// A file as its author wants it, errors included; the data section ends behind the last tensor.
inline void write_safetensors(const std::filesystem::path& path, const std::vector<RawTensor>& tensors,
                              std::string_view activations = "") {
  std::string header = "{";
  if (!activations.empty()) {
    header += fmt::format(R"("__metadata__":{{"format":"perceptron","activations":"{}"}},)", activations);
  }
  std::int64_t end = 0;
  for (const RawTensor& tensor : tensors) {
    const std::int64_t begin = tensor.offset < 0 ? end : tensor.offset;
    header += fmt::format(R"("{}":{{"dtype":"F32","shape":{},"data_offsets":[{},{}]}},)", tensor.name,
                          tensor.shape, begin, begin + tensor.bytes);
    end = begin + tensor.bytes;
  }
  header.back() = '}';
  std::string length(8, '\0');
  for (std::size_t place = 0; place < 8; ++place)
    length[place] = static_cast<char>(header.size() >> 8 * place & 0xFF);
  write_file(path, length + header + std::string(static_cast<std::size_t>(end), '\0'));
}

/// A .npy file with this dictionary in its header and that many bytes of zeros behind it.
inline void write_npy(const std::filesystem::path& path, std::string dictionary, std::size_t data_bytes) {
  dictionary.resize((10 + dictionary.size() + 64) / 64 * 64 - 11, ' ');
  dictionary += '\n';
  std::string start("\x93NUMPY\x01\x00", 8);
  start += static_cast<char>(dictionary.size() & 0xFF);
  start += static_cast<char>(dictionary.size() >> 8);
  write_file(path, start + dictionary + std::string(data_bytes, '\0'));
}

/// Rows of zeros as u8; a file with a hole in place of data.
inline void write_zeros(const std::filesystem::path& path, std::int64_t rows, std::int64_t columns) {
  write_npy(path,
            fmt::format("{{'descr': '|u1', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns), 0);
  std::filesystem::resize_file(
      path, std::filesystem::file_size(path) + static_cast<std::uintmax_t>(rows * columns));
}

/// Scattered values, exact in every dtype, without a period that a chunk could hit.
inline Matrix numbered(DType dtype, std::int64_t rows, std::int64_t columns, std::int64_t groups = 1) {
  Matrix matrix(dtype, rows, columns, groups);
  visit_dtype(dtype, [&]<class T>(T) {
    auto* values = static_cast<T*>(matrix.data());
    for (std::int64_t index = 0; index < groups * rows * columns; ++index) {
      values[index] = static_cast<T>(static_cast<float>((index * 2654435761 >> 7 & 31) - 15) / 8);
    }
  });
  return matrix;
}

class CommandTest : public ::testing::Test {
 protected:
  /// A path in the test's own folder, as an argument.
  std::string at(std::string_view name) const { return (dir_ / name).string(); }
  static std::string digits(std::string_view name) { return (kDigits / name).string(); }

  static Finished perceptron(std::vector<std::string> arguments, CommandOptions options = {}) {
    arguments.insert(arguments.begin(), PERCEPTRON_COMMAND);
    return run_command(std::move(arguments), std::move(options));
  }

  static Finished expect_success(std::vector<std::string> arguments) {
    Finished finished = perceptron(std::move(arguments));
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_EQ(finished.err, "");
    return finished;
  }

  /// The exit code, one line of error that holds all words, nothing on stdout, no file left behind.
  void expect_failure(std::vector<std::string> arguments, int exit_code,
                      std::initializer_list<std::string_view> words, CommandOptions options = {}) const {
    const std::size_t entries = dir_.entries();
    const Finished finished = perceptron(std::move(arguments), std::move(options));
    EXPECT_EQ(finished.exit_code, exit_code) << finished.err;
    EXPECT_EQ(finished.out, "");
    EXPECT_TRUE(finished.err.starts_with("perceptron: error: ")) << finished.err;
    EXPECT_EQ(finished.err.find('\n'), finished.err.size() - 1) << finished.err;
    for (const std::string_view word : words) expect_word(finished.err, word);
    EXPECT_EQ(dir_.entries(), entries) << "files appeared or vanished";
  }

  static void expect_word(std::string_view text, std::string_view word) {
    EXPECT_NE(text.find(word), std::string_view::npos) << "no \"" << word << "\" in: " << text;
  }

  /// inputs → outputs, relu, in `groups`.
  static Model small_model(std::int64_t inputs, std::int64_t outputs, DType dtype = DType::f32,
                           std::int64_t groups = 1) {
    const Matrix weight = numbered(dtype, outputs, inputs, groups),
                 bias = numbered(dtype, 1, outputs, groups);
    return Model({Layer{weight, bias, ActivationKind::relu}});
  }

  TempDir dir_;
};

}  // namespace perceptron::test
