// A sweep as its user writes it: "rows=1:65536:x2".
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "perceptron/problem.hpp"

namespace perceptron::bench {

inline constexpr std::string_view kSweepGrammar = "rows|inputs|outputs|groups=FIRST:LAST:xFACTOR|+STEP";

struct SweepRange {
  std::int64_t Problem::*dimension = &Problem::rows;
  std::vector<std::int64_t> values;  ///< Ascending; LAST is among them only where a step meets it.

  /// Throws InvalidArgument that quotes the grammar; also where it has more than 1000 values.
  static SweepRange parse(std::string_view text);

  /// The problem once for each value.
  std::vector<Problem> applied_to(Problem problem) const;
};

}  // namespace perceptron::bench
