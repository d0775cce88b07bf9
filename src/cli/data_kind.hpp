// Operands for validation: several kinds of data, each made to show other faults.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "perceptron/layer.hpp"
#include "perceptron/matrix.hpp"
#include "perceptron/problem.hpp"

namespace perceptron::cli {

enum class DataKind : std::uint8_t {
  integers,    ///< Small: every order of summation is exact, so any wrong term shows.
  one_hot,     ///< Rows of x with a single 1: y is a column of W, so any wrong place shows.
  cancelling,  ///< Sums far below their terms: any other order or rounding shows.
  positive,    ///< All terms of one sign: truncation and dropped terms add up.
  wide,        ///< Exponents over a wide range; of softmax whole rows far above and below 0.
  subnormal,   ///< Results, and where that is possible operands, below the normal range.
  special,     ///< NaN, both infinities and overflow planted among ordinary numbers.
  ties,        ///< z exactly 0, and a little to both sides of it.
};

/// Indexed by DataKind.
inline constexpr std::array<std::string_view, 8> kDataKinds{"integers", "one_hot",   "cancelling", "positive",
                                                            "wide",     "subnormal", "special",    "ties"};

constexpr std::string_view to_string(DataKind kind) { return kDataKinds[static_cast<std::size_t>(kind)]; }
/// Throws InvalidArgument with the list of names.
DataKind parse_data_kind(std::string_view name);

/// The operands of a problem; the same kind and seed give the same ones everywhere.
class Operands {
 public:
  Operands(const Problem& problem, DataKind kind, std::uint64_t seed);

  const Problem& problem() const { return problem_; }
  ConstMatrixView x() const;
  Layer layer() const;
  /// Zeros, of the problem's output dtype.
  Matrix make_output() const;

 private:
  Problem problem_;
  Matrix x_, weight_, bias_;  ///< No bias: empty.
};

}  // namespace perceptron::cli
