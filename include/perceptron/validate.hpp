// Judging outputs, whoever made them, against the numeric contract.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "perceptron/export.hpp"
#include "perceptron/layer.hpp"
#include "perceptron/model.hpp"
#include "perceptron/view.hpp"

namespace perceptron {

/// What an element of y ought to be. A verdict counts each class by itself, so that right ordinary numbers do
/// not hide wrong NaNs.
enum class ElementClass : std::uint8_t { nan, plus_infinity, minus_infinity, zero, subnormal, ordinary };

/// Indexed by ElementClass.
inline constexpr std::array<std::string_view, 6> kElementClasses{"NaN",  "+Inf",      "-Inf",
                                                                 "zero", "subnormal", "ordinary"};

constexpr std::string_view to_string(ElementClass element_class) {
  return kElementClasses[static_cast<std::size_t>(element_class)];
}

/// One element that differs from the contract.
struct Mismatch {
  std::int64_t group = 0;
  std::int64_t row = 0;
  std::int64_t column = 0;
  /// The one right value, or under the interval test the true one, rounded to y's dtype.
  double expected = 0;
  double found = 0;
  double ulps = 0;     ///< Values of y's dtype from expected to found; ∞ beside NaN.
  double z = 0;        ///< The true x·wᵀ + b; NaN where it is not finite.
  double z_bound = 0;  ///< What correct arithmetic may be off from z; ∞ where nobody knows.
  /// Smallest and largest output that is accepted, and NaN where `nan_allowed`; lo > hi: NaN alone.
  double lo = 0;
  double hi = 0;
  bool nan_allowed = false;
};

struct ClassCount {
  std::int64_t checked = 0;
  std::int64_t mismatches = 0;
};

/// The element that is furthest off.
struct WorstError {
  std::int64_t group = 0;
  std::int64_t row = 0;
  std::int64_t column = 0;
  /// The way from the true value to the end of the allowed interval: 0 at the true value, 1 at the end, above
  /// 1 outside; ∞ where one value was allowed and another found.
  double share = 0;
  double ulps = 0;  ///< As in Mismatch.
};

/// The smallest box that holds every mismatch, and the greatest steps in which they lie there (0: only one
/// row, or column).
struct FailureExtent {
  std::int64_t first_group = 0, last_group = 0;
  std::int64_t first_row = 0, last_row = 0, row_step = 0;
  std::int64_t first_column = 0, last_column = 0, column_step = 0;
};

struct Verdict {
  std::int64_t checked = 0;     ///< Elements compared.
  std::int64_t mismatches = 0;  ///< Elements that are wrong; NaN equals NaN whatever its payload.
  std::optional<Mismatch> first;

  Arithmetic arithmetic = Arithmetic::reproducible;
  std::array<ClassCount, kElementClasses.size()> classes{};  ///< Indexed by ElementClass.
  std::int64_t ambiguous = 0;  ///< Outputs of step where the error of z lets 0 and 1 pass.
  /// Passed unseen, and of no class: whether there is an overflow depends on the order of summation.
  std::int64_t unjudged = 0;
  /// Outputs other than 0 whose allowed interval is as wide as the value: 0, or twice it, might pass.
  std::int64_t vague = 0;
  std::vector<Mismatch> failures = {};  ///< The first ten, in the order of rows, groups, columns.
  std::optional<WorstError> worst = {};
  std::optional<FailureExtent> extent = {};  ///< Where there are mismatches.
  std::int64_t groups = 0, rows = 0, columns = 0;

  bool passed() const { return mismatches == 0; }
  const ClassCount& of(ElementClass element_class) const {
    return classes[static_cast<std::size_t>(element_class)];
  }
  /// Adds the verdict on more rows, which begin at `first_row` of the whole.
  PERCEPTRON_API void add(const Verdict& rows, std::int64_t first_row);
};

/// How outputs are judged. reproducible: bits. tensor: whatever arithmetic made them, each must lie in the
/// interval that an a-priori error bound allows: sums in any order, of the accumulator's type or a wider one,
/// or of matrix instructions on f16 and bf16; activations as good libraries compute them. The sign of zero is
/// not judged there.
struct ValidateOptions {
  Arithmetic arithmetic = Arithmetic::reproducible;
  int threads = 0;  ///< As in Options.

  constexpr ValidateOptions() = default;
  constexpr ValidateOptions(Arithmetic of, int threads_of = 0) : arithmetic(of), threads(threads_of) {}
};

/// Compares y bit for bit with the reference arithmetic of one layer. x and y lie in host memory or,
/// on_device(), in a GPU's, where the work that writes them must be done; there y's bits are compared on the
/// GPU, and rows of y come to the host only where some are wrong, or in tensor arithmetic. Weights lie in
/// host memory. Errors as Engine::run; DeviceMissing for device memory where no GPU can be used.
PERCEPTRON_API Verdict validate(ConstMatrixView x, const Layer& layer, ConstMatrixView y);
/// The same for a whole stack; layers between are rounded to the model's dtype. `threads` as in Options.
PERCEPTRON_API Verdict validate(ConstMatrixView x, const Model& model, ConstMatrixView y, int threads = 0);

/// By the arithmetic of the options. Besides, Unsupported where no bound is known: sums of more than 2²²
/// inputs in f32.
PERCEPTRON_API Verdict validate(ConstMatrixView x, const Layer& layer, ConstMatrixView y,
                                const ValidateOptions& options);
/// In tensor arithmetic the intervals of each layer are carried through the next, and grow on the way.
PERCEPTRON_API Verdict validate(ConstMatrixView x, const Model& model, ConstMatrixView y,
                                const ValidateOptions& options);
/// One verdict for each layer, from what each of them gave: outputs[i] is judged with outputs[i − 1] for its
/// input, so that errors neither add up nor hide. Outputs between have the model's dtype.
PERCEPTRON_API std::vector<Verdict> validate_layers(ConstMatrixView x, const Model& model,
                                                    std::span<const ConstMatrixView> outputs,
                                                    const ValidateOptions& options = {});

/// Why a verdict that passed proves little: there was no element, nearly all ought to be zero or could be
/// anything, or what is allowed is as wide as most values. Deep models come to that, unless validate_layers
/// judges each layer. Empty where it does prove something.
PERCEPTRON_API std::string mistrust(const Verdict& verdict);

/// One line.
PERCEPTRON_API std::string to_string(const Verdict& verdict);
/// One line: place, values, z* and its bound, what is allowed.
PERCEPTRON_API std::string to_string(const Mismatch& mismatch);
/// What all mismatches have in common: a group, rows, columns, a tile. Empty without mismatches.
PERCEPTRON_API std::string shared_by_failures(const Verdict& verdict);
/// Several lines: the verdict, its classes, the worst element, what mismatches share, the first ten.
PERCEPTRON_API std::string describe(const Verdict& verdict);

}  // namespace perceptron
