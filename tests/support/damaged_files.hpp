// Every way of cutting a small file short or changing one of its bytes. Readers must load it or refuse it by
// an Error, and never ask for memory that the file cannot fill.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <functional>
#include <string>

#include "perceptron/error.hpp"
#include "tests/support/largest_allocation.hpp"
#include "tests/support/temp_dir.hpp"

namespace perceptron::test {

using Loader = std::function<void(const std::filesystem::path&)>;

/// True where the file loads; anything thrown but Error escapes and fails the test.
inline bool loads(const Loader& load, const std::filesystem::path& path) {
  try {
    load(path);
    return true;
  } catch (const Error&) {
    return false;
  }
}

inline void expect_every_prefix_refused(const Loader& load, const std::string& bytes) {
  const TempDir directory;
  const std::filesystem::path path = directory / "cut";
  write_file(path, bytes);
  ASSERT_TRUE(loads(load, path));
  for (std::size_t length = bytes.size(); length-- > 0;) {
    std::filesystem::resize_file(path, length);
    EXPECT_THROW(load(path), FormatError) << "cut to " << length << " bytes";
  }
}

inline void expect_every_flip_survived(const Loader& load, const std::string& bytes) {
  constexpr std::size_t kMostMemory = std::size_t{1} << 20;
  constexpr int kByteValues = 256;
  const TempDir directory;
  const std::filesystem::path path = directory / "flipped";
  write_file(path, bytes);
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  const auto put = [&file](std::size_t at, int byte) {
    file.seekp(static_cast<std::streamoff>(at)).put(static_cast<char>(byte)).flush();
  };
  reset_largest_allocation();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int flip = 1; flip < kByteValues; ++flip) {
      put(at, bytes[at] ^ flip);
      refused += loads(load, path) ? 0 : 1;
    }
    put(at, bytes[at]);
  }
  ASSERT_EQ(read_file(path), bytes);
  EXPECT_GT(refused, bytes.size()) << "the reader notices almost nothing";
  EXPECT_LT(largest_allocation(), kMostMemory);
}

}  // namespace perceptron::test
