// What planning knows of a GPU: figures of the vendor's documents, or of a file for a GPU that is not listed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "perceptron/export.hpp"

namespace perceptron {

struct DeviceTraits {
  std::string name;                     ///< What --traits takes: "h200".
  std::int64_t compute_capability = 0;  ///< 90 for 9.0.
  std::int64_t multiprocessors = 0;
  double clock_hz = 0;                 ///< Highest boost.
  std::int64_t f32_fma_per_clock = 0;  ///< Fused multiply-adds per multiprocessor and clock.
  std::int64_t f64_fma_per_clock = 0;  ///< Outside tensor cores.
  std::int64_t memory_bytes = 0;
  double memory_bytes_per_second = 0;
  std::int64_t l2_bytes = 0;
  std::int64_t shared_bytes_per_multiprocessor = 0;
  std::int64_t shared_bytes_per_block = 0;  ///< What a kernel may ask for.
  std::int64_t registers_per_multiprocessor = 0;
  std::int64_t threads_per_multiprocessor = 0;
  std::int64_t blocks_per_multiprocessor = 0;

  bool operator==(const DeviceTraits&) const = default;
};

/// H200, H100 and A100, all SXM.
PERCEPTRON_API const std::vector<DeviceTraits>& known_device_traits();

/// One of the list above by name, or what a JSON file holds: one object with exactly the fields of
/// DeviceTraits. Throws InvalidArgument for a name that is neither, FileError where the file cannot be read,
/// FormatError that names the missing, unknown or wrong field.
PERCEPTRON_API DeviceTraits load_device_traits(const std::string& name_or_path);

/// Such a file's content.
PERCEPTRON_API std::string to_json(const DeviceTraits& traits);

}  // namespace perceptron
