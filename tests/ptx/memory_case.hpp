// A snippet that reads memory: 32 bytes without pattern per lane, and what it must make of them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <vector>

#include "tests/ptx/snippet.hpp"

namespace perceptron::ptx {

/// Rows of four 64-bit operands, whose 32 bytes stand at %from.
inline std::vector<Row> random_rows(std::size_t count) {
  std::mt19937_64 random(3);
  std::vector<Row> rows(count);
  for (Row& row : rows) row = {random(), random(), random(), random()};
  return rows;
}

inline void expect_results(const Snippet& snippet, const std::function<std::uint64_t(const Row&)>& expected) {
  cover(snippet.body);
  const std::vector<Row> rows = random_rows(96);
  const std::vector<std::uint64_t> results = run_snippet(snippet, rows);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::uint64_t truth = expected(rows[row]);
    ASSERT_EQ(results[row], snippet.result_bytes == 8
                                ? truth
                                : truth & ((std::uint64_t{1} << (8 * snippet.result_bytes)) - 1))
        << snippet.body << " lane " << row;
  }
}

}  // namespace perceptron::ptx
