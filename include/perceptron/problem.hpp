// One layer's task as a value: the same string in tests, benchmarks, plans and bug reports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "perceptron/activation.hpp"
#include "perceptron/dtype.hpp"
#include "perceptron/export.hpp"

namespace perceptron {

/// The grammar that Problem::parse reads and that its errors quote.
inline constexpr std::string_view kProblemGrammar =
    "[G@]ROWSxINPUTSxOUTPUTS:dtype[-outdtype]:activation[=a][:nobias][:sharedx][:tensor]";

/// y = f(x·Wᵀ + b) with x: rows × inputs, W: outputs × inputs, in `groups` independent copies.
struct PERCEPTRON_API Problem {
  std::int64_t groups = 1;
  std::int64_t rows = 0;
  std::int64_t inputs = 1;
  std::int64_t outputs = 1;
  DType dtype = DType::f32;         ///< Of x, W and b.
  DType output_dtype = DType::f32;  ///< Of y.
  Activation activation;
  bool has_bias = true;
  bool shared_x = false;  ///< All groups read one x.
  Arithmetic arithmetic = Arithmetic::reproducible;

  /// Reads "65536x784x128:f32:relu" or "64@1024x16x16:bf16-f32:leaky_relu=0.1". Throws InvalidArgument
  /// that quotes the grammar. parse(to_string(p)) == p for every valid p.
  static Problem parse(std::string_view text);

  bool operator==(const Problem&) const = default;
};

PERCEPTRON_API std::string to_string(const Problem& problem);

/// Two operations per multiply-add, all groups together.
PERCEPTRON_API double flops(const Problem& problem);
/// Bytes of x, W, b and y, each moved once, all groups together.
PERCEPTRON_API double bytes(const Problem& problem);

}  // namespace perceptron

template <>
struct std::hash<perceptron::Problem> {
  std::size_t operator()(const perceptron::Problem& problem) const {
    return std::hash<std::string>{}(perceptron::to_string(problem));
  }
};
