// Judging outputs, whoever made them, against the numeric contract.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "perceptron/export.hpp"
#include "perceptron/layer.hpp"
#include "perceptron/model.hpp"
#include "perceptron/view.hpp"

namespace perceptron {

/// One element that differs from the contract.
struct Mismatch {
  std::int64_t group = 0;
  std::int64_t row = 0;
  std::int64_t column = 0;
  double expected = 0;
  double found = 0;
};

struct Verdict {
  std::int64_t checked = 0;     ///< Elements compared.
  std::int64_t mismatches = 0;  ///< Elements whose bits differ; NaN equals NaN whatever its payload.
  std::optional<Mismatch> first;

  bool passed() const { return mismatches == 0; }
};

/// Compares y bit for bit with the reference arithmetic of one layer. Host views. Errors as Engine::run.
PERCEPTRON_API Verdict validate(ConstMatrixView x, const Layer& layer, ConstMatrixView y);
/// The same for a whole stack; layers between are rounded to the model's dtype. `threads` as in Options.
PERCEPTRON_API Verdict validate(ConstMatrixView x, const Model& model, ConstMatrixView y, int threads = 0);

PERCEPTRON_API std::string to_string(const Verdict& verdict);

}  // namespace perceptron
