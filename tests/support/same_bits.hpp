// A problem on a device and by the reference: the outputs' memory, padding and guards included, must hold the
// same bytes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "perceptron/engine.hpp"
#include "perceptron/model.hpp"
#include "src/reference/canonical.hpp"
#include "tests/support/random_problem.hpp"

namespace perceptron::test {

/// Replaces every NaN by one pattern, since payloads do not count.
inline void unify_nans(std::vector<std::byte>& bytes, DType dtype) {
  visit_dtype(dtype, [&]<class T>(T) {
    for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
      T value{};
      std::memcpy(static_cast<void*>(&value), &bytes[at], sizeof(T));
      if (std::isnan(static_cast<double>(value))) std::fill_n(&bytes[at], sizeof(T), std::byte{0xFF});
    }
  });
}

/// Runs the problem on the device and by the reference; outputs, padding and guards must be the same bytes.
inline void expect_same_bits(RandomProblem& data, const std::string& device, int threads) {
  const Problem& problem = data.problem();
  Storage expected = data.make_output(), found = data.make_output();
  reference::canonical(data.x(), data.layer(), data.y_view(expected));
  Options options;
  options.device = device;
  options.threads = threads;
  // A GPU's buffers for pipelines of 8 MiB would take longer to make than thousands of small cases to run.
  if (device.starts_with("cuda")) options.memory_budget_bytes = std::size_t{1} << 20;
  Engine engine(Model({data.layer()}), options);
  engine.run(data.x(), data.y_view(found));
  std::vector<std::byte> want = expected.bytes(), have = found.bytes();
  unify_nans(want, problem.output_dtype);
  unify_nans(have, problem.output_dtype);
  if (std::memcmp(want.data(), have.data(), want.size()) == 0) return;
  const std::size_t size = size_of(problem.output_dtype);
  std::size_t first = 0;
  while (want[first] == have[first]) ++first;
  ADD_FAILURE() << to_string(problem) << " on " << device << ", " << threads
                << " threads: first difference at element "
                << static_cast<std::int64_t>(first / size) - Storage::kGuard << " of the output's memory";
}

}  // namespace perceptron::test
