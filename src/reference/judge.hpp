// Elements of y compared with what they ought to be, and entered into a Verdict: bits with canonical.hpp's,
// or values with the intervals of bounds.hpp.
#pragma once

#include <cstdint>
#include <span>

#include "perceptron/validate.hpp"
#include "src/reference/bounds.hpp"

namespace perceptron::reference {

/// Compares bits, of one dtype and shape.
Verdict compare_bits(const ConstMatrixView& expected, const ConstMatrixView& found);

/// One row of y: its true pre-activations and the intervals that follow from them.
struct JudgedRow {
  std::int64_t group = 0;
  std::int64_t row = 0;
  std::span<const Preactivation> z;
  std::span<const Interval> allowed;
};

/// Enters the row into a verdict of the interval test. Rows come in ascending order, groups within them.
void judge_row(Verdict& verdict, const JudgedRow& judged, const ConstMatrixView& y, const Contract& contract);

/// Adds to a mismatch of bits what the interval test says of it.
void explain(Mismatch& mismatch, const JudgedRow& judged, const Contract& contract);

}  // namespace perceptron::reference
