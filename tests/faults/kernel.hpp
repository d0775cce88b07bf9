// What faults.cu's bodies are launched with, what they must compute, and where their source says a fault
// shows.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/ptx/machine.hpp"
#include "tests/faults/arguments.hpp"

namespace perceptron::faults {

/// Operands of one body: small integers, so that sums are exact in any order.
struct Case {
  kernels::Extent grid, block;
  Arguments arguments;   ///< Without the pointers.
  std::vector<float> x;  ///< NaN: left unwritten.
  std::vector<float> expected;
};

/// By body: row_sum, copy_ring, bulk_ring, padded_rows, half_warp_sum, early_return, handover,
/// warp_histogram, tickets, last_block, grid_sums, highest, relay, warp_flag.
Case make_case(std::string_view body);

/// Runs an entry of faults.cu on the case and returns y. x is read-only, y unwritten at first.
std::vector<float> run_case(std::string_view entry, const Case& operands, const ptx::RunOptions& options);

/// "faults.cu:81", of that file and flags.cuh, of every line with the marker ("@name" or "@name:other") at
/// its end or in a comment above.
std::set<std::string> marked_lines(const std::string& marker);

}  // namespace perceptron::faults
