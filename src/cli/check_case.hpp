// One case of validation: a problem with one kind of data on one device, judged in every way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "perceptron/options.hpp"
#include "perceptron/validate.hpp"
#include "src/cli/data_kind.hpp"
#include "src/cli/status.hpp"

namespace perceptron::cli {

struct Case {
  Problem problem;
  DataKind kind = DataKind::integers;
  std::string device;
  std::string family;  ///< Kernels of others are skipped; empty: none are.
  std::uint64_t seed = 0;
  int threads = 0;
  /// reproducible: bits, and the interval test of the same outputs, which needs no trust in the reference.
  /// tensor: the interval test alone.
  Arithmetic arithmetic = Arithmetic::reproducible;
  bool checks_invariance = false;
};

struct CaseResult {
  Case of;
  Status status = Status::passed;
  std::string kernel;
  std::vector<std::string> reasons;  ///< One line each; empty where it passed.
  std::optional<Verdict> bits, interval;
  double seconds = 0;

  std::int64_t elements() const { return bits ? bits->checked : interval ? interval->checked : 0; }
};

/// Throws DeviceMissing, and DeviceError where a GPU fails.
CaseResult check(const Case& asked);

}  // namespace perceptron::cli
