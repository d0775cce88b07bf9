// What the driver's management library knows of a GPU beyond the runtime. Loaded when the program runs; where
// it is missing or refuses, figures are 0 and texts empty.
#pragma once

#include <memory>
#include <string>

namespace perceptron::bench::gpu {

class Nvml {
 public:
  explicit Nvml(const std::string& bus_id);
  ~Nvml();

  std::string driver() const;
  double power_limit_watts() const;
  double temperature_celsius() const;
  /// Since the driver was loaded: two readings give the average power between them.
  double joules() const;

 private:
  struct Library;
  std::unique_ptr<Library> library_;  ///< Null: missing.
};

}  // namespace perceptron::bench::gpu
