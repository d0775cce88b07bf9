// The sweep of `perceptron validate`: problems × kinds of data × every kernel that a device has for them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "src/cli/check_case.hpp"
#include "src/cli/suite.hpp"

namespace perceptron::cli {

struct SweepOptions {
  std::string device = "auto";
  Suite suite = Suite::quick;
  std::vector<Problem> problems;  ///< Instead of the suite's, where there are any.
  std::vector<DType> dtypes;      ///< Of the suite's problems.
  std::vector<DataKind> kinds;
  std::string family;  ///< Only kernels of this family; empty: all.
  std::uint64_t seed = 1;
  int threads = 0;
  Arithmetic arithmetic = Arithmetic::reproducible;
};

/// What forces each kernel of the device by itself: of "cpu" its targets, of "ptx" and GPUs the device that
/// chooses and "ptx:tile_fma/64x64" and so on. A name that forces one already is alone. Throws DeviceMissing,
/// InvalidArgument for a family that a GPU does not have.
std::vector<std::string> kernels_of(const SweepOptions& options);

/// What the sweep on one of these devices found.
struct DeviceResult {
  std::string device;
  std::vector<CaseResult> cases;

  std::int64_t count(Status status) const;
};

/// How many cases there are on each device.
std::int64_t cases_per_device(const SweepOptions& options);
/// Runs them all; calls `after_case` behind each. Throws Interrupted.
DeviceResult sweep(const SweepOptions& options, const std::string& device,
                   const std::function<void()>& after_case);

/// The command that runs the case again.
std::string reproduction(const Case& of, Suite suite);

}  // namespace perceptron::cli
