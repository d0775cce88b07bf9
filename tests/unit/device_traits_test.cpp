// The GPUs that planning knows, and the file that describes another.
#include "perceptron/device_traits.hpp"

#include <gtest/gtest.h>

#include "perceptron/error.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temp_dir.hpp"

namespace perceptron {
namespace {

using test::expect_error;

/// The peaks of the datasheets, from which a wrong figure would differ: FP32 67, 67, 19.5; FP64 34, 34, 9.7
/// TFLOPS.
TEST(Traits, GiveTheDatasheetsPeaks) {
  const auto expect_peaks = [](const char* name, double f32, double f64) {
    const DeviceTraits traits = load_device_traits(name);
    const double clocks = 2e-12 * traits.clock_hz * static_cast<double>(traits.multiprocessors);
    EXPECT_NEAR(clocks * static_cast<double>(traits.f32_fma_per_clock), f32, 0.01 * f32) << name;
    EXPECT_NEAR(clocks * static_cast<double>(traits.f64_fma_per_clock), f64, 0.02 * f64) << name;
  };
  expect_peaks("h200", 67, 34);
  expect_peaks("h100", 67, 34);
  expect_peaks("a100", 19.5, 9.7);
}

class TraitsFile : public ::testing::Test {
 protected:
  std::string write(std::string_view text) const {
    test::write_file(dir_ / "gpu.json", std::string(text));
    return (dir_ / "gpu.json").string();
  }

  /// The H200's file with one text in place of another, refused with those words and the path.
  void expect_refused(std::string_view from, std::string_view to,
                      std::initializer_list<std::string_view> words) {
    std::string text = to_json(load_device_traits("h200"));
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    const std::string path = write(text.replace(at, from.size(), to));
    expect_error<FormatError>([&] { load_device_traits(path); }, words);
    expect_error<FormatError>([&] { load_device_traits(path); }, {path});
  }

  test::TempDir dir_;
};

TEST_F(TraitsFile, HoldsWhatWasWritten) {
  for (const DeviceTraits& traits : known_device_traits()) {
    EXPECT_EQ(load_device_traits(traits.name), traits);
    EXPECT_EQ(load_device_traits(write(to_json(traits))), traits);
  }
}

TEST_F(TraitsFile, RefusalsNameTheField) {
  expect_refused("\"l2_bytes\"", "\"l3_bytes\"", {"unknown field \"l3_bytes\"", "l2_bytes"});
  expect_refused("  \"l2_bytes\": 52428800,\n", "", {"\"l2_bytes\" is missing"});
  expect_refused("\"h200\"", "200", {"\"name\"", "quotes", "200"});
  expect_refused("\"h200\"", "\"\"", {"\"name\"", "quotes"});
  expect_refused("132", "\"132\"", {"\"multiprocessors\"", "whole number", "found \"132\""});
  expect_refused("132", "0", {"\"multiprocessors\"", "found 0"});
  expect_refused("132", "-132", {"\"multiprocessors\"", "found -132"});
  expect_refused("132", "132.5", {"\"multiprocessors\"", "found 132.5"});
  expect_refused("132", "18446744073709551615", {"\"multiprocessors\"", "18446744073709551615"});
  expect_refused("132", "10001", {"\"multiprocessors\"", "from 1 to 10000", "found 10001"});
  expect_refused("90,", "75,", {"\"compute_capability\"", "compute capability 8.0 or higher", "found 75"});
  expect_refused("1980000000.0", "0", {"\"clock_hz\"", "above 0", "found 0"});
  expect_refused("1980000000.0", "null", {"\"clock_hz\"", "found null"});
  expect_refused("{", "[{", {"not JSON", "byte"});
}

TEST_F(TraitsFile, RefusalsOfOtherThings) {
  expect_error<InvalidArgument>([] { load_device_traits("h300"); }, {"\"h300\"", "h200, h100, a100", "JSON"});
  expect_error<FormatError>([&] { load_device_traits(write("[]")); }, {"one object", "array"});
  expect_error<FormatError>([&] { load_device_traits(write("")); }, {"not JSON"});
  const std::string folder = dir_.path().string();
  expect_error<FileError>([&] { load_device_traits(folder); }, {folder, "is a directory", "JSON file"});
}

}  // namespace
}  // namespace perceptron
