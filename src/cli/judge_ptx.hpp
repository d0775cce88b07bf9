// A kernel of the user's own: its PTX executed on the CPU, watched, and its outputs judged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "perceptron/problem.hpp"
#include "perceptron/ptx.hpp"
#include "perceptron/validate.hpp"
#include "src/cli/data_kind.hpp"
#include "src/cli/status.hpp"

namespace perceptron::cli {

/// As the arguments have it; sizes are expressions over the problem's.
struct PtxOptions {
  std::filesystem::path file;
  std::string entry;
  std::string arguments;
  std::string grid = "1", block = "1", shared = "0";
  Problem problem;
  std::vector<DataKind> kinds;
  std::uint64_t seed = 1;
  int threads = 0;
  bool allows_same_value_stores = false;
  std::uint64_t budget = PtxLaunch{}.instruction_budget;
  Arithmetic arithmetic = Arithmetic::tensor;  ///< What decides; both are told.
};

/// The kernel with one kind of data.
struct PtxResult {
  DataKind kind = DataKind::integers;
  Status status = Status::passed;
  std::string fault;  ///< What the machine saw; then nothing was judged.
  std::optional<Verdict> bits, interval;
};

/// One result for each kind of data, up to the first fault of the kernel, which others would repeat. Throws
/// InvalidArgument for arguments that do not fit, and for text that is no PTX, with line and reason.
std::vector<PtxResult> judge_ptx(const PtxOptions& options);

std::string to_text(const std::vector<PtxResult>& results, const PtxOptions& options);
std::string to_json(const std::vector<PtxResult>& results, const PtxOptions& options);

}  // namespace perceptron::cli
